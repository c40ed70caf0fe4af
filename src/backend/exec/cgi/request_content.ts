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
import type { Loop } from "../../../loop/loop.ts";
import type { Exchange } from "../../http/exchange.ts";
import type { RequestBody } from "../../http/request_body.ts";
import { InputPipe } from "./pipe_ends.ts";

const { write } = libc;

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
  /** Passes the content on while the program runs; undefined where all of it is there. */
  readonly feed: Feed | undefined;
}

/** No content: the null device. @throws {ErrnoError} when no descriptor is free, as the others do */
export function noInput(): Input {
  const stdin = adopt(expect(openNull(), "Cannot open the null device"));
  return { stdin, length: undefined, feed: undefined };
}

/**
 * Makes the standard input of a program from the content of a request. Content that is longer than is collected is left
 * unread.
 */
export async function inputOf(exchange: Exchange, loop: Loop): Promise<Input | "too long"> {
  const { body } = exchange;
  if (exchange.field("transfer-encoding") !== undefined) return await collected(body);
  const length = exchange.field("content-length");
  if (length === undefined) return noInput();
  if (body.done) return { ...noInput(), length: 0 };
  const [stdin, end] = pipe();
  return { stdin, length: Number(length), feed: new Feed(body, new InputPipe(loop, end)) };
}

async function collected(body: RequestBody): Promise<Input | "too long"> {
  const file = adopt(expect(createMemoryFile("fdpass request content"), "Cannot make a file in memory"));
  let length = 0;
  try {
    for (let piece = await body.read(); piece !== undefined; piece = await body.read()) {
      length += piece.byteLength;
      if (length > MAX_COLLECTED) {
        close(file);
        return "too long";
      }
      writeAll(file, piece);
    }
    rewind(file);
    return { stdin: file, length, feed: undefined };
  } catch (error) {
    close(file);
    throw error;
  }
}

function writeAll(file: Descriptor, piece: Uint8Array<ArrayBuffer>): void {
  for (let rest = piece; rest.byteLength > 0;) {
    const written = settle(write(file, rest, BigInt(rest.byteLength)));
    if (written < 0) throw new ErrnoError("Cannot write to a file in memory", -written);
    rest = rest.subarray(written);
  }
}

/** Passes content on as the client sends it and the program reads it. */
export class Feed {
  /** What went wrong on the client's side. */
  failure: { readonly error: unknown } | undefined;
  #cancelled = false;
  #settled: Promise<void> | undefined;

  /** @param pipe owned by this object */
  constructor(readonly body: RequestBody, readonly pipe: InputPipe) {}

  /** @param onFailure told when the content does not come to its end */
  start(onFailure: () => void): void {
    this.#settled = this.#run(onFailure);
  }

  async #run(onFailure: () => void): Promise<void> {
    try {
      for (let piece = await this.body.read(); piece !== undefined; piece = await this.body.read()) {
        // A program may answer without reading all of it.
        if (!await this.pipe.write(piece)) break;
      }
    } catch (error) {
      if (!this.#cancelled) {
        this.failure = { error };
        onFailure();
      }
    } finally {
      this.pipe.close();
    }
  }

  /** Ends it; settles when nobody reads from the client any more. Nobody must be sending to the client. */
  async cancel(): Promise<void> {
    this.#cancelled = true;
    this.pipe.close();
    const { connection } = this.body.input;
    if (!this.body.done && !connection.closed) connection.interrupt();
    await this.#settled;
  }
}
