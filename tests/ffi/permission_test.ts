import assert from "node:assert/strict";
import { libcCandidates } from "../../ffi/libc.ts";
import { runFixture } from "./children.ts";

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

const candidates = libcCandidates(Deno.build.os, Deno.build.arch);
const library = candidates.find(exists)!;

Deno.test("the C library is all that --allow-ffi need name", async () => {
  const { stdout, stderr } = await runFixture("permission.ts", [`--allow-ffi=${library}`]);
  assert.deepEqual(JSON.parse(stdout || "null"), {
    unsafePointer: "denied",
    request: "passed on",
    descriptors: 1,
    peer: "127.0.0.1",
    ready: 1,
    errno: 9,
  }, stderr);
});

for (const permissions of [[], ["--allow-ffi=/usr/lib/other.so"]]) {
  Deno.test(`without the permission one sentence says which is missing: deno run ${permissions.join(" ")}`, async () => {
    const { code, stdout, stderr } = await runFixture("permission.ts", permissions);
    assert.deepEqual(JSON.parse(stdout || "null"), {
      name: "UnsupportedSystemError",
      message: `Calling the C library is not allowed; run again with --allow-ffi=${candidates[0]}`,
    }, stderr);
    assert.equal(code, 1);
    assert.equal(stderr, "");
  });
}
