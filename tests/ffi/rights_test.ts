import assert from "node:assert/strict";
import { type Descriptor, pipe, setNonblocking } from "../../ffi/descriptor.ts";
import { EAGAIN, EBADF, ECONNRESET, EINVAL, EMSGSIZE, settle } from "../../ffi/errno.ts";
import { libc } from "../../ffi/libc.ts";
import { MessageHeader } from "../../ffi/message_header.ts";
import { RightsReceiver, RightsSender, rightsSpace, SCM_MAX_FD } from "../../ffi/rights.ts";
import {
  MSG_CMSG_CLOEXEC,
  MSG_CTRUNC,
  MSG_TRUNC,
  setOption,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  SOL_SOCKET,
  unixSocketPair,
} from "../../ffi/socket.ts";
import { descriptorFlags, Held, openDescriptors, withoutLeaks } from "../support/descriptors.ts";
import { runFixture } from "./children.ts";
import { collectGarbage, overwriteFreedMemory } from "./garbage.ts";
import { hear, say, tcpPair } from "./sockets.ts";

const { recvmsg, sendmsg } = libc;
const O_CLOEXEC = 0o2000000;
const SO_PASSCRED = 16;
const SCM_RIGHTS = 1;
const bytesOf = (text: string) => new TextEncoder().encode(text);

/** Control messages by hand, one `struct cmsghdr` for each list: what a peer sends that is not RightsSender. */
function rightsControl(...lists: readonly (readonly number[])[]): Uint8Array<ArrayBuffer> {
  const control = new Uint8Array(lists.reduce((sum, list) => sum + rightsSpace(list.length), 0));
  const view = new DataView(control.buffer);
  let offset = 0;
  for (const list of lists) {
    view.setBigUint64(offset, BigInt(16 + 4 * list.length), true);
    view.setInt32(offset + 8, SOL_SOCKET, true);
    view.setInt32(offset + 12, SCM_RIGHTS, true);
    list.forEach((fd, index) => view.setInt32(offset + 16 + 4 * index, fd, true));
    offset += rightsSpace(list.length);
  }
  return control;
}

function sendRights(socket: Descriptor, text: string, ...lists: readonly (readonly number[])[]): number {
  const header = new MessageHeader([bytesOf(text)], rightsControl(...lists));
  return settle(sendmsg(socket, header.bytes, 0));
}

/** Receives one message: how many bytes, and the descriptors are with the receiver. */
function receive(socket: Descriptor, receiver: RightsReceiver): { count: number; descriptors: number } {
  receiver.prepare();
  const count = settle(recvmsg(socket, receiver.header.bytes, MSG_CMSG_CLOEXEC));
  return { count, descriptors: count < 0 ? 0 : receiver.collect() };
}

Deno.test("rightsSpace() is CMSG_SPACE", () => {
  assert.equal(rightsSpace(1), 24);
  assert.equal(rightsSpace(2), 24);
  assert.equal(rightsSpace(3), 32);
  assert.equal(rightsSpace(SCM_MAX_FD), 1032);
});

for (const [name, type] of [["SOCK_STREAM", SOCK_STREAM], ["SOCK_SEQPACKET", SOCK_SEQPACKET]] as const) {
  Deno.test(`RightsSender passes a descriptor over ${name}, and keeps its own`, () =>
    withoutLeaks(() => {
      using held = new Held();
      const [left, right] = held.keepBoth(unixSocketPair(type));
      const [read, write] = held.keepBoth(pipe());
      const sender = new RightsSender([bytesOf("take this")]);
      sender.descriptor = write;
      assert.equal(settle(sendmsg(left, sender.header.bytes, 0)), 9);

      const bytes = new Uint8Array(64);
      const receiver = new RightsReceiver(bytes);
      assert.deepEqual(receive(right, receiver), { count: 9, descriptors: 1 });
      const received = held.keep(receiver.take());
      assert.equal(new TextDecoder().decode(bytes.subarray(0, 9)), "take this");
      assert.equal(receiver.header.flags & (MSG_CTRUNC | MSG_TRUNC), 0);
      assert.notEqual(received, write);
      assert.ok(descriptorFlags(received) & O_CLOEXEC);
      say(write, "mine ");
      say(received, "and theirs");
      assert.equal(hear(read), "mine and theirs");
    }));
}

Deno.test("RightsSender and RightsReceiver go on from message to message, with and without a descriptor", () =>
  withoutLeaks(() => {
    using held = new Held();
    const [left, right] = held.keepBoth(unixSocketPair(SOCK_SEQPACKET));
    const sender = new RightsSender([bytesOf("x")]);
    const receiver = new RightsReceiver(new Uint8Array(8));
    for (let round = 0; round < 50; round++) {
      const [read, write] = pipe();
      held.keepBoth([read, write]);
      sender.descriptor = read;
      assert.equal(settle(sendmsg(left, sender.header.bytes, 0)), 1);
      held.close(read);
      say(left, "none");
      assert.deepEqual(receive(right, receiver), { count: 1, descriptors: 1 });
      const received = held.keep(receiver.take());
      // Without prepare() the kernel would find no room for the next descriptor.
      assert.deepEqual(receive(right, receiver), { count: 4, descriptors: 0 });
      say(write, `${round}`);
      assert.equal(hear(received), `${round}`);
      held.close(write);
      held.close(received);
    }
  }));

