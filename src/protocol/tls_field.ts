/** The field `tls`: what a handshake has found out, which travels with a connection from then on. */

import { encodeTextFields, fieldText, readFields } from "./fields.ts";
import {
  FLAG_RESUMED,
  FLAG_VERIFIED,
  ITEM_CIPHER_NAME,
  ITEM_FINGERPRINT,
  ITEM_ISSUER,
  ITEM_SERIAL,
  ITEM_SERVER_NAME,
  ITEM_SUBJECT,
  MAX_NAME,
  TLS_CIPHER,
  TLS_FLAGS,
  TLS_ITEMS,
  TLS_POLICY,
  TLS_PROOF,
  TLS_VERSION,
  TLS_WAY,
  WAY_KERNEL,
  WAY_PAIR,
  WAY_UNTOUCHED,
} from "./messages.ts";

/** The certificate that a client has shown. Absent parts are empty. */
export interface ClientCertificate {
  /** Who it is about and who has signed it, as RFC 2253 writes names: `CN=someone,O=Example`. */
  readonly subject: string;
  readonly issuer: string;
  /** In upper-case hexadecimal. */
  readonly serial: string;
  /** SHA-256, in lower-case hexadecimal. */
  readonly fingerprint: string;
}

/** What is known of TLS on a connection. */
export interface TlsState {
  /**
   * Who does TLS: `kernel`, so that the socket itself takes and gives clear text; `pair`, another process, and the socket is
   * one end of a Unix stream; `untouched`, nobody yet: the client's first message is still to be read.
   */
  readonly way: "kernel" | "pair" | "untouched";
  /** 0x0303 for TLS 1.2, 0x0304 for 1.3; 0 where there has been no handshake. */
  readonly version: number;
  /** The number of the cipher suite (IANA); 0 where there has been no handshake. */
  readonly cipher: number;
  /** What OpenSSL calls that. */
  readonly cipherName: string;
  /** Whether an earlier session went on. */
  readonly resumed: boolean;
  /** The name that the client asked for; empty when it asked for none. */
  readonly serverName: string;
  /** What was asked of the client: 0 for nothing, else a number that stands for a policy of the configuration. */
  readonly policy: number;
  /** The certificate that it showed, and that an authority of that policy has signed. */
  readonly client?: ClientCertificate;
}

/** Bytes of {@linkcode TLS_PROOF}. */
export const PROOF = TLS_ITEMS - TLS_PROOF;

const WAYS = { kernel: WAY_KERNEL, pair: WAY_PAIR, untouched: WAY_UNTOUCHED } as const;
const WAY_NAMES: readonly (TlsState["way"] | undefined)[] = [undefined, "kernel", "pair", "untouched"];

/** Encodes the value of the field, its proof zero: that is the front's to fill in. Names that are too long are left out. */
export function encodeTls(state: TlsState): Uint8Array<ArrayBuffer> {
  const { client } = state;
  const texts: readonly (readonly [item: number, text: string])[] = [
    [ITEM_SERVER_NAME, state.serverName],
    [ITEM_CIPHER_NAME, state.cipherName],
    [ITEM_SUBJECT, client?.subject ?? ""],
    [ITEM_ISSUER, client?.issuer ?? ""],
    [ITEM_SERIAL, client?.serial ?? ""],
    [ITEM_FINGERPRINT, client?.fingerprint ?? ""],
  ];
  // A part of a name is another name.
  const fitting = texts.filter(([, text]) => text !== "" && text.length <= MAX_NAME);
  const items = encodeTextFields(fitting, MAX_NAME);
  const out = new Uint8Array(TLS_ITEMS + items.length);
  const view = new DataView(out.buffer);
  out[TLS_WAY] = WAYS[state.way];
  out[TLS_FLAGS] = (state.resumed ? FLAG_RESUMED : 0) | (client === undefined ? 0 : FLAG_VERIFIED);
  view.setUint16(TLS_VERSION, state.version);
  view.setUint16(TLS_CIPHER, state.cipher);
  view.setUint32(TLS_POLICY, state.policy);
  out.set(items, TLS_ITEMS);
  return out;
}

const ITEMS = new Set([
  ITEM_SERVER_NAME,
  ITEM_CIPHER_NAME,
  ITEM_SUBJECT,
  ITEM_ISSUER,
  ITEM_SERIAL,
  ITEM_FINGERPRINT,
]);

/** Decodes the value of the field; or says what is wrong, in words. */
export function decodeTls(value: Uint8Array<ArrayBuffer>): TlsState | string {
  if (value.length < TLS_ITEMS) return "the field tls is too short";
  const view = new DataView(value.buffer, value.byteOffset, value.length);
  const way = WAY_NAMES[value[TLS_WAY]!];
  if (way === undefined) return `the way ${value[TLS_WAY]} of TLS is not known`;
  const items = readFields(value, TLS_ITEMS, value.length, ITEMS);
  if (typeof items === "string") return `in the field tls, ${items}`;
  const text = (item: number) => fieldText(items.get(item)) ?? "";
  const verified = (value[TLS_FLAGS]! & FLAG_VERIFIED) !== 0;
  return {
    way,
    version: view.getUint16(TLS_VERSION),
    cipher: view.getUint16(TLS_CIPHER),
    cipherName: text(ITEM_CIPHER_NAME),
    resumed: (value[TLS_FLAGS]! & FLAG_RESUMED) !== 0,
    serverName: text(ITEM_SERVER_NAME),
    policy: view.getUint32(TLS_POLICY),
    ...verified
      ? {
        client: {
          subject: text(ITEM_SUBJECT),
          issuer: text(ITEM_ISSUER),
          serial: text(ITEM_SERIAL),
          fingerprint: text(ITEM_FINGERPRINT),
        },
      }
      : {},
  };
}

/** Whether the field says one of the ways that there are. */
export function isKnownWay(value: Uint8Array): boolean {
  return WAY_NAMES[value[TLS_WAY]!] !== undefined;
}

/** Whether the connection of a transfer with this field is one end of a Unix stream. @param value absent for no field */
export function isPair(value: Uint8Array | undefined): boolean {
  return value !== undefined && value[TLS_WAY] === WAY_PAIR;
}

/** Whether it is the client's socket, on which the kernel does TLS. @param value absent for no field */
export function isKernel(value: Uint8Array | undefined): boolean {
  return value !== undefined && value[TLS_WAY] === WAY_KERNEL;
}

/** What was asked of the client; 0 for nothing. */
export function policyOf(value: Uint8Array): number {
  return new DataView(value.buffer, value.byteOffset, value.length).getUint32(TLS_POLICY);
}

/** The name that the client asked for; empty when it asked for none, or the field is malformed. */
export function serverNameOf(value: Uint8Array<ArrayBuffer>): string {
  const state = decodeTls(value);
  return typeof state === "string" ? "" : state.serverName;
}

/** The version of TLS as people and SSL_PROTOCOL write it: `TLSv1.3`; empty where there is none. */
export function tlsVersionName(version: number): string {
  return version === 0x0304 ? "TLSv1.3" : version === 0x0303 ? "TLSv1.2" : "";
}
