/** A request's head, as those who answer it see it. */

import type { RequestHead } from "../../http/request_head.ts";
import type { ReturnedError } from "../../protocol/error_field.ts";
import { INSTEAD_OF } from "../../rules/file_names.ts";
import type { TrustedProxies } from "../../trust/trust.ts";
import type { Connection } from "../connection/connection.ts";
import type { TcpAddress } from "../connection/address.ts";
import { type Asker, askerOf } from "./asker.ts";
import type { CarriedRules } from "./carried_rules.ts";
import { type Field, fieldOfHead, fieldsOfHead, latin1 } from "./head_text.ts";
import type { Input } from "./input.ts";
import { RequestNames } from "./request_names.ts";
import type { ScopeGuard } from "./scope_guard.ts";

/** What a client asks: made when the head is complete, in strings of its own. */
export class ReceivedRequest {
  readonly method: string;
  /** As the client sent it. */
  readonly target: string;
  readonly path: string;
  /** Without the `?`; empty where there is none. */
  readonly query: string;
  /** Host and port that the request is for; empty for an HTTP/1.0 client that did not say. */
  readonly authority: string;
  readonly minor: 0 | 1;
  /** Whether the client has said that it sends no other request on the connection. */
  readonly isLast: boolean;
  /** The head from its request line on, as it came. */
  readonly head: string;
  /** What it has come to, where nothing is responded and the front is to find the page of that: see left_error.ts. */
  leftError: ReturnedError | undefined;
  /** The host in the target, where that is a whole URL. */
  readonly #targetHost: string | undefined;
  #names: RequestNames | undefined;
  #asker: Asker | undefined;

  /**
   * @param head has just been parsed in the input's bytes; its offsets are used here and not kept
   * @param guard has admitted the request
   * @param number requests on the connection so far, this one included
   */
  constructor(
    readonly connection: Connection,
    readonly input: Input,
    head: RequestHead,
    readonly guard: ScopeGuard,
    readonly number: number,
  ) {
    // Empty lines may come before it.
    const start = head.methodStart;
    // One conversion for the whole head; every string below is a slice of it.
    const text = latin1(input.bytes, start, head.end);
    const slice = (from: number, to: number) => text.slice(from - start, to - start);
    this.head = text;
    const asked = slice(head.methodStart, head.methodEnd);
    // As httpd has it, a page is asked for by GET, whatever has come to an error.
    this.method = this.insteadOf === undefined || asked === "HEAD" ? asked : "GET";
    this.target = slice(head.targetStart, head.targetEnd);
    this.path = slice(head.pathStart, head.pathEnd);
    this.query = slice(head.queryStart, head.queryEnd);
    this.authority = slice(head.hostStart, head.hostEnd);
    this.#targetHost = head.form === "absolute" ? this.authority : undefined;
    this.minor = head.minor;
    this.isLast = !head.keepAlive;
  }

  /** The header fields, with what rules of the front say of them. */
  fields(): Field[] {
    return this.rules?.request(this.sentFields()) ?? this.sentFields();
  }

  /**
   * Those of the client, in order, names as it wrote them. Host is what the request is for (RFC 9112, 3.2.2). Where some are
   * trusted to say who asks, and this one is not, what it says of that is left out.
   */
  sentFields(): Field[] {
    const all = this.#allFields();
    if (this.connection.transfer.peer === undefined) return all;
    const { proxies, trusted } = this.asker;
    return proxies === undefined || trusted ? all : all.filter(([name]) => !proxies.isAboutClient(name));
  }

  /** The head with those fields, and with the Host that was sent: as it came, unless some of them are not to be seen. */
  sentHead(): string {
    if (this.connection.transfer.peer === undefined && this.insteadOf === undefined) return this.head;
    const lines = this.sentFields().map(([name, value]) => `${name}: ${value}\r\n`).join("");
    return `${this.head.slice(0, this.head.indexOf("\r\n"))}\r\n${lines}\r\n`;
  }

  #allFields(): Field[] {
    const fields = fieldsOfHead(this.head, this.#targetHost);
    // Conditions and ranges are about what was asked for, not about a page in its place.
    return this.insteadOf === undefined ? fields : fields.filter(([name]) => !/^(if-.*|range)$/i.test(name));
  }

  /** The status of the error that this is to be the page of; undefined for any other request. */
  get insteadOf(): number | undefined {
    const status = this.rules?.variables[INSTEAD_OF];
    return status === undefined ? undefined : Number(status);
  }

  /** Who asks. */
  get asker(): Asker {
    return this.#asker ??= askerOf(
      this.connection,
      this.number === this.connection.transfer.requests + 1,
      (name) => {
        const values = this.#allFields().filter(([own]) => own.toLowerCase() === name);
        return values.length === 0 ? undefined : values.map(([, value]) => value).join(", ");
      },
    );
  }

  /** Whose words count about who asks on this connection; undefined where nobody is trusted. */
  get proxies(): TrustedProxies | undefined {
    return this.connection.transfer.peer === undefined ? undefined : this.asker.proxies;
  }

  /** Whether who has connected is one of those. */
  get trusted(): boolean {
    return this.connection.transfer.peer !== undefined && this.asker.trusted;
  }

  /** The client's address. */
  get client(): TcpAddress {
    return this.connection.transfer.peer === undefined ? this.connection.client : this.asker.client;
  }

  /** The scheme of URLs by which the client asks. */
  get scheme(): "http" | "https" {
    return this.connection.transfer.peer === undefined ? this.connection.scheme : this.asker.scheme;
  }

  /** What rules of the front say of it; undefined where there are none. */
  get rules(): CarriedRules | undefined {
    return this.guard.rules;
  }

  /** The first field of a name, in any case. @param name in lower case */
  field(name: string): string | undefined {
    // Where nobody says anything of the fields, they need not be made for one.
    if (this.rules === undefined && this.connection.transfer.peer === undefined && name !== "host") {
      return fieldOfHead(this.head, name);
    }
    return this.fields().find(([candidate]) => candidate.toLowerCase() === name)?.[1];
  }

  /** What the request is called everywhere: by a client that is trusted with it, or `BOOT-COOKIE.NUMBER`. */
  get requestId(): string {
    return (this.#names ??= new RequestNames(this)).id;
  }

  /** The client's `traceparent` (W3C Trace Context), or one that begins a trace. */
  get traceparent(): string {
    return (this.#names ??= new RequestNames(this)).traceparent;
  }

  /** A trace begins with it: for who has seen that its client says of none. */
  beginTrace(): void {
    (this.#names ??= new RequestNames(this)).beginTrace();
  }

  get traceId(): string {
    return this.traceparent.slice(3, 35);
  }

  /**
   * The path below the route's prefix, normalised and still percent-encoded: `/files/a` below `/files/` is `/a`. Or what
   * the route maps it to. By a route without a prefix, which has but one request, it is what the front says.
   */
  get mappedPath(): string {
    const { transfer } = this.connection;
    return transfer.target?.split("?", 1)[0] ?? this.guard.mapped(this.path) ?? transfer.path;
  }
}
