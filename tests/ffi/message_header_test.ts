import assert from "node:assert/strict";
import { EAGAIN, settle } from "../../ffi/errno.ts";
import { libc } from "../../ffi/libc.ts";
import { addressOf } from "../../ffi/memory.ts";
import { MessageHeader } from "../../ffi/message_header.ts";
import { MSG_TRUNC, SOCK_SEQPACKET, unixSocketPair } from "../../ffi/socket.ts";
import { Held, withoutLeaks } from "../support/descriptors.ts";
import { collectGarbage, overwriteFreedMemory } from "./garbage.ts";
import { hear, say } from "./sockets.ts";

const { recvmsg, sendmsg } = libc;
const bytesOf = (text: string) => new TextEncoder().encode(text);

Deno.test("MessageHeader sends its parts in order, as one message", () =>
  withoutLeaks(() => {
    using held = new Held();
    const [left, right] = held.keepBoth(unixSocketPair(SOCK_SEQPACKET));
    const header = new MessageHeader([bytesOf("one "), bytesOf("two "), bytesOf("three")]);
    assert.equal(settle(sendmsg(left, header.bytes, 0)), 13);
    assert.equal(hear(right), "one two three");
  }));

Deno.test("MessageHeader sends as much of each part, and as many parts, as it is told", () =>
  withoutLeaks(() => {
    using held = new Held();
    const [left, right] = held.keepBoth(unixSocketPair(SOCK_SEQPACKET));
    const header = new MessageHeader([bytesOf("abcdef"), bytesOf("ghijkl"), bytesOf("mnopqr")]);
    const sent = () => {
      assert.ok(settle(sendmsg(left, header.bytes, 0)) >= 0);
      return hear(right);
    };
    header.setLength(0, 2);
    header.setLength(1, 0);
    assert.equal(sent(), "abmnopqr");
    header.setPartCount(1);
    assert.equal(sent(), "ab");
    header.setPartCount(3);
    header.setLength(1, 3);
    assert.equal(sent(), "abghimnopqr");
    const other = bytesOf("XYZ");
    header.setPart(1, other, addressOf(other));
    assert.equal(sent(), "abXYZmnopqr");
    const middle = bytesOf("-0123-").subarray(1, 5);
    header.setPart(2, middle, addressOf(middle));
    assert.equal(sent(), "abXYZ0123");
  }));

Deno.test("MessageHeader receives into its parts, in order, and shows what was cut off", () =>
  withoutLeaks(() => {
    using held = new Held();
    const [left, right] = held.keepBoth(unixSocketPair(SOCK_SEQPACKET));
    const [first, second] = [new Uint8Array(3), new Uint8Array(5)];
    const header = new MessageHeader([first, second]);
    say(left, "abcdef");
    assert.equal(settle(recvmsg(right, header.bytes, 0)), 6);
    assert.deepEqual([...first, ...second], [...bytesOf("abcdef"), 0, 0]);
    assert.equal(header.flags & MSG_TRUNC, 0);
    say(left, "0123456789");
    assert.equal(settle(recvmsg(right, header.bytes, 0)), 8);
    assert.deepEqual([...first, ...second], [...bytesOf("01234567")]);
    assert.equal(header.flags & MSG_TRUNC, MSG_TRUNC);
    assert.equal(settle(recvmsg(right, header.bytes, 0)), -EAGAIN);
  }));

Deno.test("MessageHeader has no control buffer unless it is given one", () => {
  const without = new MessageHeader([new Uint8Array(1)]);
  assert.equal(without.control, undefined);
  assert.equal(without.controlLength, 0);
  const control = new Uint8Array(24);
  const header = new MessageHeader([new Uint8Array(1)], control);
  assert.equal(header.control, control);
  assert.equal(header.controlLength, 24);
  header.setControlLength(20);
  assert.equal(header.controlLength, 20);
});

// The parts are made, and forgotten, in functions of their own: nothing but the headers knows of them.
const SIZE = 700;
const fillOf = (index: number, part: number) => (index * 3 + part) % 0xee;

function makeHeaders(count: number): MessageHeader[] {
  return Array.from({ length: count }, (_, index) => {
    const header = new MessageHeader([
      new Uint8Array(SIZE).fill(fillOf(index, 0)),
      new Uint8Array(SIZE).fill(0xee),
    ]);
    const replaced = new Uint8Array(SIZE).fill(fillOf(index, 1));
    header.setPart(1, replaced, addressOf(replaced));
    return header;
  });
}

Deno.test("MessageHeader keeps its parts alive: they survive collections and thousands of sends", () =>
  withoutLeaks(() => {
    using held = new Held();
    const [left, right] = held.keepBoth(unixSocketPair(SOCK_SEQPACKET));
    const headers = makeHeaders(400);
    const received = new Uint8Array(2 * SIZE);
    const receiver = new MessageHeader([received]);
    for (let round = 0; round < 2; round++) {
      collectGarbage();
      const overwritten = overwriteFreedMemory(SIZE, 4000);
      headers.forEach((header, index) => {
        received.fill(0xff);
        assert.equal(settle(sendmsg(left, header.bytes, 0)), 2 * SIZE);
        assert.equal(settle(recvmsg(right, receiver.bytes, 0)), 2 * SIZE);
        const wrong = received.findIndex((byte, at) => byte !== fillOf(index, at < SIZE ? 0 : 1));
        assert.equal(wrong, -1, `message ${index} differs at byte ${wrong}`);
      });
      assert.equal(overwritten.length, 4000);
    }
  }));
