/** A backend's socket that a service manager listens at: socket activation. */

import type { Log } from "../log/log.ts";
import { type Descriptor, SOCK_SEQPACKET, SOCK_STREAM } from "../../../ffi/mod.ts";
import { givenToThisProcess, tellLeft } from "../listening/given_sockets.ts";

/**
 * Takes the socket of a path, if this process was started with it. What else it was started with is closed, and told.
 *
 * @param apache whether hand-offs come as Apache sends them
 */
export function givenListener(path: string, apache: boolean, log: Log): { readonly given?: Descriptor } {
  const given = givenToThisProcess();
  const type = apache ? SOCK_STREAM : SOCK_SEQPACKET;
  const [found] = given.take((socket) =>
    socket.sort === "listener" && socket.address === path && socket.type === type
  );
  tellLeft(given, log);
  return found === undefined ? {} : { given: found.fd };
}
