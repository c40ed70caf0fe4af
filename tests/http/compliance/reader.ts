/** Reads requests from bytes as they come, with the parsers alone: what a server does, without its sockets. */

import { ChunkedDecoder } from "../../../src/http/chunked.ts";
import { type HeadLimits, RequestHead } from "../../../src/http/request_head.ts";
import type { SeenRequest, Then } from "./case.ts";

const text = (bytes: Uint8Array) => String.fromCharCode(...bytes);

/** What has been seen on a connection so far. */
export class Reader {
  /** Each request that is whole. */
  readonly requests: SeenRequest[] = [];
  /** What is wrong behind them, in plain words, if anything is. */
  why = "";
  #then: Then | undefined;
  #unread = new Uint8Array(0);
  readonly #head: RequestHead;
  readonly #decoder = new ChunkedDecoder();
  #request: Omit<SeenRequest, "content"> | undefined;
  #content = "";
  #remaining = 0;
  #keepAlive = true;

  constructor(limits: HeadLimits) {
    this.#head = new RequestHead(limits);
  }

  /** The request whose content is being read, or is broken. */
  get begun(): SeenRequest | undefined {
    return this.#request && { ...this.#request, content: this.#content };
  }

  /** What becomes of the connection, if nothing more comes. */
  get then(): Then {
    if (this.#then !== undefined) return this.#then;
    if (this.#request !== undefined) return "content";
    return this.#unread.length > 0 ? "head" : "open";
  }

  feed(bytes: Uint8Array): void {
    const joined = new Uint8Array(this.#unread.length + bytes.length);
    joined.set(this.#unread);
    joined.set(bytes, this.#unread.length);
    this.#unread = joined;
    while (this.#then === undefined && this.#unread.length > 0) {
      if (!(this.#request === undefined ? this.#readHead() : this.#readContent())) return;
    }
  }

  /** Whether there was a whole one. */
  #readHead(): boolean {
    const [head, bytes] = [this.#head, this.#unread];
    const verdict = head.parse(bytes, 0, bytes.length);
    if (verdict === "reject") {
      this.#then = head.status;
      this.why = head.why;
    }
    if (verdict !== "head") return false;
    const part = (start: number, end: number) => text(bytes.subarray(start, end));
    const fields = Array.from({ length: head.fieldCount }, (_, index) => {
      const [a, b, c, d] = head.fields.subarray(4 * index, 4 * index + 4);
      // 9112, 3.2.2: the host of a whole URL replaces what the field says.
      const replaced = head.form === "absolute" && part(a!, b!).toLowerCase() === "host";
      const value = replaced ? part(head.hostStart, head.hostEnd) : part(c!, d!);
      return [part(a!, b!), value] as const;
    });
    this.#request = {
      method: part(head.methodStart, head.methodEnd),
      target: part(head.targetStart, head.targetEnd),
      authority: part(head.hostStart, head.hostEnd),
      fields,
    };
    this.#unread = bytes.slice(head.end);
    this.#keepAlive = head.keepAlive;
    this.#content = "";
    this.#remaining = head.chunked ? Infinity : Math.max(0, head.contentLength);
    this.#decoder.reset();
    if (this.#remaining === 0) this.#conclude();
    return true;
  }

  /** Whether there is more to be read. */
  #readContent(): boolean {
    const bytes = this.#unread;
    if (this.#remaining !== Infinity) {
      const length = Math.min(bytes.length, this.#remaining);
      this.#take(bytes.subarray(0, length), length);
      this.#remaining -= length;
      if (this.#remaining === 0) this.#conclude();
      return true;
    }
    const decoder = this.#decoder;
    const verdict = decoder.next(bytes, 0, bytes.length);
    const data = verdict === "data" ? bytes.subarray(decoder.dataStart, decoder.dataEnd) : new Uint8Array(0);
    this.#take(data, decoder.consumed);
    if (verdict === "reject") {
      this.#then = "broken";
      this.why = decoder.why;
    }
    if (verdict === "end") this.#conclude();
    return verdict !== "more";
  }

  #take(data: Uint8Array, consumed: number): void {
    this.#content += text(data);
    this.#unread = this.#unread.slice(consumed);
  }

  #conclude(): void {
    const request = { ...this.#request!, content: this.#content };
    this.requests.push(request);
    this.#request = undefined;
    // What follows CONNECT was meant for a tunnel (RFC 9931).
    if (!this.#keepAlive || request.method === "CONNECT") this.#then = "close";
  }
}
