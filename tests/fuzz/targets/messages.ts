/** Messages between fronts and backends, the control socket's, and the first bytes of TLS. */

import assert from "node:assert/strict";
import { decodeControlRequest } from "../../../src/protocol/control.ts";
import { decodeHello, encodeHello } from "../../../src/protocol/hello.ts";
import { HANDOFF, RETURN } from "../../../src/protocol/messages.ts";
import { decodeGeneration } from "../../../src/protocol/generation.ts";
import { ackId, decodeBye, decodeNack, encodeNack, readAck } from "../../../src/protocol/replies.ts";
import { decodeTls } from "../../../src/protocol/tls_field.ts";
import {
  decodeTransfer,
  encodeTransfer,
  exceptions,
  type Transfer,
  transferId,
} from "../../../src/protocol/transfer.ts";
import { ClientHelloReader } from "../../../src/tls/client_hello.ts";
import { pieces } from "../chance.ts";
import type { Target } from "../target.ts";

const ADDRESS = Uint8Array.of(4, 0, 0, 80, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
const TRANSFER: Transfer = {
  id: 1,
  client: ADDRESS,
  local: ADDRESS,
  generation: 1,
  requests: 0,
  detail: 3,
  keepAlive: 1,
  except: new TextEncoder().encode("/a/\0/b"),
  map: "/base/",
  site: "a.example",
  route: "/",
  path: "/x",
  preread: new TextEncoder().encode("GET / HTTP/1.1\r\n"),
};

/** The same bytes in a buffer that goes on, as that of a channel does: what stands behind must not count. */
function inBuffer(input: Uint8Array, behind: number): Uint8Array<ArrayBuffer> {
  const buffer = new Uint8Array(input.length + 64).fill(behind);
  buffer.set(input);
  return buffer;
}

export const MESSAGES: Target = {
  name: "messages",
  seeds: [
    encodeTransfer(HANDOFF, TRANSFER),
    encodeTransfer(RETURN, TRANSFER),
    encodeHello({ workers: 2, window: 8, process: 99, name: "app" }),
    encodeNack({ id: 7, reason: 1, text: "full" } as never),
    Uint8Array.of(1, 3, 0, 2, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 2),
  ],
  words: [
    "\x02\0\x05",
    "\x81\0\x01a",
    "\x06\0\x02/a",
    "\x08\0\x10",
    "\xff\xff",
    "\0\0\0\0",
    "\x04\0\x01/",
    "\xc3\x28",
  ],
  read: (input) => decodeTransfer(input, input.length),
  run(input) {
    const outcomes = [0x00, 0x41, 0xff].map((behind) => {
      const read = <T>(decode: (bytes: Uint8Array<ArrayBuffer>, length: number) => T) =>
        decode(inBuffer(input, behind), input.length);
      const transfer = read(decodeTransfer);
      const ack = read(readAck);
      const view = new DataView(inBuffer(input, behind).buffer, 0, input.length);
      return {
        transfer,
        hello: read(decodeHello),
        nack: read(decodeNack),
        bye: read(decodeBye),
        generation: read(decodeGeneration),
        id: read(transferId),
        ack,
        ids: typeof ack === "number" ? Array.from({ length: ack }, (_, index) => ackId(view, index)) : [],
        control: decodeControlRequest(input),
        tls: decodeTls(input.slice()),
      };
    });
    const [first, ...others] = outcomes;
    for (const other of others) assert.deepEqual(other, first, "it depends on what stands behind it");
    const { transfer, hello, ack, nack } = first!;
    if (typeof transfer === "object") {
      exceptions(transfer.except as Uint8Array<ArrayBuffer>);
      // It says the same when it is said again.
      const again = encodeTransfer(HANDOFF, transfer);
      assert.deepEqual(decodeTransfer(again, again.length), transfer);
    }
    return [transfer, hello, ack, nack].map((one) => typeof one === "string" ? one : typeof one).join("|");
  },
};

const readers = [new ClientHelloReader(), new ClientHelloReader()] as const;

/** A ClientHello with a server name, as short as it can be. */
const HELLO = Uint8Array.from([
  ...[22, 3, 1, 0, 66, 1, 0, 0, 62, 3, 3, ...new Array<number>(32).fill(7), 0, 0, 2, 0x13, 0x01, 1, 0],
  ...[0, 19, 0, 0, 0, 15, 0, 13, 0, 0, 10, ...new TextEncoder().encode("a.example."), 0],
]);

export const HELLOS: Target = {
  name: "client-hello",
  seeds: [HELLO, "GET / HTTP/1.1\r\n", "\x80\x2e\x01\x03\x01", Uint8Array.from([...HELLO.subarray(0, 5)])],
  words: ["\x16\x03\x01", "\0\0", "\0\x10", "\x02h2", "\xff\xff", "a.example"],
  read: (input) => readers[0].read(input, input.length),
  run(input, chance) {
    const read = (part: Uint8Array, behind: number, reader: ClientHelloReader) =>
      JSON.stringify(reader.read(inBuffer(part, behind), part.length));
    const whole = read(input, 0, readers[0]);
    assert.equal(read(input, 0x16, readers[1]), whole, "it depends on what stands behind it");
    let length = 0;
    for (const piece of pieces(input, chance)) {
      length += piece.length;
      const part = read(input.subarray(0, length), 0x03, readers[1]);
      if (part.includes('"more"')) continue;
      assert.equal(part, whole, `after ${length} of ${input.length} bytes`);
      break;
    }
    return whole.slice(0, 80);
  },
};
