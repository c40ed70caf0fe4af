/** A request that was looked at, as rules see it. */

import { ADDRESS_BYTES, ADDRESS_PORT, SIZE_FIELD } from "../../protocol/messages.ts";
import { decodeTls, type TlsState } from "../../protocol/tls_field.ts";
import { tlsVariable, tlsVariables } from "../../protocol/tls_variables.ts";
import { formatAddress } from "../../rules/networks.ts";
import type { RequestView } from "../../rules/request.ts";
import type { TrustedProxies } from "../../trust/trust.ts";
import type { Connection } from "../connection/connection.ts";
import type { Look } from "../look/look.ts";

const latin1 = new TextDecoder("latin1");
const IPV4 = 4;

/** Texts are made as they are asked for: most rules look at little. */
export class PeekedRequest implements RequestView {
  method: string;
  readonly target: string;
  readonly minor: 0 | 1;
  query: string | undefined;
  readonly host: string;
  readonly client: Uint8Array;
  readonly clientPort: number;
  readonly local: Uint8Array;
  readonly localPort: number;
  #fields: readonly (readonly [string, string])[] | undefined;
  #tls: Readonly<Record<string, string>> | undefined;
  readonly #look: Look;
  readonly #connection: Connection;

  /**
   * @param path of the client, in its normal form: that in the look may be mapped already
   * @param now milliseconds since 1970
   * @param hidden whose idea of fields about who asks counts: those of the client are left out
   */
  constructor(
    look: Look,
    connection: Connection,
    public path: string,
    readonly https: boolean,
    readonly now: number,
    readonly hidden?: TrustedProxies,
  ) {
    this.#look = look;
    this.#connection = connection;
    const { bytes, head } = look;
    const text = (start: number, end: number) => latin1.decode(bytes.subarray(start, end));
    this.method = text(head.methodStart, head.methodEnd);
    this.target = text(head.targetStart, head.targetEnd);
    this.minor = head.minor;
    const mark = this.target.indexOf("?");
    this.query = mark < 0 ? undefined : this.target.slice(mark + 1);
    this.host = text(head.hostStart, head.hostEnd);
    this.client = addressOf(connection.client);
    this.clientPort = portOf(connection.client);
    this.local = addressOf(connection.local);
    this.localPort = portOf(connection.local);
  }

  /** The same request for the page of an error: by GET, unless nobody wants its content. */
  asPage(path: string, query: string | undefined): this {
    if (this.method !== "HEAD") this.method = "GET";
    return this.as(path, query);
  }

  /** The same request for another path and query. */
  as(path: string, query: string | undefined): this {
    this.path = path;
    this.query = query;
    return this;
  }

  tls(name: string): string | undefined {
    this.#tls ??= tlsVariables(tlsOf(this.#connection));
    return tlsVariable(this.#tls, name);
  }

  fields(): readonly (readonly [name: string, value: string])[] {
    if (this.#fields !== undefined) return this.#fields;
    const { bytes, head: { fields, fieldCount } } = this.#look;
    const text = (at: number) => latin1.decode(bytes.subarray(fields[at], fields[at + 1]));
    const all = Array.from(
      { length: fieldCount },
      (_, index): [string, string] => [text(4 * index), text(4 * index + 2)],
    );
    const { hidden } = this;
    return this.#fields = hidden === undefined ? all : all.filter(([name]) => !hidden.isAboutClient(name));
  }

  field(name: string): string | undefined {
    const values = this.fields().filter(([own]) => own.toLowerCase() === name).map(([, value]) => value);
    return values.length === 0 ? undefined : values.join(", ");
  }
}

/** What is known of a connection's TLS; undefined for clear text. */
function tlsOf({ tls }: Connection): TlsState | undefined {
  if (tls.length === 0) return undefined;
  const state = decodeTls(tls.subarray(SIZE_FIELD));
  return typeof state === "string" || state.way === "untouched" ? undefined : state;
}

/** The address of a transfer as 16 bytes. */
function addressOf(bytes: Uint8Array): Uint8Array {
  const address = bytes.slice(ADDRESS_BYTES, ADDRESS_BYTES + 16);
  if (bytes[0] !== IPV4) return address;
  return Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, ...address.subarray(0, 4));
}

function portOf(bytes: Uint8Array): number {
  return bytes[ADDRESS_PORT]! << 8 | bytes[ADDRESS_PORT + 1]!;
}

/** The client's address for people; what counts as one of several connections of one client. */
export function clientOf(connection: Connection): string {
  return formatAddress(addressOf(connection.client));
}
