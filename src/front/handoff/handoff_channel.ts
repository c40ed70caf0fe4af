/** What the front hands connections to, whichever protocol is spoken there, and who must hear what becomes of them. */

import type { Descriptor } from "../../../ffi/mod.ts";
import type { Backend } from "../../config/config.ts";
import type { Transfer } from "../../protocol/transfer.ts";
import type { Carrier, Connection } from "../connection/connection.ts";
import type { BackendCounters } from "../core/backend_counters.ts";
import type { Look } from "../look/look.ts";

/**
 * - `greeting`: connected; our HELLO is out, the backend's has not come
 * - `ready`: takes hand-offs
 * - `draining`: takes no more; those under way are still acknowledged or refused
 * - `closed`: gone
 */
export type ChannelState = "greeting" | "ready" | "draining" | "closed";

/**
 * What has come of a hand-off:
 *
 * - `taken`: the front need not care any more; the channel answers for the connection, or it is the backend's already
 * - `kept`: the connection is the front's as before, and another channel may take it; this one takes no more for now
 * - `ended`: the client is gone, so there is nothing to hand over; the connection is the front's, to be dropped
 */
export type Outcome = "taken" | "kept" | "ended";

/** A way to one backend process: a channel of ours (fdpass/), or a path that is spoken to as Apache does (apache/). */
export interface HandoffChannel extends Carrier {
  readonly state: ChannelState;
  /** How busy the backend process is, as far as is known here. */
  readonly load: number;
  /** Turns that it is owed among channels that are as busy, in shares of weight: see BackendGroup. */
  credit: number;
  /** The loop's time at which a backend had proved to be there; Infinity before that. */
  readonly since: number;
  /** Whether its backend has said that it takes no more. */
  readonly drained: boolean;
  /** The number of the backend process, as it is known here; 0 until then. */
  readonly process: number;
  /** What the backend process is to hashing (process_seed.ts); 0 until that is known. */
  readonly seed: number;
  /** Begins to speak, where the protocol has something to say first. */
  begin(): void;
  /** Whether this connection can be handed over now. */
  takes(connection: Connection): boolean;
  /** Hands a connection over. @param look what was seen on it: its head, its path, and the terms of its route */
  handOff(connection: Connection, look: Look): Outcome;
  /** Tells the backend of the front's generation. */
  announce(): void;
  /** Takes no more. */
  drain(): void;
  /** Ends a draining channel of ours once nothing is under way on it. */
  endIfIdle(): void;
  /** Ends the channel. @param reason for people @param bye BYE_*, where the backend should be told */
  end(reason: string, bye?: number): void;
}

/** Why a backend's channel ends. */
export interface Objection {
  readonly reason: string;
  /** BYE_*. */
  readonly bye: number;
}

/** Who answers for connections before they are handed over, and again where that comes to nothing. */
export interface Owner {
  /** A backend has acknowledged the connection: it is the backend's. @returns our copy, which the caller closes */
  acknowledged(connection: Connection): Descriptor;
  /** A hand-off was not acknowledged and never will be: the connection, untouched, is the front's again. */
  reclaimed(connection: Connection): void;
  /**
   * Why a connection that a backend wants to give back cannot be taken; undefined when it can.
   *
   * @param fd lent
   * @param backend the name of the backend
   */
  objection(fd: Descriptor, transfer: Transfer, backend: string): Objection | undefined;
  /** A backend has given a connection back, and been told that we have it. @param fd the owner's from now on */
  returned(fd: Descriptor, transfer: Transfer): void;
}

/** A backend process that was found at a path. */
export interface Found {
  readonly protocol: "fdpass" | "apache";
  /** Its number; 0 where the protocol does not say it. */
  readonly process: number;
  /** What it calls itself; empty where the protocol does not say it. */
  readonly name: string;
}

/** The front's side of one backend, as its channels know it: they say here what they find out. */
export interface Link {
  readonly backend: Backend;
  /** What is counted of it. */
  readonly counts: BackendCounters;
  /** The backend's socket, for connect(2). */
  readonly address: Uint8Array<ArrayBuffer>;
  /** Its channels are to end as soon as nothing is under way. */
  readonly retired: boolean;
  /** Opens the channels that are missing. */
  connect(): void;
  /** A channel takes nothing more, since so much is under way; this connection was the last. */
  filled(connection: Connection): void;
  /** Most of what was under way on a channel has been acknowledged. */
  caughtUp(): void;
  /** There is room on a channel: those who wait may go. */
  roomAgain(): void;
  /** The type of the socket says that a backend is there; nothing else can be asked until a connection is handed over. */
  channelPresumed(found: Found): void;
  /** A backend has shown that it is there. @param workers processes behind the path: a channel for each */
  channelProven(found: Found, workers: number): void;
  /** The backend takes no more on a channel: whoever listens at the path now may. */
  channelDrains(channel: HandoffChannel): void;
  /** The backend does not want one connection. @param reason for people */
  connectionRefused(reason: string): void;
  /** A channel has ended. @param doubtful whether it ended before anything had proved that a backend was there */
  channelEnded(channel: HandoffChannel, reason: string, doubtful: boolean): void;
}

/** Opens channels of one protocol. */
export interface Dialer {
  /**
   * Connects to the socket of a backend.
   *
   * @returns a channel, which is still to {@linkcode HandoffChannel.begin}; why there is none, for people; or undefined
   *   where the socket is of a type that another protocol needs
   */
  dial(link: Link): HandoffChannel | string | undefined;
}
