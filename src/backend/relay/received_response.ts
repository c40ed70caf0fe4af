/** The head of an upstream's response, in strings: nothing of it refers to the buffer that it was in. */

import type { HeaderField } from "../../http/hop_by_hop.ts";
import type { ResponseFraming, ResponseParser } from "../../http/response_parser.ts";
import { withoutBlanks } from "../../http/blanks.ts";
import { fieldsOfHead, latin1 } from "../http/head_text.ts";

/** A head that a parser has just found: its results, and the buffer they lie in, are everybody's. */
export class ReceivedResponse {
  readonly status: number;
  readonly minor: 0 | 1;
  readonly reason: string;
  /** From its status line to its blank line, as it came. */
  readonly head: string;
  readonly framing: ResponseFraming;
  readonly length: number | undefined;
  /** Whether the upstream lets its connection go on. */
  readonly keepAlive: boolean;

  /**
   * @param bytes where the head was found, from `start` on
   * @param method of the request
   */
  constructor(parser: ResponseParser, bytes: Uint8Array<ArrayBuffer>, start: number, method: string) {
    this.head = latin1(bytes, start, parser.end);
    this.reason = this.head.slice(parser.reasonStart - start, parser.reasonEnd - start);
    const { status, minor, keepAlive, contentLength } = parser;
    this.status = status;
    this.minor = minor;
    this.keepAlive = keepAlive;
    this.framing = parser.framing(method);
    this.length = contentLength < 0 ? undefined : contentLength;
  }

  /** Its fields one by one, for the few responses of which something is asked that way. */
  get fields(): HeaderField[] {
    // Blanks before a colon are not passed on (RFC 9112, 5.1).
    return fieldsOfHead(this.head).map(([name, value]) => [withoutBlanks(name), value]);
  }
}
