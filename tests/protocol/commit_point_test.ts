// What the kernel does for "The commit point" of docs/protocol.md: if one of these fails, so does the protocol.
import assert from "node:assert/strict";
import {
  type Descriptor,
  EAGAIN,
  ECONNRESET,
  EMSGSIZE,
  EPIPE,
  getOption,
  libc,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  RightsReceiver,
  RightsSender,
  settle,
  SHUT_RDWR,
  shutdown,
  SO_SNDBUF,
  SOCK_SEQPACKET,
  SOL_SOCKET,
  unixSocketPair,
} from "../../ffi/mod.ts";
import { MAX_MESSAGE } from "../../src/protocol/messages.ts";
import { Held, withoutLeaks } from "../support/descriptors.ts";

const { recv, recvmsg, send, sendmsg } = libc;
const buffer = new Uint8Array(8);

/** Sends a message of so many bytes; what send(2) says. */
function say(fd: Descriptor, length: number): number {
  return settle(send(fd, new Uint8Array(length), BigInt(length), MSG_DONTWAIT | MSG_NOSIGNAL));
}

/** The length of the next message; 0 at the end, or `-errno`. */
function hear(fd: Descriptor): number {
  return settle(recv(fd, buffer, 8n, MSG_DONTWAIT));
}

/** A test with both ends of a channel. */
function test(name: string, body: (here: Descriptor, there: Descriptor, held: Held) => void): void {
  Deno.test(name, () =>
    withoutLeaks(() => {
      using held = new Held();
      const [here, there] = held.keepBoth(unixSocketPair(SOCK_SEQPACKET));
      body(here, there, held);
    }));
}

test("after a shutdown neither side can send, and both can read what was sent before", (here, there) => {
  assert.deepEqual([say(there, 3), say(there, 5), say(here, 7)], [3, 5, 7]);
  shutdown(here, SHUT_RDWR);
  assert.deepEqual([say(there, 1), say(here, 1)], [-EPIPE, -EPIPE]);
  assert.deepEqual([hear(here), hear(here), hear(here)], [3, 5, 0]);
  assert.deepEqual([hear(there), hear(there)], [7, 0]);
});

test(
  "a peer that closes with messages unread is reported once, before what it had sent",
  (here, there, held) => {
    assert.deepEqual([say(here, 1), say(there, 3), say(there, 5)], [1, 3, 5]);
    held.close(there);
    shutdown(here, SHUT_RDWR);
    assert.deepEqual([hear(here), hear(here), hear(here), hear(here)], [-ECONNRESET, 3, 5, 0]);
  },
);

test("such a peer is reported to the next send, if that comes first", (here, there, held) => {
  assert.deepEqual([say(here, 1), say(there, 3)], [1, 3]);
  held.close(there);
  assert.deepEqual([say(here, 1), say(here, 1), hear(here), hear(here)], [-ECONNRESET, -EPIPE, 3, 0]);
});

test("a message of no bytes looks like the end, and may bring a descriptor", (here, there) => {
  const sender = new RightsSender([new Uint8Array(1)]);
  sender.header.setLength(0, 0);
  sender.descriptor = here;
  assert.equal(settle(sendmsg(here, sender.header.bytes, MSG_NOSIGNAL)), 0);
  const receiver = new RightsReceiver(new Uint8Array(8));
  receiver.prepare();
  assert.equal(settle(recvmsg(there, receiver.header.bytes, MSG_DONTWAIT)), 0);
  assert.equal(receiver.collect(), 1);
  receiver.discard();
  assert.equal(hear(there), -EAGAIN);
});

test("the longest message fits a socket's buffer, which takes SO_SNDBUF less 32 bytes", (here, there) => {
  const room = getOption(here, SOL_SOCKET, SO_SNDBUF) - 32;
  assert.ok(MAX_MESSAGE <= room);
  assert.deepEqual([say(here, MAX_MESSAGE), hear(there)], [MAX_MESSAGE, 8]);
  assert.deepEqual([say(here, room), hear(there)], [room, 8]);
  assert.equal(say(here, room + 1), -EMSGSIZE);
});

Deno.test("a shutdown during sends of another thread loses none that succeeded, and lets none follow", () =>
  withoutLeaks(async () => {
    const worker = new Worker(new URL("./fixtures/sending_worker.ts", import.meta.url), { type: "module" });
    let arrived: (data: unknown) => void = () => {};
    const next = () => new Promise((resolve) => arrived = resolve);
    worker.onmessage = ({ data }) => arrived(data);
    assert.equal(await next(), "ready");
    const view = new DataView(buffer.buffer);
    for (let round = 0; round < 20; round++) {
      using held = new Held();
      const [here, there] = held.keepBoth(unixSocketPair(SOCK_SEQPACKET));
      const ended = next();
      worker.postMessage({ fd: there });
      let read = 0;
      const readAll = () => {
        let length = hear(here);
        for (; length > 0; length = hear(here)) assert.equal(view.getUint32(0), read++);
        return length;
      };
      // Once the other thread is under way, the shutdown falls anywhere between two of its sends.
      while (read < 50 + 13 * round) readAll();
      shutdown(here, SHUT_RDWR);
      assert.equal(readAll(), 0);
      assert.deepEqual(await ended, { sent: read, result: -EPIPE });
    }
    worker.terminate();
  }, { workers: true }));
