/** Connections between one `fdpass up` and the next one: in the service manager's store, where that has one. */

import { close, type Descriptor } from "../../../ffi/mod.ts";
import { newFamily } from "../../front/core/family.ts";
import type { Loop } from "../../loop/loop.ts";
import { givenToThisProcess } from "../listening/given_sockets.ts";
import type { ListenerKeeper } from "../listening/keeper.ts";
import type { Log } from "../log/log.ts";
import { mayStore, untilStored } from "../stored/descriptor_store.ts";
import { storeConnections, takeStored, unstoreConnections } from "../stored/stored_connections.ts";

/**
 * Gives the front that is started next what an earlier one has left. The manager lets go of it first, as for a front that it
 * has started itself.
 */
export async function findConnections(loop: Loop, keeper: ListenerKeeper, log: Log): Promise<void> {
  const { connections, faults } = takeStored(givenToThisProcess());
  for (const what of faults) {
    log.warn("stored-unused", "the service manager's store had {what}; closed", { what });
  }
  if (connections.length === 0) return;
  await unstoreConnections();
  await untilStored(loop);
  keeper.goOn(connections);
}

/** Leaves what the front has left to the next one. Backends have ended, and nobody knows this front any more. */
export async function leaveConnections(loop: Loop, keeper: ListenerKeeper): Promise<void> {
  const connections = keeper.takeLeft();
  if (connections.length === 0) return;
  if (!mayStore()) {
    for (const { fd } of connections) close(fd as Descriptor);
    return;
  }
  await storeConnections(connections, newFamily(), 1);
  await untilStored(loop);
}
