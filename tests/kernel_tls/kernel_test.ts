// TLS under a kernel that does it, where this machine's mostly does not: a script beside the checkout boots one in a
// virtual machine. Run apart, by `deno task test:kernel`, for it takes minutes.
import assert from "node:assert/strict";
import { missing, runInside } from "./machine.ts";

/** For all of it, on a machine that does something else besides: alone it takes a third of that. */
const SECONDS = 900;
/** What nobody needs in there: programs that make others. */
const AGREED = /\(left out: there is no (go|cc)\)/;

const lack = missing();

Deno.test(`clients, files, ends and new keys under a kernel that does TLS${lack && ` (left out: ${lack})`}`, {
  ignore: lack !== "",
}, async () => {
  const { code, text } = await runInside(SECONDS, ["tests/kernel_tls/connections.ts"]);
  assert.equal(code, 0, text);
  assert.match(text, /^ok \| \d+ passed .*0 failed/m);
  const left = text.split("\n").filter((line) => / \.\.\. ignored/.test(line) && !AGREED.test(line));
  assert.deepEqual(left, []);
});
