import assert from "node:assert/strict";
import {
  close,
  connectUnix,
  type Descriptor,
  encodeUnixAddress,
  raiseDescriptorLimit,
  SOCK_SEQPACKET,
  unixSocket,
} from "../../../ffi/mod.ts";
import { request } from "../../front/clients.ts";
import { test } from "../rig.ts";

test("whoever connects without end has an end to the channels, and those that serve go on", async (rig) => {
  raiseDescriptorLimit();
  const front = await rig.front();
  const fds: Descriptor[] = [];
  try {
    while (fds.length < 1_100) {
      const fd = unixSocket(SOCK_SEQPACKET);
      fds.push(fd);
      assert.equal(connectUnix(fd, encodeUnixAddress(rig.path)), 0);
      if (fds.length % 64 === 0) await rig.turn();
    }
    await rig.settle();
    assert.equal(rig.backend.channels.size, 1_024);
    assert.deepEqual(
      rig.events.filter(({ type }) => type === "fronts").map((event) => event),
      Array(1_100 + 1 - 1_024).fill({ type: "fronts", channels: 1_024 }),
    );
    const { fd } = front.accept(request());
    const id = front.handOff(fd);
    await rig.until(() => front.acknowledged.includes(id), "the acknowledgement");
  } finally {
    fds.forEach(close);
  }
  await rig.until(() => rig.backend.channels.size === 1, "their end");
});
