/** Content: chunks, and the frames of WebSockets. */

import assert from "node:assert/strict";
import { Receiver } from "ws";
import { ChunkedDecoder } from "../../../src/http/chunked.ts";
import { FrameReader } from "../../../src/websocket/frame_reader.ts";
import { relayedTrailers } from "../../../src/http/trailers.ts";
import { pieces } from "../chance.ts";
import { among, type Target, textOf } from "../target.ts";

/** All that a decoder makes of an input in pieces. */
function decoded(parts: readonly Uint8Array[], around: number): string {
  const decoder = new ChunkedDecoder({ sizeLine: 40, extensions: 200, trailers: 200 });
  let data = "";
  let consumed = 0;
  for (const part of parts) {
    const { bytes, start, end } = among(part, around);
    for (let at = start;;) {
      const verdict = decoder.next(bytes, at, end);
      assert.ok(decoder.consumed >= at && decoder.consumed <= end, "it consumes what it was not given");
      consumed += decoder.consumed - at;
      at = decoder.consumed;
      if (verdict === "data") {
        assert.ok(
          decoder.dataStart >= start && decoder.dataEnd <= end && decoder.dataEnd > decoder.dataStart,
        );
        data += textOf(bytes.subarray(decoder.dataStart, decoder.dataEnd));
        continue;
      }
      if (verdict === "more") break;
      return JSON.stringify([verdict, decoder.why, data, decoder.trailers, consumed]);
    }
  }
  return JSON.stringify(["more", "", data, "", consumed]);
}

export const CHUNKS: Target = {
  name: "chunked",
  seeds: [
    "5\r\nhello\r\n0\r\n\r\n",
    '1f;a=b;c="d\\"e"\r\n0123456789012345678901234567890\r\n0\r\nX-A: b\r\n\r\nGET / HTTP/1.1',
    "00001\r\nx\r\n0;a\r\n\r\n",
  ],
  words: [
    "\r\n",
    "0\r\n\r\n",
    "fffffffffffff",
    ";a=",
    '"',
    "\\",
    " ",
    "X-A: ",
    "Content-Length: 1\r\n",
    "1\r\na\r\n",
  ],
  read: (input) => decoded([input], 0),
  run(input, chance) {
    const whole = decoded([input], 0x30);
    assert.equal(decoded(pieces(input, chance), 0x0d), whole);
    const [verdict, why, , trailers] = JSON.parse(whole) as [string, string, string, string];
    if (verdict === "end") relayedTrailers(trailers, [["Connection", "x-a"]]);
    return `${verdict} ${why}`;
  },
};

/** What our reader tells of frames that come in pieces: messages, and how it ends. */
function heard(parts: readonly Uint8Array[]): string {
  const told: string[] = [];
  const reader = new FrameReader(1_000, {
    message: (content) => {
      const binary = typeof content !== "string";
      told.push(`message ${binary} ${textOf(binary ? content : encoder.encode(content))}`);
    },
    ping: (content) => told.push(`ping ${textOf(content)}`),
    closed: (code, reason) => told.push(`close ${code} ${textOf(encoder.encode(reason))}`),
    broken: (code) => told.push(`error ${code}`),
  });
  for (const part of parts) {
    const bytes = Uint8Array.from(part);
    reader.read(bytes, bytes.length);
    bytes.fill(0x55);
  }
  return told.join("\n");
}

const encoder = new TextEncoder();

/** What the receiver of `ws` tells of the same. */
async function received(parts: readonly Uint8Array[]): Promise<string> {
  const told: string[] = [];
  const receiver = new Receiver({ isServer: true, maxPayload: 1_000, allowSynchronousEvents: true } as never);
  receiver.on(
    "message",
    (data: Uint8Array, binary: boolean) => told.push(`message ${binary} ${textOf(data)}`),
  );
  receiver.on("ping", (data: Uint8Array) => told.push(`ping ${textOf(data)}`));
  receiver.on("conclude", (code: number, reason: Uint8Array) => told.push(`close ${code} ${textOf(reason)}`));
  let failed = false;
  receiver.on("error", (error: Error) => {
    failed = true;
    const code = Object.getOwnPropertySymbols(error).find(({ description }) => description === "status-code");
    told.push(`error ${Reflect.get(error, code!)}`);
  });
  for (const part of parts) {
    if (failed) break;
    await new Promise<void>((resolve) => receiver.write(Uint8Array.from(part), () => resolve()));
  }
  receiver.removeAllListeners();
  receiver.on("error", () => {});
  receiver.destroy();
  return told.join("\n");
}

/** A frame of a client's, masked with zeros. */
function frame(first: number, content: string): string {
  const length = content.length < 126
    ? String.fromCharCode(0x80 | content.length)
    : `\xfe${String.fromCharCode(content.length >> 8, content.length & 0xff)}`;
  return `${String.fromCharCode(first)}${length}\0\0\0\0${content}`;
}

export const FRAMES: Target = {
  name: "websocket-frames",
  seeds: [
    frame(0x81, "hello"),
    frame(0x01, "a") + frame(0x89, "ping") + frame(0x00, "b") + frame(0x80, "c"),
    frame(0x82, "\0\xff".repeat(100)) + frame(0x88, "\x03\xe8bye"),
    frame(0x8a, "pong") + frame(0x88, ""),
  ],
  words: [
    "\x81",
    "\x88",
    "\x00",
    "\x80",
    "\xfe",
    "\xff",
    "\x03\xe8",
    frame(0x89, ""),
    frame(0x80, ""),
    frame(0x01, "x"),
  ],
  longest: 2_048,
  read: (input) => heard([input]),
  async run(input, chance) {
    const whole = heard([input]);
    assert.equal(heard(pieces(input, chance)), whole);
    assert.equal(whole, await received([input]), "ws has it otherwise");
    return whole.split("\n").map((line) => line.split(" ").slice(0, 2).join(" ")).join(",").slice(0, 60);
  },
};
