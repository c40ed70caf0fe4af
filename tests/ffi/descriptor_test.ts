import assert from "node:assert/strict";
import { adopt, close, duplicate, pipe, setNonblocking } from "../../ffi/descriptor.ts";
import { EAGAIN, EBADF } from "../../ffi/errno.ts";
import { descriptorFlags, Held, openDescriptors, withoutLeaks } from "../support/descriptors.ts";
import { hear, say } from "./sockets.ts";

const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;
const NOBODY = adopt(1_000_000);

Deno.test("pipe() carries bytes and is closed on exec", () =>
  withoutLeaks(() => {
    using held = new Held();
    const [read, write] = held.keepBoth(pipe());
    say(write, "through");
    assert.equal(hear(read), "through");
    assert.ok(descriptorFlags(read) & O_CLOEXEC);
    assert.ok(descriptorFlags(write) & O_CLOEXEC);
    held.close(write);
    assert.equal(hear(read), "");
  }));

Deno.test("duplicate() gives a second descriptor, closed on exec, that outlives the first", () =>
  withoutLeaks(() => {
    using held = new Held();
    const [read, write] = held.keepBoth(pipe());
    const second = held.keep(adopt(duplicate(write)));
    assert.notEqual(second, write);
    assert.equal(openDescriptors().get(second), openDescriptors().get(write));
    assert.ok(descriptorFlags(second) & O_CLOEXEC);
    held.close(write);
    say(second, "still");
    assert.equal(hear(read), "still");
  }));

Deno.test("duplicate() of a closed descriptor is -EBADF", () => {
  assert.equal(duplicate(NOBODY), -EBADF);
});

Deno.test("setNonblocking() changes the open file, for every descriptor of it", () =>
  withoutLeaks(() => {
    using held = new Held();
    const [read] = held.keepBoth(pipe());
    const second = held.keep(adopt(duplicate(read)));
    setNonblocking(read, true);
    assert.ok(descriptorFlags(second) & O_NONBLOCK);
    assert.equal(hear(second), -EAGAIN);
    setNonblocking(second, false);
    assert.equal(descriptorFlags(read) & O_NONBLOCK, 0);
  }));

Deno.test("setNonblocking() of a closed descriptor is an error that says so", () => {
  assert.throws(() => setNonblocking(NOBODY, true), {
    name: "ErrnoError",
    message: "Cannot change the mode of a descriptor: not an open descriptor (EBADF)",
  });
});

Deno.test("close() of a closed descriptor is quiet", () => close(NOBODY));