Deno.test("RightsSender and RightsReceiver keep their memory alive", () =>
  withoutLeaks(() => {
    using held = new Held();
    const [left, right] = held.keepBoth(unixSocketPair(SOCK_SEQPACKET));
    const [read] = held.keepBoth(pipe());
    const senders = Array.from({ length: 200 }, (_, i) => new RightsSender([new Uint8Array(300).fill(i)]));
    const pairs = senders.map((sender) => {
      const bytes = new Uint8Array(300);
      return { sender, bytes, receiver: new RightsReceiver(bytes) };
    });
    collectGarbage();
    const overwritten = [24, 300, 16, 1032].flatMap((size) => overwriteFreedMemory(size, 1000));
    pairs.forEach(({ sender, bytes, receiver }, i) => {
      sender.descriptor = read;
      assert.equal(settle(sendmsg(left, sender.header.bytes, 0)), 300);
      assert.deepEqual(receive(right, receiver), { count: 300, descriptors: 1 });
      receiver.discard();
      assert.ok(bytes.every((byte) => byte === i));
    });
    assert.equal(overwritten.length, 4000);
  }));

const LISTS: readonly [what: string, lists: (fd: number) => number[][], count: number][] = [
  ["two in one control message", (fd) => [[fd, fd]], 2],
  ["three in one control message", (fd) => [[fd, fd, fd]], 3],
  ["two control messages of one", (fd) => [[fd], [fd]], 2],
  ["two control messages of unequal length", (fd) => [[fd, fd, fd], [fd]], 4],
  ["as many as the kernel lets through", (fd) => [new Array(SCM_MAX_FD).fill(fd)], SCM_MAX_FD],
];
for (const [what, lists, count] of LISTS) {
  Deno.test(`RightsReceiver takes in and closes extras: ${what}`, () =>
    withoutLeaks(() => {
      using held = new Held();
      const [left, right] = held.keepBoth(unixSocketPair(SOCK_SEQPACKET));
      const [read] = held.keepBoth(pipe());
      const open = openDescriptors();
      const link = open.get(read)!;
      const copies = () => [...openDescriptors().values()].filter((other) => other === link).length;
      assert.equal(sendRights(left, "many", ...lists(read)), 4);
      const receiver = new RightsReceiver(new Uint8Array(16));
      assert.deepEqual(receive(right, receiver), { count: 4, descriptors: count });
      assert.equal(receiver.header.flags & MSG_CTRUNC, 0);
      assert.equal(copies(), 2 + count);
      for (const [fd, other] of openDescriptors()) {
        if (other === link && !open.has(fd)) assert.ok(descriptorFlags(fd) & O_CLOEXEC);
      }
      receiver.discard();
      assert.equal(copies(), 2);
    }));
}

Deno.test("a message of more than 253 descriptors is refused whole", () =>
  withoutLeaks(() => {
    using held = new Held();
    const [left, right] = held.keepBoth(unixSocketPair(SOCK_SEQPACKET));
    assert.equal(sendRights(left, "x", new Array(SCM_MAX_FD + 1).fill(left)), -EINVAL);
    assert.equal(sendRights(left, "x", new Array(SCM_MAX_FD).fill(left), [left]), -EINVAL);
    assert.equal(sendRights(left, "x", [left, 1_000_000]), -EBADF);
    assert.equal(hear(right), -EAGAIN);
  }));

Deno.test("RightsReceiver.take() refuses none and several, and discard() closes what it refused", () =>
  withoutLeaks(() => {
    using held = new Held();
    const [left, right] = held.keepBoth(unixSocketPair(SOCK_SEQPACKET));
    const receiver = new RightsReceiver(new Uint8Array(16));
    assert.throws(() => receiver.take(), { message: "Cannot take one descriptor of none or several" });
    for (const count of [2, 3]) {
      sendRights(left, "x", new Array(count).fill(left));
      assert.equal(receive(right, receiver).descriptors, count);
      assert.equal(receiver.count, count);
      assert.throws(() => receiver.take(), { message: "Cannot take one descriptor of none or several" });
      receiver.discard();
    }
    receiver.discard();
    assert.equal(receiver.count, 0);
    sendRights(left, "x", [left]);
    assert.equal(receive(right, receiver).descriptors, 1);
    held.keep(receiver.take());
    assert.equal(receiver.count, 0);
    assert.throws(() => receiver.take());
  }));

