/**
 * What a Worker had that does nothing any more: its descriptors, and what it knew of them, which is in its ledger. It hangs,
 * or its process has ended.
 */

import { AddressBuffer, close, type Descriptor, SHUT_RDWR, shutdown } from "../../../ffi/mod.ts";
import { writeSockaddr } from "../../front/connection/address.ts";
import type { Ledger } from "../../front/core/ledger.ts";
import type { MovedConnection } from "../../front/plan.ts";
import { SIZE_ADDRESS } from "../../protocol/messages.ts";
import { ackId, readAck } from "../../protocol/replies.ts";
import { MessageReader } from "../../wire/message_reader.ts";

/** What was found. */
export interface Recovered {
  /** Owned by whoever has this. */
  readonly connections: readonly MovedConnection[];
  /** How many had to be closed: what is known of them was known to the Worker alone, or it is not certain whose they are. */
  readonly lost: number;
  /** The connection that the Worker has looked at last, if it is among them. */
  readonly suspect: MovedConnection | undefined;
}

/** Whoever has the descriptors. */
export interface Holder {
  /** Takes a descriptor over. @returns a number for it, owned by the caller; undefined where it cannot be had */
  take(fd: Descriptor): Descriptor | undefined;
}

/** One Worker's. */
export class Recovery {
  readonly #address = new AddressBuffer();

  constructor(readonly ledger: Ledger, readonly holder: Holder) {}

  /** Takes all connections over. Those that backends have acknowledged are theirs (docs/protocol.md, "The commit point"). */
  connections(): Recovered {
    const { looked, read, channels } = this.ledger;
    const acknowledged = this.#endChannels(channels);
    const connections: MovedConnection[] = [];
    let suspect: MovedConnection | undefined;
    let lost = 0;
    for (const entry of this.ledger.connections) {
      const fd = this.holder.take(entry.fd);
      if (fd === undefined) continue;
      const { handed, plain } = entry;
      const ids = handed === undefined ? undefined : acknowledged.get(handed.channel);
      const isTheirs = ids?.has(handed!.id) === true;
      const isCertain = handed === undefined || ids !== undefined && handed.channel !== read;
      if (isTheirs || !isCertain || !plain) {
        if (!isTheirs) lost++;
        close(fd);
        continue;
      }
      const connection = this.record(fd, entry.requests);
      if (entry.fd === looked) suspect = connection;
      connections.push(connection);
    }
    return { connections, lost, suspect };
  }

  /** Ends channels. @returns for each, the ids of what its backend has acknowledged */
  #endChannels(channels: readonly Descriptor[]): Map<number, Set<number>> {
    const reader = new MessageReader();
    const acknowledged = new Map<number, Set<number>>();
    for (const channel of channels) {
      const fd = this.holder.take(channel);
      if (fd === undefined) continue;
      const ids = new Set<number>();
      acknowledged.set(channel, ids);
      shutdown(fd, SHUT_RDWR);
      reader.readLast(fd, (length) => {
        const count = readAck(reader.bytes, length);
        for (let index = 0; index < Number(count); index++) ids.add(ackId(reader.view, index));
      });
      close(fd);
    }
    return acknowledged;
  }

  /** A connection of which nothing is known that its socket does not say. @param fd the record's from now on */
  record(fd: Descriptor, requests = 0): MovedConnection {
    const [client, local] = [new Uint8Array(SIZE_ADDRESS), new Uint8Array(SIZE_ADDRESS)];
    const address = this.#address;
    if (address.readPeer(fd) >= 0) writeSockaddr(client, 0, address.bytes);
    address.readLocal(fd);
    writeSockaddr(local, 0, address.bytes);
    return {
      ...{ fd, client, local, requests, preread: NOTHING, tls: NOTHING },
      ...{ unread: false, unannounced: false, peer: 0, begun: false, fresh: requests === 0 },
      ...{ head: -1, idle: -1, lingers: -1, waited: -1 },
    };
  }
}

const NOTHING: Uint8Array<ArrayBuffer> = new Uint8Array(0);
