/** What a program writes, on its way to the client as a response. */

import { resetConnection } from "../../../../ffi/mod.ts";
import { type CgiHead, MAX_CGI_HEAD, parseCgiHead } from "../../../http/cgi_response.ts";
import { Gathered } from "../../../http/growing.ts";
import { isWorthReading } from "../../../http/head_growth.ts";
import type { Steps } from "../../../loop/course.ts";
import { ConnectionLost } from "../../connection/connection.ts";
import type { Exchange } from "../../http/exchange.ts";

/** Where the bytes of a response come from. */
export interface Output {
  /** There is no more. */
  readonly ended: boolean;
  /** What there is at this moment, in memory of its own; undefined when there is nothing. */
  take(): Uint8Array<ArrayBuffer> | undefined;
  /** The next piece; undefined at the end. */
  read(): Steps<Uint8Array<ArrayBuffer> | undefined>;
}

/** Who writes them. */
export interface Author {
  /** It has taken longer than it may. */
  readonly late: boolean;
  /** How it ended, where it does so soon: killed, it has not said all of it. */
  endsSoon(): Steps<{ readonly killed: boolean } | undefined>;
}

/** A program gave no response that can be passed on, and nothing has been sent. */
export class OutputError extends Error {
  override name = "OutputError";

  /** @param why what is wrong with its output, in plain words */
  constructor(readonly why: string, readonly status: 502 | 503 | 504 = 502) {
    super(`Cannot pass on a program's response: ${why}`);
  }
}

/** Bytes that are collected, while there are more at once, before a response is begun. */
const COLLECTED = 65_536;

/** One program's response to one exchange. Program and pipe stay the caller's. */
export class Answering {
  constructor(readonly exchange: Exchange, readonly program: Author, readonly output: Output) {}

  /**
   * Passes the response on.
   *
   * @returns where a local redirect leads that is to be answered here instead
   * @throws {OutputError} when there is none
   * @throws {ConnectionLost} when the client is gone, or must not take what it has for the whole
   */
  *run(): Steps<string | undefined> {
    const { exchange } = this;
    const { head: written, rest } = yield* this.#readHead();
    // Whoever says no status makes the page of an error that it was asked for.
    const head = written.isPlain ? { ...written, status: exchange.insteadOf ?? written.status } : written;
    const { localRedirect: location } = head;
    // One that leads to somebody else's path is the client's to follow.
    if (location !== undefined && exchange.guard.owns(location.split("?")[0]!)) return location;
    if (exchange.method === "HEAD") {
      // 4.3.3: whatever follows is for nobody.
      yield* exchange.start(head.status, head.fields, head.contentLength, false, head.reason);
      while ((yield* this.output.read()) !== undefined);
    } else if (head.contentLength === undefined) yield* this.#respond(head, rest);
    else yield* this.#respondCounted(head, rest, head.contentLength);
    return undefined;
  }

  *#readHead(): Steps<{ readonly head: CgiHead; readonly rest: Uint8Array<ArrayBuffer> }> {
    const gathered = new Gathered();
    for (;;) {
      const piece = yield* this.output.read();
      if (piece === undefined) {
        // How it ended is told by whoever started it; that should come first, and be its own doing.
        yield* this.#brokeOff();
        throw this.program.late
          ? new OutputError("it ran for too long", 504)
          : new OutputError("its output ends before its head does");
      }
      const seen = gathered.length;
      gathered.add(piece);
      const { bytes } = gathered;
      if (!isWorthReading(bytes, 0, seen, bytes.length, MAX_CGI_HEAD - 1)) continue;
      const head = parseCgiHead(bytes);
      if (head.verdict === "reject") throw new OutputError(head.why);
      if (head.verdict === "head") return { head, rest: bytes.subarray(head.end) };
    }
  }

  /** Adds to the first piece of content what there is at this moment. */
  #collect(rest: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    const gathered = new Gathered();
    gathered.add(rest);
    while (gathered.length < COLLECTED) {
      const piece = this.output.take();
      if (piece === undefined) break;
      gathered.add(piece);
    }
    return gathered.bytes;
  }

  *#respond({ status, fields, reason }: CgiHead, rest: Uint8Array<ArrayBuffer>): Steps<void> {
    const { exchange, output } = this;
    const first = this.#collect(rest);
    if (output.ended) {
      // All there: it leaves in one piece, and its length can be told.
      if (yield* this.#brokeOff()) {
        throw this.program.late
          ? new OutputError("it ran for too long", 504)
          : new OutputError("it was killed before its output was complete");
      }
      return yield* exchange.respond(status, fields, first, reason);
    }
    yield* exchange.start(status, fields, undefined, first.byteLength > 0, reason);
    yield* exchange.write(first);
    for (let piece = yield* output.read(); piece !== undefined; piece = yield* output.read()) {
      if (!exchange.contentless) yield* exchange.write(piece);
    }
    if (yield* this.#brokeOff()) this.#breakOff(exchange.minor === 0);
    yield* exchange.finish();
  }

  *#respondCounted(
    { status, fields, reason }: CgiHead,
    rest: Uint8Array<ArrayBuffer>,
    length: number,
  ): Steps<void> {
    const { exchange, output } = this;
    const first = this.#collect(rest);
    if (first.byteLength >= length) {
      return yield* exchange.respond(status, fields, first.subarray(0, length), reason);
    }
    yield* exchange.start(status, fields, length, first.byteLength > 0, reason);
    yield* exchange.write(first);
    for (let left = length - first.byteLength; left > 0;) {
      const piece = yield* output.read();
      if (piece === undefined) {
        yield* this.#brokeOff();
        if (!exchange.contentless) this.#breakOff(false);
        return;
      }
      // What a program writes beyond its own Content-Length is not content.
      if (!exchange.contentless) yield* exchange.write(piece.subarray(0, left));
      left -= piece.byteLength;
    }
  }

  /** Whether the output has ended because the program was made to end. One that has closed it may go on. */
  *#brokeOff(): Steps<boolean> {
    if (this.program.late) return true;
    const end = yield* this.program.endsSoon();
    return end?.killed === true || this.program.late;
  }

  /** The client must not take what it has for the whole. @param byEnd whether the connection's end would say that it is */
  #breakOff(byEnd: boolean): never {
    const { connection } = this.exchange;
    if (byEnd && !connection.closed) resetConnection(connection.fd);
    connection.close();
    throw new ConnectionLost("Cannot respond: the program has not said all of it");
  }
}
