import assert from "node:assert/strict";
import * as errno from "../../ffi/errno.ts";
import { libc } from "../../ffi/libc.ts";
import { cString } from "../../ffi/memory.ts";
import { collectGarbage } from "./garbage.ts";

const { EBADF, describeErrno, ENOENT, ErrnoError, expect, settle } = errno;
const { close, getpid, unlink } = libc;

Deno.test("settle() passes results of 0 and more through and turns -1 into -errno", () => {
  assert.equal(settle(0), 0);
  assert.equal(settle(getpid()), Deno.pid);
  assert.equal(settle(close(-1)), -EBADF);
  assert.equal(settle(unlink(cString("/nowhere/at/all"))), -ENOENT);
});

Deno.test("settle() stays right under garbage collection, cold and hot", () => {
  const path = cString("/nowhere/at/all");
  let garbage: unknown[] = [];
  let wrong = 0;
  for (let i = 0; i < 120_000; i++) {
    if (settle(close(-1)) !== -EBADF) wrong++;
    if (i % 16 === 0) {
      garbage.push(new Uint8Array(256), { i }, `${i}`);
      if (settle(unlink(path)) !== -ENOENT) wrong++;
    }
    if (i % 60_000 === 0) {
      garbage = [];
      collectGarbage();
    }
  }
  assert.equal(wrong, 0);
});

Deno.test("settle() reads the errno of its own thread", async () => {
  const worker = new Worker(import.meta.resolve("./fixtures/errno_worker.ts"), { type: "module" });
  const wrong = new Promise<number>((resolve) => worker.onmessage = ({ data }) => resolve(data));
  let wrongHere = 0;
  for (let i = 0; i < 30_000; i++) if (settle(close(-1)) !== -EBADF) wrongHere++;
  assert.equal(await wrong, 0);
  assert.equal(wrongHere, 0);
  worker.terminate();
});

Deno.test("ErrnoError says what was tried, why it failed, and keeps the number", () => {
  const error = new ErrnoError('Cannot bind to "/run/app.sock"', ENOENT);
  assert.equal(error.message, 'Cannot bind to "/run/app.sock": no such file or directory (ENOENT)');
  assert.equal(error.errno, ENOENT);
  assert.equal(error.name, "ErrnoError");
  assert.ok(error instanceof Error);
});

Deno.test("describeErrno() has words for every number that the module exports, and says so for others", () => {
  const numbers = Object.entries(errno).filter(([name]) => /^E[A-Z]+$/.test(name));
  assert.ok(numbers.length > 25);
  for (const [name, number] of numbers) {
    assert.match(describeErrno(number as number), new RegExp(`^[a-z].* \\(${name}\\)$`));
  }
  assert.equal(describeErrno(9999), "error 9999");
});

Deno.test("expect() passes counts through and throws the sentence for -errno", () => {
  assert.equal(expect(0, "Cannot happen"), 0);
  assert.equal(expect(17, "Cannot happen"), 17);
  assert.throws(() => expect(-EBADF, "Cannot listen"), {
    name: "ErrnoError",
    message: "Cannot listen: not an open descriptor (EBADF)",
    errno: EBADF,
  });
});
