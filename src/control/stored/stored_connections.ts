/**
 * Connections that wait in the service manager's store for the next front: each by its descriptor, and beside them, in a
 * sealed file in memory, what the front knew of them. The kernel's number of a socket (SO_COOKIE) says which is which.
 */

import {
  close,
  createSealedFile,
  type Descriptor,
  ErrnoError,
  monotonicMicroseconds,
  notAClientSocket,
  notAStreamEnd,
  readSealedFile,
  socketCookie,
} from "../../../ffi/mod.ts";
import type { Family, MovedConnection } from "../../front/plan.ts";
import type { GivenSockets } from "../listening/given_sockets.ts";
import { pack, packConnection, TakeOverError, unpack, unpackConnection } from "../take_over/exchange.ts";
import { PREFIX, store, unstore } from "./descriptor_store.ts";

/** What they are called in the store. */
const STATE = `${PREFIX}state`;
const CONNECTION = `${PREFIX}connection`;

/** The version of the file. One of another version is not read, and its connections are closed. */
const VERSION = 1;
/** As newFamily() writes it. */
const FAMILY = /^[0-9a-f]{32}$/;
/** Bytes that are read of one at most: a few hundred for each connection, more for those with preread. */
const LARGEST = 256 << 20;

/** What a front has left. */
export interface Stored {
  /** Owned by whoever has this. */
  readonly connections: readonly MovedConnection[];
  /** As backends know the front: whatever they have of it goes back to the next one. */
  readonly family?: Family;
  /** Of its last plan; the next one is another. */
  readonly generation: number;
  /** What could not be used, and why, for people. */
  readonly faults: readonly string[];
}

/**
 * Puts connections into the store.
 *
 * @param connections owned by this from now on: closed when they are there, or could not be had there
 */
export async function storeConnections(
  connections: readonly MovedConnection[],
  { name, key }: Family,
  generation: number,
): Promise<void> {
  const text = JSON.stringify({
    version: VERSION,
    at: Number(monotonicMicroseconds() / 1_000n),
    generation,
    family: { name, key: pack(key) },
    connections: connections.map((connection) => ({
      cookie: cookieOf(connection.fd as Descriptor),
      ...packConnection(connection),
    })),
  });
  const fds = connections.map(({ fd }) => fd as Descriptor);
  const file = createSealedFile(STATE, new TextEncoder().encode(text));
  try {
    // First: connections without it are of no use, where not all find room.
    await store([file], { name: STATE, watched: false });
    await store(fds, { name: CONNECTION, watched: true });
  } finally {
    for (const fd of [file, ...fds]) close(fd);
  }
}

/** Has the manager let go of them: they are this process's alone from then on. */
export async function unstoreConnections(): Promise<void> {
  await unstore(CONNECTION);
  await unstore(STATE);
}

/** Takes what an earlier front has left from what this process was given. */
export function takeStored(given: GivenSockets): Stored {
  const files = given.take(({ name }) => name === STATE).map(({ fd }) => fd);
  const sockets = given.take(({ name }) => name === CONNECTION).map(({ fd }) => fd);
  const faults: string[] = [];
  const known = new Map<string, Descriptor>();
  for (const fd of sockets) {
    // Or what a process that does TLS has at its other end.
    const fault = notAStreamEnd(fd) === undefined ? undefined : notAClientSocket(fd);
    const cookie = fault === undefined ? cookieOf(fd) : "";
    if (fault === undefined && !known.has(cookie)) {
      known.set(cookie, fd);
      continue;
    }
    close(fd);
    faults.push(`a connection that is none: ${fault ?? "it is there twice"}`);
  }
  const connections: MovedConnection[] = [];
  let family: Family | undefined;
  let generation = 0;
  for (const file of files) {
    try {
      ({ family, generation } = readState(file, (cookie, record, waited) => {
        const fd = known.get(cookie);
        if (fd === undefined) return;
        const connection = connectionOf(record, fd);
        if (connection === undefined) return;
        known.delete(cookie);
        connections.push(withoutTime(connection, waited));
      }));
    } catch (error) {
      faults.push(`what is known of connections: ${(error as Error).message}`);
    } finally {
      close(file);
    }
  }
  for (const fd of known.values()) close(fd);
  if (known.size > 0) faults.push(`${known.size} connections of which nothing is known`);
  return { connections, faults, generation, ...family === undefined ? {} : { family } };
}

type State = {
  readonly version: unknown;
  readonly at: number;
  readonly generation: number;
  readonly family: { readonly name: string; readonly key: string };
  readonly connections: readonly Readonly<Record<string, unknown>>[];
};

/** Reads one file. @param found gets each connection of it, and the milliseconds since it was stored */
function readState(
  file: Descriptor,
  found: (cookie: string, record: Readonly<Record<string, unknown>>, waited: number) => void,
): { readonly family: Family; readonly generation: number } {
  const bytes = readSealedFile(file, LARGEST);
  if (typeof bytes === "string") throw new Error(bytes);
  const state = parse(bytes);
  if (state?.version !== VERSION) throw new Error("a file that this version of fdpass does not know");
  const { at, family, generation, connections } = state;
  const waited = Math.max(0, Number(monotonicMicroseconds() / 1_000n) - at);
  for (const record of connections) found(String(record.cookie), record, waited);
  return { family: { name: family.name, key: unpack(family.key) }, generation };
}

function parse(bytes: Uint8Array): State | undefined {
  try {
    const state = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as State;
    const whole = typeof state?.at === "number" && typeof state.generation === "number" &&
      Array.isArray(state.connections) &&
      FAMILY.test(state.family?.name) && state.connections.every((record) => record instanceof Object);
    return whole ? state : undefined;
  } catch {
    return undefined;
  }
}

/** The connection that a record is about; undefined where it is no record. */
function connectionOf(
  message: Readonly<Record<string, unknown>>,
  fd: Descriptor,
): MovedConnection | undefined {
  try {
    return unpackConnection({ message, fd });
  } catch (error) {
    if (error instanceof TakeOverError) return undefined;
    throw error;
  }
}

/** The time has gone on meanwhile. */
function withoutTime(connection: MovedConnection, waited: number): MovedConnection {
  const left = (time: number) => time < 0 ? time : Math.max(0, time - waited);
  const { head, idle, lingers } = connection;
  return { ...connection, head: left(head), idle: left(idle), lingers: left(lingers) };
}

/** What tells a socket from all others of this machine, as text; empty for what is none. */
function cookieOf(fd: Descriptor): string {
  try {
    return pack(socketCookie(fd));
  } catch (error) {
    if (error instanceof ErrnoError) return "";
    throw error;
  }
}
