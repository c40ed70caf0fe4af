/** Sockets that this process was started with: by a service manager (sd_listen_fds(3)), or from its store of descriptors. */

import type { Log } from "../log/log.ts";
import { notify, variableOf } from "../processes/notify.ts";
import { isStored } from "../stored/descriptor_store.ts";
import {
  adopt,
  close,
  closeOnExec,
  type Descriptor,
  formatAddress,
  getOption,
  localAddress,
  localPath,
  processId,
  setNonblocking,
  SO_ACCEPTCONN,
  SO_DOMAIN,
  SO_TYPE,
  SOCK_STREAM,
  SOL_SOCKET,
} from "../../../ffi/mod.ts";

/** The first of them (SD_LISTEN_FDS_START). */
const FIRST = 3;

/** What the environment says of them. All have to be readable, or there are none. */
export const GIVEN_VARIABLES = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] as const;

/** A socket that was given to this process. */
export interface GivenSocket {
  /** Owned by whoever takes it; see {@linkcode GivenSockets.take}. */
  readonly fd: Descriptor;
  /** What it is called: `FileDescriptorName=` of a socket unit, or FDNAME. */
  readonly name: string;
  /** `listener`: it listens. `connection`: a client's. `other`: of no use here. */
  readonly sort: "listener" | "connection" | "other";
  /** An address as listeners' keys are, or the path of a Unix socket; empty for anything else. */
  readonly address: string;
  /** SOCK_STREAM and its like. */
  readonly type: number;
}

/** Sockets that were given, until somebody takes them. */
export class GivenSockets {
  #left: GivenSocket[];
  readonly #managers: ReadonlySet<Descriptor>;

  constructor(sockets: Iterable<GivenSocket>) {
    this.#left = [...sockets];
    this.#managers = new Set(this.#left.filter(({ name }) => !isStored(name)).map(({ fd }) => fd));
  }

  /** Whether a socket is one of the service manager's, and not one that fdpass has put into its store. */
  isManagers(fd: Descriptor): boolean {
    return this.#managers.has(fd);
  }

  /** Those that nobody has taken. */
  get left(): readonly GivenSocket[] {
    return this.#left;
  }

  /** Some more have come. */
  add(sockets: readonly GivenSocket[]): void {
    this.#left.push(...sockets);
  }

  /** Takes those that are meant. @returns they are the caller's from now on */
  take(meant: (socket: GivenSocket) => boolean): GivenSocket[] {
    const taken = this.#left.filter(meant);
    this.#left = this.#left.filter((socket) => !taken.includes(socket));
    return taken;
  }

  /** Closes those that nobody has taken. @returns what they were */
  closeLeft(): readonly GivenSocket[] {
    const left = this.take(() => true);
    for (const { fd } of left) close(fd);
    return left;
  }
}

function describe({ name, sort, address }: GivenSocket): string {
  const called = name === "" || name === "unknown" ? "" : ` (${name})`;
  if (sort === "listener") return `a socket that listens on ${address || "something unknown"}${called}`;
  return `${sort === "connection" ? "a connection" : "a descriptor that is no socket"}${called}`;
}

/** Finds out what a descriptor is that was given. */
export function givenSocket(fd: Descriptor, name: string): GivenSocket {
  const type = getOption(fd, SOL_SOCKET, SO_TYPE);
  if (type < 0) return { fd, name, sort: "other", address: "", type: 0 };
  const listens = getOption(fd, SOL_SOCKET, SO_ACCEPTCONN) === 1;
  const internet = getOption(fd, SOL_SOCKET, SO_DOMAIN) === 1 ? undefined : localAddress(fd);
  const address = internet === undefined ? localPath(fd) ?? "" : formatAddress(internet);
  return {
    fd,
    name,
    sort: listens ? "listener" : type === SOCK_STREAM ? "connection" : "other",
    address,
    type,
  };
}

let found: GivenSockets | undefined;

/**
 * What the environment says that this process was given. Each of them closes on exec from now on: whatever is started
 * further on is not meant.
 */
export function givenToThisProcess(): GivenSockets {
  return found ??= new GivenSockets(readEnvironment());
}

function readEnvironment(): GivenSocket[] {
  const [process, count, names] = GIVEN_VARIABLES.map((name) => variableOf(name) ?? "");
  // They may stand in the environment of a parent that they were meant for.
  if (process !== String(processId()) || !/^[0-9]{1,6}$/.test(count!)) return [];
  const called = names!.split(":");
  const sockets: GivenSocket[] = [];
  for (let index = 0; index < Number(count); index++) {
    const fd = adopt(FIRST + index);
    if (closeOnExec(fd) < 0) continue;
    const socket = givenSocket(fd, called[index] ?? "");
    if (socket.sort === "listener") setNonblocking(fd, true);
    sockets.push(socket);
  }
  return sockets;
}

/**
 * Closes what nobody has taken, and says so: whoever has passed it means something else than the configuration.
 *
 * @param advise what somebody may have meant by one
 */
export function tellLeft(
  given: GivenSockets,
  log: Log,
  advise: (socket: GivenSocket) => string | undefined = () => undefined,
): void {
  for (const socket of given.closeLeft()) {
    const { name } = socket;
    // It would come again with the next start.
    if (name !== "") notify(`FDSTOREREMOVE=1\nFDNAME=${name}`);
    const advice = advise(socket);
    log.warn(
      "socket-unused",
      "the service manager passed {what}, which nothing in the configuration is about; it is not used{advice}",
      { what: describe(socket), advice: advice === undefined ? "" : `: ${advice}` },
    );
  }
}
