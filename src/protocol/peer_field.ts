/** The value of the field `peer`: who has connected, where those in front say who asks (docs/protocol.md, "Trust"). */

import {
  PEER_ADDRESS,
  PEER_FLAGS,
  PEER_HTTPS,
  PEER_LIST,
  PEER_SAID_HTTPS,
  PEER_TRUSTED,
  SIZE_ADDRESS,
  SIZE_PEER,
} from "./messages.ts";

/** What is known of who has connected. */
export interface Peer {
  /** Its address, as hand-offs carry it: the client of a request unless it is trusted and says another one. */
  readonly address: Uint8Array<ArrayBuffer>;
  /** Which list of GENERATION says who is trusted, counted from 1; 0 for none. */
  readonly list: number;
  /** It is in that list. */
  readonly trusted: boolean;
  /** It came by TLS to somebody in front, who has said so of the whole connection. */
  readonly https: boolean;
  /** What it has said of the first request: that its client asks by https. */
  readonly saidHttps: boolean;
}

/** Writes such a value. */
export function writePeer(out: Uint8Array, at: number, peer: Peer): void {
  out.set(peer.address.subarray(0, SIZE_ADDRESS), at + PEER_ADDRESS);
  out[at + PEER_LIST] = peer.list >> 8;
  out[at + PEER_LIST + 1] = peer.list & 255;
  out[at + PEER_FLAGS] = (peer.trusted ? PEER_TRUSTED : 0) | (peer.https ? PEER_HTTPS : 0) |
    (peer.saidHttps ? PEER_SAID_HTTPS : 0);
  out[at + SIZE_PEER - 1] = 0;
}

/** Reads such a value; or says what is wrong. */
export function readPeer(value: Uint8Array<ArrayBuffer>): Peer | string {
  if (value.length < SIZE_PEER) return `a field peer of ${value.length} bytes`;
  const family = value[PEER_ADDRESS];
  if (family !== 0 && family !== 4 && family !== 6) return `address family ${family} is not known`;
  const flags = value[PEER_FLAGS]!;
  return {
    address: value.slice(PEER_ADDRESS, PEER_ADDRESS + SIZE_ADDRESS),
    list: value[PEER_LIST]! << 8 | value[PEER_LIST + 1]!,
    trusted: (flags & PEER_TRUSTED) !== 0,
    https: (flags & PEER_HTTPS) !== 0,
    saidHttps: (flags & PEER_SAID_HTTPS) !== 0,
  };
}
