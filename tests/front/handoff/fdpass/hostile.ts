/** What backends that do everything wrong have in common: three clients, and another backend that is good. */

import assert from "node:assert/strict";
import { close, type Descriptor } from "../../../../ffi/mod.ts";
import { RETURN } from "../../../../src/protocol/messages.ts";
import { encodeTransfer, type Transfer } from "../../../../src/protocol/transfer.ts";
import { type Client, request } from "../../clients.ts";
import type { Rig } from "../../rig.ts";
import { type Held, responseOf, type ScriptedBackend } from "../../scripted_backend.ts";

export const TWO = { backends: ["bad", "good"] };
export const CLIENTS = 3;

/** Bytes, each a number. */
export const raw = (...bytes: number[]): Uint8Array<ArrayBuffer> => new Uint8Array(bytes);

export function concat(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

const NOBODY = new Uint8Array(20);
export const RETURNED: Transfer = {
  id: 7,
  client: NOBODY,
  local: NOBODY,
  generation: 1,
  requests: 1,
  detail: 0,
  keepAlive: 0,
  except: new Uint8Array(0),
  map: "",
  site: "",
  route: "",
  path: "",
  preread: new Uint8Array(0),
};
export const returning = (): Uint8Array<ArrayBuffer> => encodeTransfer(RETURN, RETURNED);

/** A descriptor that is lent to a call. */
export function lend<T>(fd: Descriptor, use: (fd: Descriptor) => T): T {
  try {
    return use(fd);
  } finally {
    close(fd);
  }
}

/** Lets three clients be handed to a bad backend, which has read them and answered nothing. */
export function threeOnBad(rig: Rig): { bad: ScriptedBackend; clients: Client[]; held: Held[] } {
  const bad = rig.start("bad");
  rig.until(() => rig.reported("backend-found").length === 1, "the bad backend's channel");
  const clients = Array.from({ length: CLIENTS }, () => rig.client(request()));
  rig.until(() => rig.connections.filter(({ state }) => state === "handed").length === CLIENTS, "hand-offs");
  return { bad, clients, held: bad.read() };
}

/** The good backend answers all of these, and nobody else any of them. */
export function answeredByGood(rig: Rig, clients: readonly Client[]): void {
  const good = rig.scripted.find(({ name }) => name === "good") ?? rig.start("good");
  good.manner = "serves";
  for (const client of clients) assert.equal(rig.answer(client), responseOf("good"));
  assert.deepEqual(clients.map(({ ended }) => ended), clients.map(() => "end"));
  rig.until(() => rig.front.pool.open === 0, "the front to let go of everything");
}

/** The reasons for which the bad backend was given up, once it had been found. */
export function lostReasons(rig: Rig): string[] {
  return rig.reported("backend-lost").filter(({ backend }) => backend === "bad").map(({ reason }) => reason);
}
