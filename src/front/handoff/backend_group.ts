/** The backends that can serve one route, and how one of their channels is chosen. */

import { ADDRESS_BYTES, SIZE_ADDRESS } from "../../protocol/messages.ts";
import type { Carrier, Connection } from "../connection/connection.ts";
import { WaitingLine } from "../connection/waiting_line.ts";
import type { HandoffChannel } from "./handoff_channel.ts";
import { mix } from "./process_seed.ts";

/** A backend as a group needs it. */
export interface Member {
  /** All that are not closed. */
  readonly channels: readonly HandoffChannel[];
  /** Its share beside the other members. */
  readonly weight: number;
  /** Somebody has begun to wait: where there is no channel, the next attempt to get one should not be far off. */
  hurry(): void;
}

/** Backends among which it does not matter who serves. Routes that name the same ones in the same way share a group. */
export class BackendGroup {
  /** Who waits for any of them. */
  readonly line: WaitingLine<Connection> = new WaitingLine();

  /** @param sticky whether a client goes to the same process each time, as long as that can take it */
  constructor(readonly members: readonly Member[], readonly sticky: boolean) {}

  /**
   * The channel to send a connection on: the least busy one, or the client's own.
   *
   * @returns undefined when no channel can take it
   */
  pick(connection: Connection): HandoffChannel | undefined {
    return this.sticky ? this.#pickSticky(connection) : this.#pickLeast(connection);
  }

  /** Whether {@linkcode pick} would find a channel; nobody's turn changes by the question. */
  hasRoom(connection: Connection): boolean {
    return this.members.some(({ channels }) =>
      channels.some((channel) => channel.takes(connection) && !connection.refusedBy.includes(channel))
    );
  }

  /**
   * The fewest connections that the process holds or is being sent, in rounds: a round is as many as its weight. Equals
   * take turns, as many as their weight says: each gains its weight in credit, and who has most is chosen and pays for
   * all. So weights hold for processes that have little to do as well, and turns are mixed, not in rows.
   */
  #pickLeast(connection: Connection): HandoffChannel | undefined {
    const { refusedBy } = connection;
    let least = Infinity;
    for (const { channels, weight } of this.members) {
      for (const channel of channels) {
        if (!channel.takes(connection) || refusedBy.includes(channel)) continue;
        least = Math.min(least, Math.ceil(channel.load / weight));
      }
    }
    let best: HandoffChannel | undefined;
    let total = 0;
    for (const { channels, weight } of this.members) {
      for (const channel of channels) {
        if (!channel.takes(connection) || refusedBy.includes(channel)) continue;
        if (Math.ceil(channel.load / weight) !== least) continue;
        channel.credit += weight;
        total += weight;
        if (best === undefined || channel.credit > best.credit) best = channel;
      }
    }
    if (best !== undefined) best.credit -= total;
    return best;
  }

  /**
   * Rendezvous hashing: every process has a rank for every client, and the highest that is there serves. When one goes,
   * only its clients move. A process that is started again is another one, with other clients.
   */
  #pickSticky(connection: Connection): HandoffChannel | undefined {
    let best: HandoffChannel | undefined;
    let bestRank = -1;
    const client = hashAddress(connection.addresses, connection.at);
    for (const { channels, weight } of this.members) {
      for (const channel of channels) {
        if (!channel.takes(connection) || connection.refusedBy.includes(channel)) continue;
        const rank = rankOf(mix(client ^ channel.seed), weight);
        if (rank > bestRank) {
          best = channel;
          bestRank = rank;
        }
      }
    }
    return best;
  }

  /** Whether every member is there, and has no other channel than these to take hand-offs on. */
  allIn(channels: readonly Carrier[]): boolean {
    // A member that is away has refused nothing: it may be back in time.
    return this.members.every((member) => {
      const ready = member.channels.filter(({ state }) => state === "ready");
      return ready.length > 0 && ready.every((channel) => channels.includes(channel));
    });
  }
}

/** A hash of the IP address of a protocol address; the port changes with every connection and does not count. */
function hashAddress(addresses: Uint8Array, at: number): number {
  let hash = 0x811c9dc5; // FNV-1a
  for (let i = at + ADDRESS_BYTES; i < at + SIZE_ADDRESS; i++) {
    hash = Math.imul(hash ^ addresses[i]!, 0x01000193);
  }
  return hash;
}

/** Weighted rendezvous: u^(1/weight) of a number u between 0 and 1 is greatest as often as the weight says. */
function rankOf(hash: number, weight: number): number {
  return Math.pow((hash + 1) / 2 ** 32, 1 / weight);
}
