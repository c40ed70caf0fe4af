/** The control socket: where a running front, or `fdpass up`, is told what to do and asked how it is. */

import {
  close,
  connectUnix,
  type Descriptor,
  EAGAIN,
  effectiveUser,
  encodeUnixAddress,
  EPOLLIN,
  EPOLLOUT,
  libc,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  MSG_TRUNC,
  peerCredentials,
  settle,
  SOCK_SEQPACKET,
  unixSocket,
} from "../../../ffi/mod.ts";
import { BackendListener, ListenError } from "../../backend/channel/listener.ts";
import { type Deadlines, Timed } from "../../loop/deadlines.ts";
import type { Loop } from "../../loop/loop.ts";
import type { Source } from "../../loop/poller.ts";
import {
  type ControlAnswer,
  type ControlRequest,
  decodeControlRequest,
  encodeControlAnswer,
  FAILED,
  MAX_REQUEST,
  REFUSED,
} from "../../protocol/control.ts";
import { reasonOf } from "../failure.ts";

const { recv, send } = libc;

/** Who may be connected at a time. Whoever asks is here for a moment; `top` stays. */
const MOST_GUESTS = 32;
/** Milliseconds that a guest may ask nothing, or not read what it is answered. */
const PATIENCE = 60_000;

/**
 * Does what is asked for.
 *
 * @param detach lets the connection go: a conversation of another kind follows on it, and no answer. Its descriptor is the
 *   caller's from then on
 */
export type Obey = (request: ControlRequest, detach: () => Descriptor) => Promise<ControlAnswer>;

/** Listens at a path and answers, one request of a guest at a time. Owns the listening socket and its file. */
export class ControlSocket {
  #listener: BackendListener;
  readonly #guests = new Set<Guest>();
  readonly patience: Deadlines;

  /**
   * @param loop is run by the caller
   * @param takeOver whether the path is another process's that ends now
   * @throws {ListenError} when the path cannot be had: somebody listens there, for instance
   */
  constructor(readonly loop: Loop, readonly path: string, readonly obey: Obey, takeOver = false) {
    const other = takeOver ? undefined : whoListens(path);
    if (other !== undefined) {
      throw new ListenError(
        `Cannot listen for commands on "${path}": process ${other} does; give each its own path (--control PATH)`,
      );
    }
    this.#listener = this.#listen(takeOver);
    this.patience = loop.deadlines.list(PATIENCE);
  }

  #listen(takeOver: boolean): BackendListener {
    const listener = BackendListener.listen(this.path, { mode: 0o600, takeOver }, {
      type: SOCK_SEQPACKET,
      backlog: MOST_GUESTS,
    });
    listener.watch(this.loop.poller, (fd) => this.#accept(fd));
    return listener;
  }

  /** Whoever had taken the path over has died: it leads here again. */
  goOn(): void {
    if (this.#listener.isThere || whoListens(this.path) !== undefined) return;
    this.#listener.close();
    this.#listener = this.#listen(true);
    this.loop.wake();
  }

  #accept(fd: Descriptor): void {
    // The file's mode says the same; a file can be changed, or lie in a directory that was.
    const { uid } = peerCredentials(fd);
    if (uid !== 0 && uid !== effectiveUser() || this.#guests.size >= MOST_GUESTS) return close(fd);
    this.#guests.add(new Guest(this, fd));
  }

  /** A guest has gone. */
  left(guest: Guest): void {
    this.#guests.delete(guest);
  }

  /**
   * Closes it, and removes the file. Guests that wait for an answer find the connection ended.
   *
   * @param removes whether it does; not where another process has the path from now on
   */
  close(removes = true): void {
    this.#listener.close(removes);
    for (const guest of this.#guests) guest.close();
  }
}

/** The process that listens at a path; undefined where nobody does. */
function whoListens(path: string): number | undefined {
  const probe = unixSocket(SOCK_SEQPACKET);
  try {
    return connectUnix(probe, encodeUnixAddress(path)) === 0 ? peerCredentials(probe).pid : undefined;
  } catch {
    // No path of a socket: whoever listens says why.
    return undefined;
  } finally {
    close(probe);
  }
}

/** One connection to the control socket. */
class Guest extends Timed implements Source {
  // One byte more than a request may have, so that a longer one is seen as such.
  readonly #buffer = new Uint8Array(MAX_REQUEST + 1);
  #unsent: Uint8Array<ArrayBuffer>[] = [];
  /** Its request is being done: what it asks meanwhile stays in the socket. */
  #busy = false;
  #closed = false;

  /** @param fd non-blocking; owned by this object */
  constructor(readonly home: ControlSocket, readonly fd: Descriptor) {
    super();
    home.loop.poller.add(fd, EPOLLIN, this);
    this.#wait();
  }

  #wait(): void {
    this.home.patience.start(this, performance.now());
  }

  override expire(): void {
    this.close();
  }

  ready(events: number): void {
    if (!this.#busy) return this.#receive();
    // Its answer is being sent; or it is not there yet, and what is told without being asked for is the guest's end.
    if (events & EPOLLOUT) this.#send();
    else this.close();
  }

  #receive(): void {
    const length = settle(recv(this.fd, this.#buffer, BigInt(this.#buffer.length), MSG_DONTWAIT | MSG_TRUNC));
    if (length === -EAGAIN) return;
    if (length <= 0) return this.close();
    const request = decodeControlRequest(this.#buffer.subarray(0, Math.min(length, this.#buffer.length)));
    this.stopDeadline();
    this.#busy = true;
    this.#watch();
    void this.#answer(request);
  }

  async #answer(request: ControlRequest | string): Promise<void> {
    let answer: ControlAnswer;
    try {
      answer = typeof request === "string"
        ? { code: REFUSED, text: request }
        : await this.home.obey(request, () => this.#detach());
    } catch (error) {
      answer = { code: FAILED, text: reasonOf(error) };
    }
    if (this.#closed) return;
    this.#unsent = encodeControlAnswer(answer);
    this.#send();
  }

  /** Sends as much as the guest takes. When all is sent, it may ask again. */
  #send(): void {
    if (this.#closed || !this.#busy || this.#unsent.length === 0) return;
    this.#wait();
    for (let piece = this.#unsent[0]; piece !== undefined; piece = this.#unsent[0]) {
      const sent = settle(send(this.fd, piece, BigInt(piece.byteLength), MSG_DONTWAIT | MSG_NOSIGNAL));
      if (sent === -EAGAIN) return this.#watch();
      if (sent < 0) return this.close();
      this.#unsent.shift();
    }
    this.#busy = false;
    this.#watch();
  }

  #watch(): void {
    const events = this.#unsent.length > 0 ? EPOLLOUT : this.#busy ? 0 : EPOLLIN;
    this.home.loop.poller.modify(this.fd, events);
  }

  close(): void {
    if (!this.#closed) close(this.#detach());
  }

  #detach(): Descriptor {
    this.#closed = true;
    this.stopDeadline();
    this.home.loop.poller.remove(this.fd);
    this.home.left(this);
    return this.fd;
  }
}
