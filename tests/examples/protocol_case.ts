/** How a case is written: what a front sends to a receiver, and what must come of it. */

import assert from "node:assert/strict";
import { close, type Descriptor } from "../../ffi/mod.ts";
import { HANDOFF, KEEP_ALIVE_CLOSE, SCOPE_REQUEST } from "../../src/protocol/messages.ts";
import { encodeTransfer, type Transfer } from "../../src/protocol/transfer.ts";
import { ScriptedFront } from "../backend/scripted_front.ts";
import { type Client, request } from "../front/clients.ts";
import { until } from "../support/waiting.ts";
import type { Receiver, ReceiverProcess } from "./receivers.ts";

/** What a case works with. */
export interface Setting {
  readonly receiver: Receiver;
  readonly process: ReceiverProcess;
  /** The path at which it listens. */
  readonly socket: string;
}

/** A message or several, and what must come of them. */
export interface Case {
  readonly name: string;
  /** False where a receiver has no such case. */
  readonly applies?: (receiver: Receiver) => boolean;
  readonly run: (setting: Setting) => Promise<void>;
}

export type Bytes = Uint8Array<ArrayBuffer>;

export const raw = (...bytes: number[]): Bytes => new Uint8Array(bytes);
export const concat = (...parts: readonly Uint8Array[]): Bytes =>
  new Uint8Array(parts.flatMap((part) => [...part]));

/** A front that has been answered with HELLO. */
export async function greeted(socket: string): Promise<ScriptedFront> {
  const front = new ScriptedFront(socket);
  await until(() => front.read().length > 0, "the receiver's HELLO");
  return front;
}

export async function untilEnded(front: ScriptedFront): Promise<void> {
  await until(() => (front.read(), front.ended), "the end of the channel");
}

export async function untilAnswered(client: Client, { calls }: Receiver): Promise<void> {
  await until(() => client.ended, "the end of the response");
  assert.match(client.received, new RegExp(`^HTTP/1.1 200 [^]*this is ${calls}\\. You asked for /\\.\n`));
}

/** The connection is to be closed after one answer. Most receivers do so anyway. */
export const ONE_REQUEST: Partial<Transfer> = { detail: SCOPE_REQUEST, keepAlive: KEEP_ALIVE_CLOSE };

/** Hands a connection over for one request; the id. */
export function handOff(front: ScriptedFront, fd: Descriptor, change: Partial<Transfer> = {}): number {
  return front.handOff(fd, { ...ONE_REQUEST, ...change });
}

/** Hands a connection over; it is acknowledged and answered. */
export async function assertWorks(front: ScriptedFront, receiver: Receiver): Promise<void> {
  const { client, fd } = front.accept(request());
  const id = handOff(front, fd);
  await until(() => front.acknowledged.includes(id), "the acknowledgement");
  front.drop(fd);
  await untilAnswered(client, receiver);
}

/** A case with one front, whose channel goes on: another connection is taken after it. */
export function goesOn(
  name: string,
  body: (front: ScriptedFront, setting: Setting) => Promise<void> | void,
): Case {
  return {
    name,
    async run(setting) {
      const front = await greeted(setting.socket);
      try {
        await body(front, setting);
        await assertWorks(front, setting.receiver);
      } finally {
        front.close();
      }
    },
  };
}

/** A case whose channel ends, with nothing acknowledged. The receiver goes on. */
export function ends(name: string, body: (front: ScriptedFront) => unknown, greeting = true): Case {
  return {
    name: `ends the channel at ${name}`,
    async run({ socket, receiver }) {
      const front = greeting ? await greeted(socket) : new ScriptedFront(socket, false);
      try {
        body(front);
        await untilEnded(front);
        assert.deepEqual(front.acknowledged, []);
      } finally {
        front.close();
      }
      const another = await greeted(socket);
      await assertWorks(another, receiver);
      another.close();
    },
  };
}

/** A case in which a hand-off is refused: the connection is untouched, the channel goes on. */
export function refuses(name: string, reason: number, send: (front: ScriptedFront) => number): Case {
  return goesOn(`refuses ${name}`, async (front) => {
    const id = send(front);
    await until(() => front.refused.length > 0, "the refusal");
    assert.deepEqual(front.refused, [[id, reason]]);
  });
}

/** Hands over a descriptor that is no client, and closes it. */
export function lend(front: ScriptedFront, fd: Descriptor): number {
  const id = handOff(front, fd);
  close(fd);
  return id;
}

export function oneEnd([kept, other]: [Descriptor, Descriptor]): Descriptor {
  close(other);
  return kept;
}

/** Sends a changed HANDOFF with a client's connection; its id. */
export function sendChanged(front: ScriptedFront, change: (message: Uint8Array) => Uint8Array): number {
  const { fd } = front.accept(request());
  const transfer = front.transfer(fd, ONE_REQUEST);
  front.channel.say(concat(change(encodeTransfer(HANDOFF, transfer))), fd);
  front.drop(fd);
  return transfer.id;
}
