/** The Unix socket at which a backend waits for fronts. */

import {
  adopt,
  bindUnix,
  chmod,
  chown,
  close,
  connectUnix,
  describeErrno,
  type Descriptor,
  EAGAIN,
  ECONNREFUSED,
  encodeUnixAddress,
  ENOENT,
  EPOLLET,
  EPOLLIN,
  EPROTOTYPE,
  ErrnoError,
  expect,
  FileStatus,
  libc,
  rename,
  settle,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_SEQPACKET,
  startListening,
  unixSocket,
  type UnixSocketType,
  unlink,
} from "../../../ffi/mod.ts";
import type { Poller, Source } from "../../loop/poller.ts";
import type { ChannelSource } from "./channel_source.ts";

const { accept4 } = libc;

/** Fronts that may wait to be accepted. */
const BACKLOG = 128;

/** What kind of socket it is, and how many may wait at it to be accepted. */
export interface SocketKind {
  readonly type: UnixSocketType;
  readonly backlog: number;
}

/** Of our own protocol. */
const CHANNELS: SocketKind = { type: SOCK_SEQPACKET, backlog: BACKLOG };

/** How a backend's socket file should be. */
export interface ListenerOptions {
  /** Permission bits; 0o600 unless given. Whoever may connect may hand over connections. */
  readonly mode?: number;
  /** Numeric owner and group of the file; unchanged where absent. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** Replaces a backend that listens at the path: fronts find this one from then on, the old one keeps what it has. */
  readonly takeOver?: boolean;
  /** A socket that listens at the path already, and whose file is somebody else's: of a service manager. Owned from now on. */
  readonly given?: Descriptor;
}

/** What no file has for its number. */
const NO_INODE = 0n;

/** A socket cannot be had at a path. The message is for people, and says the way out. */
export class ListenError extends Error {
  override name = "ListenError";
}

/**
 * What is at a path now, by asking it.
 *
 * @returns `nothing`; `stale`, a socket file that nobody listens on; `taken`, one that somebody does; or what else
 *   stands there
 */
function inspect(path: string): "nothing" | "stale" | "taken" | string {
  const status = new FileStatus();
  const result = status.readPath(path);
  if (result === -ENOENT) return "nothing";
  if (result < 0) throw new ListenError(`Cannot look at "${path}": ${describeErrno(-result)}`);
  if (status.type !== "socket") {
    return status.type === "directory" ? "a directory" : "a file that is no socket";
  }
  const probe = unixSocket(SOCK_SEQPACKET);
  const answer = connectUnix(probe, encodeUnixAddress(path));
  close(probe);
  if (answer === -ECONNREFUSED) return "stale";
  // Its owner has just removed it.
  if (answer === -ENOENT) return "nothing";
  // Full backlog, another socket type: somebody listens there.
  if (answer >= 0 || answer === -EAGAIN || answer === -EPROTOTYPE) return "taken";
  throw new ListenError(`Cannot find out who listens on "${path}": ${describeErrno(-answer)}`);
}

/**
 * The path of a socket of a backend's own in the directory of the one that fronts know: hidden, and made by chance. A
 * process number would do for the processes of one container, and not for several that share the directory.
 */
export function besideSocket(path: string): string {
  const [number] = crypto.getRandomValues(new Uint32Array(1));
  return `${path.slice(0, path.lastIndexOf("/") + 1)}.${number!.toString(36)}`;
}

/** A listening socket and the file that leads to it. Owns both. */
export class BackendListener implements ChannelSource, Source {
  readonly #inode: bigint;
  #open = true;
  #poller: Poller | undefined;
  #accepted: ((fd: Descriptor) => void) | undefined;

  private constructor(readonly path: string, readonly fd: Descriptor, inode: bigint) {
    this.#inode = inode;
  }

  /**
   * Listens at a path. A stale socket file is replaced; one that somebody listens on only when asked to take over;
   * anything that is no socket never.
   *
   * @throws {ListenError} when the path cannot be had
   */
  static listen(path: string, options: ListenerOptions = {}, kind: SocketKind = CHANNELS): BackendListener {
    try {
      encodeUnixAddress(path);
    } catch (error) {
      // What is bound first has a shorter name, and would be moved to where no front reaches it.
      throw new ListenError((error as TypeError).message);
    }
    if (options.given !== undefined) return new BackendListener(path, options.given, NO_INODE);
    const found = inspect(path);
    if (found === "taken" && !options.takeOver) {
      throw new ListenError(
        `Cannot listen on "${path}": another backend listens there; stop it, choose another path, or take over with --take-over`,
      );
    }
    if (found !== "nothing" && found !== "stale" && found !== "taken") {
      throw new ListenError(
        `Cannot listen on "${path}": there is ${found}; remove it, or choose another path`,
      );
    }
    // Bound under a name of its own, then moved into place: at every moment the path leads to somebody who listens,
    // with the permissions it should have.
    const temporary = besideSocket(path);
    const fd = unixSocket(kind.type);
    try {
      const action = `Cannot listen on "${path}"`;
      const bound = bindUnix(fd, temporary);
      if (bound === -ENOENT) throw new ListenError(`${action}: its directory does not exist; make it first`);
      expect(bound, action);
      expect(chmod(temporary, options.mode ?? 0o600), action);
      if (options.owner) expect(chown(temporary, options.owner.uid, options.owner.gid), action);
      expect(startListening(fd, kind.backlog), action);
      const status = new FileStatus();
      expect(status.readPath(temporary), action);
      expect(rename(temporary, path), action);
      return new BackendListener(path, fd, status.inode);
    } catch (error) {
      unlink(temporary);
      close(fd);
      throw error instanceof ErrnoError || error instanceof TypeError
        ? new ListenError(error.message)
        : error;
    }
  }

  watch(poller: Poller, accepted: (fd: Descriptor) => void): void {
    this.#poller = poller;
    this.#accepted = accepted;
    // Edge-triggered: with no descriptor free to accept into, a level would fire without end.
    poller.add(this.fd, EPOLLIN | EPOLLET, this);
  }

  ready(): void {
    for (;;) {
      const fd = settle(accept4(this.fd, null, null, SOCK_CLOEXEC | SOCK_NONBLOCK));
      // Errors other than -EAGAIN pass (accept(2)). Out of descriptors, the next event comes with the next front: the
      // edge that was missed here is that front's loss, and it tries again.
      if (fd < 0) return;
      this.#accepted?.(adopt(fd));
    }
  }

  channelEnded(): void {
    // Whoever listens for itself accepts again whatever comes.
  }

  /** Whether the path leads here. */
  get isThere(): boolean {
    const status = new FileStatus();
    return status.readPath(this.path) === 0 && status.inode === this.#inode;
  }

  /**
   * Closes the socket, and removes its file unless another backend has taken the path over.
   *
   * @param removes whether it does; not where one is taking it over at this moment
   */
  close(removes = true): void {
    if (!this.#open) return;
    this.#open = false;
    this.#poller?.remove(this.fd);
    if (removes && this.isThere) unlink(this.path);
    close(this.fd);
  }
}
