/** Who asks, where those in front say so: one request after another. */

import { PEER_HTTPS, PEER_SAID_HTTPS, PEER_TRUSTED, SIZE_ADDRESS } from "../../protocol/messages.ts";
import type { TrustedProxies } from "../../trust/trust.ts";
import type { Connection } from "../connection/connection.ts";
import type { Look } from "../look/look.ts";

const latin1 = new TextDecoder("latin1");

/**
 * Makes the client of a connection the one who asks by the request that was looked at: who has connected, or whom that one
 * names and is trusted to name.
 *
 * @param proxies whose words count
 */
export function takeSaidClient(connection: Connection, look: Look, proxies: TrustedProxies): void {
  const { addresses, at, peerAt } = connection;
  const https = connection.peerFlags & PEER_HTTPS;
  addresses.copyWithin(at, peerAt, peerAt + SIZE_ADDRESS);
  if (!proxies.trusts(addresses, peerAt)) {
    connection.peerFlags = https === 0 ? 0 : https | PEER_SAID_HTTPS;
    return;
  }
  const peer = addresses.subarray(peerAt, peerAt + SIZE_ADDRESS);
  const said = proxies.said(peer, (name) => fieldValue(look, name));
  addresses.set(said.client, at);
  const byHttps = said.https ?? https !== 0;
  connection.peerFlags = https | PEER_TRUSTED | (byHttps ? PEER_SAID_HTTPS : 0);
}

/** The values of a field as one list; undefined where there is none. @param name in lower case */
function fieldValue({ bytes, head: { fields, fieldCount } }: Look, name: string): string | undefined {
  let value: string | undefined;
  for (let at = 0; at < 4 * fieldCount; at += 4) {
    if (!isNamed(bytes, fields[at]!, fields[at + 1]!, name)) continue;
    const text = latin1.decode(bytes.subarray(fields[at + 2], fields[at + 3]));
    value = value === undefined ? text : `${value}, ${text}`;
  }
  return value;
}

/** Whether bytes[start, end) is a name, in any case. */
function isNamed(bytes: Uint8Array, start: number, end: number, name: string): boolean {
  if (end - start !== name.length) return false;
  for (let index = 0; index < name.length; index++) {
    // Field names are tokens, of which only letters differ in this bit.
    if ((bytes[start + index]! | 0x20) !== name.charCodeAt(index)) return false;
  }
  return true;
}
