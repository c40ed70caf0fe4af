/** What a front that does everything wrong sends, and how its backend is looked at afterwards. */

import assert from "node:assert/strict";
import { close, type Descriptor } from "../../../ffi/mod.ts";
import { HANDOFF, HELLO } from "../../../src/protocol/messages.ts";
import { encodeTransfer } from "../../../src/protocol/transfer.ts";
import { request, unconnectedTcp } from "../../front/clients.ts";
import type { Recorder, Rig } from "../rig.ts";
import type { ScriptedFront } from "../scripted_front.ts";

/** A message of these bytes. */
export const raw = (...bytes: number[]): Uint8Array<ArrayBuffer> => new Uint8Array(bytes);
/** Messages behind each other. */
export const concat = (...parts: Uint8Array[]): Uint8Array<ArrayBuffer> =>
  new Uint8Array(parts.flatMap((part) => [...part]));

/** A descriptor that is lent to a call. */
export function lend<T>(fd: Descriptor, use: (fd: Descriptor) => T): T {
  try {
    return use(fd);
  } finally {
    close(fd);
  }
}

/** A HANDOFF that nobody could say anything against. */
export function handoff(front: ScriptedFront, change = {}): Uint8Array<ArrayBuffer> {
  return lend(unconnectedTcp(), (fd) => encodeTransfer(HANDOFF, front.transfer(fd, { id: 77, ...change })));
}

/** The backend still does its work, for another front. */
export async function assertWorks(rig: Rig<Recorder>): Promise<void> {
  const front = await rig.front("another");
  const before = rig.server.connections.length;
  const { fd } = front.accept(request());
  const id = front.handOff(fd);
  await rig.until(() => front.acknowledged.includes(id), "another front's acknowledgement");
  assert.equal(rig.server.connections.length, before + 1);
  front.drop(fd);
}

/** A HELLO. */
export function hello(magic = "fdps", window = 1): Uint8Array<ArrayBuffer> {
  return concat(raw(1, HELLO, 0, 0), new TextEncoder().encode(magic), raw(0, 0, 0, window, 0, 0, 0, 1));
}
