/** A backend's socket that a service manager listens at: socket activation. */

import type { Log } from "../log/log.ts";
import { adopt, closeOnExec, type Descriptor, SOCK_SEQPACKET, SOCK_STREAM } from "../../../ffi/mod.ts";
import { ListenError } from "../../backend/channel/listener.ts";
import { type GivenSocket, givenSocket, givenToThisProcess, tellLeft } from "../listening/given_sockets.ts";

/** Where a backend listens. */
interface BackendPlace {
  readonly socket: string;
  readonly name: string;
  /** Whether hand-offs come as Apache sends them. */
  readonly apache?: boolean;
  /** The number that {@linkcode givenArguments} has said. */
  readonly inherited?: number | undefined;
}

/** What a process is told that inherits such a socket from one of fdpass. */
export function givenArguments(given: Descriptor | undefined): string[] {
  return given === undefined ? [] : ["--given-socket", String(given)];
}

/** What is wrong with a socket that may have been meant for a backend. @param type that it needs */
export function adviceFor(
  { sort, address, type, name }: GivenSocket,
  backend: { readonly name: string; readonly socket: string },
  wanted: number,
): string | undefined {
  if (sort !== "listener") return undefined;
  if (address === backend.socket && type !== wanted) {
    return `backend ${backend.name} needs ${
      wanted === SOCK_SEQPACKET ? "ListenSequentialPacket" : "ListenStream"
    }= there`;
  }
  return name === backend.name ? `backend ${backend.name} has its socket at ${backend.socket}` : undefined;
}

/**
 * Takes the socket of a path, if this process was started with it. What else it was started with is closed, and told.
 *
 * @throws {ListenError} where what was inherited is something else
 */
export function givenListener(
  { socket: path, name, apache = false, inherited }: BackendPlace,
  log: Log,
): { readonly given?: Descriptor } {
  const type = apache ? SOCK_STREAM : SOCK_SEQPACKET;
  const isMeant = (socket: GivenSocket) =>
    socket.sort === "listener" && socket.address === path && socket.type === type;
  if (inherited !== undefined) {
    const given = adopt(inherited);
    if (closeOnExec(given) === 0 && isMeant(givenSocket(given, ""))) return { given };
    throw new ListenError(`Cannot listen on "${path}": descriptor ${inherited} is no socket that does`);
  }
  const given = givenToThisProcess();
  const [found] = given.take(isMeant);
  tellLeft(given, log, (socket) => adviceFor(socket, { name, socket: path }, type));
  return found === undefined ? {} : { given: found.fd };
}
