import assert from "node:assert/strict";
import { libcCandidates, UnsupportedSystemError } from "../../ffi/libc.ts";

Deno.test("libcCandidates() knows where the C library is on both architectures, and asks the linker last", () => {
  for (const arch of ["x86_64", "aarch64"]) {
    const candidates = libcCandidates("linux", arch);
    assert.equal(candidates[0], `/lib/${arch}-linux-gnu/libc.so.6`);
    assert.equal(candidates.at(-1), "libc.so.6");
  }
});

for (const [os, arch] of [["darwin", "aarch64"], ["windows", "x86_64"], ["linux", "riscv64"]] as const) {
  Deno.test(`libcCandidates() says in one sentence that ${os} on ${arch} is not supported`, () => {
    assert.throws(() => libcCandidates(os, arch), (error) => {
      assert.ok(error instanceof UnsupportedSystemError);
      assert.equal(
        error.message,
        "fdpass passes descriptors with Linux system calls and runs on Linux (x86_64 or aarch64) only; " +
          `this is ${os} on ${arch}`,
      );
      return true;
    });
  });
}
