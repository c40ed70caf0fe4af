/** A request's content on its way to a program's standard input. */

import {
  adopt,
  close,
  createMemoryFile,
  type Descriptor,
  ErrnoError,
  expect,
  libc,
  openNull,
  pipe,
  rewind,
  settle,
} from "../../../../ffi/mod.ts";
import { Course, type Steps, type Wait } from "../../../loop/course.ts";
import type { Loop } from "../../../loop/loop.ts";
import type { Exchange } from "../../http/exchange.ts";
import type { RequestBody } from "../../http/request_body.ts";
import { InputPipe } from "./pipe_ends.ts";

const { write } = libc;

/**
 * Through which all content goes: it is filled and given away without a wait between. As much as a pipe takes, unless asked
 * (pipe(7)).
 */
const room = new Uint8Array(65_536);

/**
 * Bytes of content whose length is not known beforehand. A program is told the true length (RFC 3875, 4.1.2), so all of
 * it is collected first, in memory.
 */
export const MAX_COLLECTED = 8_388_608;

/** Where a program's standard input comes from. */
export interface Input {
  /** For the program; owned by the caller. */
  readonly stdin: Descriptor;
  /** Bytes; undefined where there is no content. */
  readonly length: number | undefined;
  /** Bytes of it that lie in memory here. */
  readonly collected?: number;
  /** Passes the content on while the program runs; undefined where all of it is there. */
  readonly feed: Feed | undefined;
}

/** No content: the null device. @throws {ErrnoError} when no descriptor is free, as the others do */
export function noInput(): Input {
  const stdin = adopt(expect(openNull(), "Cannot open the null device"));
  return { stdin, length: undefined, feed: undefined };
}

/** Bytes that are collected for all requests of a process at a time. */
const MOST_COLLECTED = 67_108_864;
let collecting = 0;

/**
 * Waits for content whose length is not known, since a program is told it: a slow client takes no program's place meanwhile.
 * Where the length is known the program is started at once, and a least rate holds.
 *
 * @returns the standard input where that is made already, to be closed by the caller; undefined where {@linkcode inputOf}
 * makes it; or why there is none
 */
export function* awaited(exchange: Exchange): Steps<Input | "too long" | "too many" | undefined> {
  return exchange.field("transfer-encoding") === undefined ? undefined : yield* collected(exchange.body);
}

/** Makes the standard input of a program from the content of a request whose length is known. */
export function inputOf(exchange: Exchange, loop: Loop): Input {
  const { body } = exchange;
  const length = exchange.field("content-length");
  if (length === undefined) return noInput();
  if (body.done) return { ...noInput(), length: 0 };
  const [stdin, end] = pipe();
  return { stdin, length: Number(length), feed: new Feed(body, new InputPipe(loop, end)) };
}

/** Content that is longer than is collected is left unread. */
function* collected(body: RequestBody): Steps<Input | "too long" | "too many"> {
  const file = adopt(expect(createMemoryFile("fdpass request content"), "Cannot make a file in memory"));
  let length = 0;
  let whole = false;
  try {
    for (let size = yield* taken(body); size > 0; size = yield* taken(body)) {
      length += size;
      collecting += size;
      if (length > MAX_COLLECTED) return "too long";
      if (collecting > MOST_COLLECTED) return "too many";
      writeAll(file, room.subarray(0, size));
      yield* body.input.connection.giveWay(size);
    }
    rewind(file);
    whole = true;
    return { stdin: file, length, feed: undefined, collected: length };
  } finally {
    if (!whole) {
      collecting -= length;
      close(file);
    }
  }
}

/** Takes the next piece into {@linkcode room}; how many bytes, 0 at the end. @throws as {@linkcode RequestBody.takeInto} */
function* taken(body: RequestBody): Steps<number> {
  for (;;) {
    const size = body.takeInto(room);
    if (size !== undefined) return size;
    yield* body.more();
  }
}

/** What was collected for a request is needed no more. */
export function released({ collected = 0 }: Input): void {
  collecting -= collected;
}

function writeAll(file: Descriptor, piece: Uint8Array<ArrayBuffer>): void {
  for (let rest = piece; rest.byteLength > 0;) {
    const written = settle(write(file, rest, BigInt(rest.byteLength)));
    if (written < 0) throw new ErrnoError("Cannot write to a file in memory", -written);
    rest = rest.subarray(written);
  }
}

/** Passes content on as the client sends it and the program reads it, in steps of its own. */
export class Feed {
  /** What went wrong on the client's side. */
  failure: { readonly error: unknown } | undefined;
  #cancelled = false;
  #over = false;
  #whenOver: ((came: boolean) => void) | undefined;

  /** @param pipe owned by this object */
  constructor(readonly body: RequestBody, readonly pipe: InputPipe) {}

  /** @param onFailure told when the content does not come to its end */
  start(onFailure: () => void): void {
    Course.begin(this.#run(onFailure));
  }

  *#run(onFailure: () => void): Steps<void> {
    const { body, pipe } = this;
    try {
      for (let size = yield* taken(body); size > 0; size = yield* taken(body)) {
        // A program may answer without reading all of it.
        if (!(yield* pipe.write(room.subarray(0, size)))) break;
        yield* body.input.connection.giveWay(size);
      }
    } catch (error) {
      if (!this.#cancelled) {
        this.failure = { error };
        onFailure();
      }
    }
    pipe.close();
    this.#over = true;
    this.#whenOver?.(true);
  }

  /**
   * Ends it. Nobody must be sending to the client.
   *
   * @returns a wait until nobody reads from the client any more
   */
  cancel(): Wait {
    this.#cancelled = true;
    this.pipe.close();
    const { connection } = this.body.input;
    if (!this.body.done && !connection.closed) connection.interrupt();
    return (resume) => {
      this.#whenOver = resume;
      return this.#over;
    };
  }
}
