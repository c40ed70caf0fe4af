/** What two fronts say to each other while one takes over from the other: docs/take-over.md in code. */

import { adopt, type Descriptor } from "../../../ffi/mod.ts";
import type { MovedConnection } from "../../front/plan.ts";
import { isReturnedError } from "../../protocol/error_field.ts";
import type { Heard } from "../socket/talk.ts";

/** The version of these messages. Keys that are not known are ignored; a message that changes what others mean needs another one. */
export const TAKE_OVER_VERSION = 1;

/** Milliseconds that the new front has from the offer until it is ready. */
export const START = 30_000;
/** Milliseconds that either waits for the other one's next word from then on. */
export const STEP = 2_000;
/** Connections that may be sent and not acknowledged. */
export const WINDOW = 64;

/** It came to nothing. The message is for people. */
export class TakeOverError extends Error {
  override name = "TakeOverError";
}

/** What the running front is, and has. */
export interface Offer {
  readonly process: number;
  readonly generation: number;
  /** What its Workers have in common with those that succeed them. */
  readonly family: { readonly name: string; readonly key: Uint8Array<ArrayBuffer> };
  /** Backends that were asked to drain. */
  readonly drained: readonly string[];
  /** Where the service manager is told; empty where there is none. */
  readonly manager: string;
  /** Milliseconds within which that one wants a sign of life; 0 where it wants none. */
  readonly watchdog: number;
  /** The admin address as configured; empty where there is none. */
  readonly admin: string;
}

/** What is said. `listener` and `connection` come with a descriptor. */
export type Message =
  | ({ readonly type: "offer"; readonly version: number } & Omit<Offer, "family"> & {
    readonly family: string;
    readonly key: string;
  })
  | { readonly type: "refused"; readonly reason: string }
  | { readonly type: "want"; readonly sockets: boolean }
  | { readonly type: "listener"; readonly key: string; readonly address: string; readonly admin?: boolean }
  | { readonly type: "listeners" }
  | { readonly type: "ready"; readonly listeners: readonly string[] }
  | ({ readonly type: "connection"; readonly id: number } & PackedConnection)
  | { readonly type: "ack"; readonly id: number }
  | {
    readonly type: "commit";
    readonly connections: number;
    readonly totals: Readonly<Record<string, number>>;
  }
  | { readonly type: "committed" }
  | { readonly type: "named" }
  | { readonly type: "counted" }
  | { readonly type: "end" }
  | { readonly type: "over" }
  | { readonly type: "abort"; readonly reason: string };

/** A connection, with bytes in base64. */
export type PackedConnection = {
  readonly [Name in keyof Omit<MovedConnection, "fd">]: MovedConnection[Name] extends Uint8Array ? string
    : MovedConnection[Name];
};

/** Bytes as JSON can carry them. */
export function pack(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** And back. @throws {TakeOverError} when they are not base64 */
export function unpack(text: unknown): Uint8Array<ArrayBuffer> {
  try {
    return Uint8Array.from(atob(String(text)), (character) => character.charCodeAt(0));
  } catch {
    throw new TakeOverError("the other front says what is no message");
  }
}

/** Packs a connection. Its descriptor goes beside it. */
export function packConnection({ fd: _, ...connection }: MovedConnection): PackedConnection {
  const { client, local, preread, tls } = connection;
  return { ...connection, client: pack(client), local: pack(local), preread: pack(preread), tls: pack(tls) };
}

/** Bytes of an address. */
const ADDRESS = 20;

/**
 * Unpacks a connection. What a later version says besides is ignored, and what an earlier one did not say is as if it were
 * not so.
 *
 * @throws {TakeOverError} when it is none
 */
export function unpackConnection({ message, fd }: Heard): MovedConnection {
  const number = (name: string, otherwise: number) =>
    typeof message[name] === "number" ? message[name] as number : otherwise;
  const [client, local] = [unpack(message.client), unpack(message.local)];
  if (fd === undefined || client.length !== ADDRESS || local.length !== ADDRESS) {
    throw new TakeOverError("the other front sends a connection that is none");
  }
  return {
    fd: fd as number,
    client,
    local,
    preread: unpack(message.preread ?? ""),
    tls: unpack(message.tls ?? ""),
    requests: number("requests", 0),
    unread: message.unread === true,
    unannounced: message.unannounced === true,
    peer: number("peer", 0),
    begun: message.begun === true,
    fresh: message.fresh === true,
    ...isReturnedError(message.error) ? { error: message.error } : {},
    head: number("head", -1),
    idle: number("idle", -1),
    lingers: number("lingers", -1),
    waited: number("waited", -1),
  };
}

/** The descriptor of a record. */
export function descriptorOf({ fd }: MovedConnection): Descriptor {
  return adopt(fd);
}

/** Waits for a promise, so long. @throws {TakeOverError} when that was not enough */
export async function within<T>(promise: Promise<T>, milliseconds: number, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new TakeOverError(`${what} has not come within ${milliseconds / 1_000} s`)),
      milliseconds,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