Deno.test("RightsReceiver passes over control messages of other kinds, and MSG_CTRUNC shows what they displaced", () =>
  withoutLeaks(() => {
    using held = new Held();
    const [left, right] = held.keepBoth(unixSocketPair(SOCK_SEQPACKET));
    // The kernel puts the sender's credentials in front of the descriptors: 32 bytes. Seven no longer fit.
    assert.equal(setOption(right, SOL_SOCKET, SO_PASSCRED, true), 0);
    const receiver = new RightsReceiver(new Uint8Array(16));
    sendRights(left, "few", [left]);
    assert.deepEqual(receive(right, receiver), { count: 3, descriptors: 1 });
    assert.equal(receiver.header.flags & MSG_CTRUNC, 0);
    receiver.discard();
    sendRights(left, "many", new Array(SCM_MAX_FD).fill(left));
    assert.deepEqual(receive(right, receiver), { count: 4, descriptors: SCM_MAX_FD - 7 });
    assert.equal(receiver.header.flags & MSG_CTRUNC, MSG_CTRUNC);
    receiver.discard();
  }));

Deno.test("a process without a free descriptor gets the bytes, MSG_CTRUNC, and no descriptor", async () => {
  const { stdout, stderr } = await runFixture("out_of_descriptors.ts");
  assert.deepEqual(JSON.parse(stdout || "null"), { count: 4, descriptors: 0, truncated: true }, stderr);
});

Deno.test("SOCK_SEQPACKET keeps messages and their descriptors apart", () =>
  withoutLeaks(() => {
    using held = new Held();
    const [left, right] = held.keepBoth(unixSocketPair(SOCK_SEQPACKET));
    say(left, "first");
    sendRights(left, "second, longer than there is room for", [left]);
    say(left, "third");
    const receiver = new RightsReceiver(new Uint8Array(6));
    assert.deepEqual(receive(right, receiver), { count: 5, descriptors: 0 });
    assert.equal(receiver.header.flags & MSG_TRUNC, 0);
    assert.deepEqual(receive(right, receiver), { count: 6, descriptors: 1 });
    assert.equal(receiver.header.flags & MSG_TRUNC, MSG_TRUNC);
    receiver.discard();
    assert.deepEqual(receive(right, receiver), { count: 5, descriptors: 0 });
    assert.deepEqual(receive(right, receiver), { count: -EAGAIN, descriptors: 0 });
    held.close(left);
    assert.deepEqual(receive(right, receiver), { count: 0, descriptors: 0 });
  }));

Deno.test("a SOCK_SEQPACKET that is full says -EAGAIN, and a message it can never take -EMSGSIZE", () =>
  withoutLeaks(() => {
    using held = new Held();
    const [left, right] = held.keepBoth(unixSocketPair(SOCK_SEQPACKET));
    const sender = new RightsSender([new Uint8Array(1500)]);
    sender.descriptor = left;
    let queued = 0;
    let result = 1500;
    for (; result === 1500 && queued < 10_000; queued++) {
      result = settle(sendmsg(left, sender.header.bytes, 0));
    }
    assert.equal(result, -EAGAIN);
    // Whoever never reads costs nothing once the socket is closed: what is queued is closed with it.
    held.close(right);
    const [third] = held.keepBoth(unixSocketPair(SOCK_SEQPACKET));
    const large = new RightsSender([new Uint8Array(4 << 20)]);
    large.descriptor = third;
    assert.equal(settle(sendmsg(third, large.header.bytes, 0)), -EMSGSIZE);
  }));

Deno.test("a queued descriptor keeps the connection alive after its sender has closed it", () =>
  withoutLeaks(() => {
    using held = new Held();
    const { client, server } = tcpPair(held);
    const [left, right] = held.keepBoth(unixSocketPair(SOCK_SEQPACKET));
    sendRights(left, "yours", [server]);
    held.close(server);
    held.close(left);
    setNonblocking(client, true);
    assert.equal(hear(client), -EAGAIN);
    say(client, "anyone there?");
    const receiver = new RightsReceiver(new Uint8Array(16));
    assert.deepEqual(receive(right, receiver), { count: 5, descriptors: 1 });
    const received = held.keep(receiver.take());
    assert.equal(hear(received), "anyone there?");
    say(received, "yes");
    assert.equal(hear(client), "yes");
    held.close(received);
    assert.equal(hear(client), "");
  }));

Deno.test("a receiver that ends without reading resets the connection, unless the sender kept its copy", () =>
  withoutLeaks(() => {
    using held = new Held();
    for (const keeps of [false, true]) {
      const { client, server } = tcpPair(held);
      const [left, right] = held.keepBoth(unixSocketPair(SOCK_SEQPACKET));
      say(client, "request");
      sendRights(left, "yours", [server]);
      if (!keeps) held.close(server);
      held.close(right);
      setNonblocking(client, true);
      if (!keeps) {
        assert.equal(hear(client), -ECONNRESET);
        continue;
      }
      assert.equal(hear(client), -EAGAIN);
      assert.equal(hear(server), "request");
    }
  }));
