import assert from "node:assert/strict";
import { adopt, close, copyDescriptor, openProcess, readMemory, SHUT_RDWR, shutdown } from "../../ffi/mod.ts";
import { until } from "../support/waiting.ts";
import { isRunning } from "../support/proc.ts";

/** A process that has its descriptors held, says where, and waits. */
const PROGRAM = `
import { addressOf, holdDescriptors, SOCK_STREAM, unixSocketPair } from "${new URL(
  "../../ffi/mod.ts",
  import.meta.url,
)}";
const bytes = Uint8Array.from({ length: 5000 }, (_, index) => index % 251);
const [until, other] = unixSocketPair(SOCK_STREAM, 0);
const holder = holdDescriptors(until);
// Opened afterwards, and held all the same.
const [one] = unixSocketPair(SOCK_STREAM, 0);
console.log(JSON.stringify({ holder, other, one, address: String(addressOf(bytes)) }));
// Until it is killed.
await new Promise((resolve) => setTimeout(resolve, 60_000));
`;

Deno.test("descriptors and memory of a process are there after it was killed, until somebody lets go", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", PROGRAM],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.getReader();
  const said = JSON.parse(new TextDecoder().decode((await reader.read()).value));
  await reader.cancel();
  const { holder, other, one, address } = said;
  assert.ok(holder > 0);
  child.kill("SIGKILL");
  await child.status;
  assert.ok(isRunning(holder));
  const life = adopt(openProcess(holder));
  const [kept, taken] = [other, one].map((fd) => adopt(copyDescriptor(life, fd)));
  const bytes = new Uint8Array(5_000);
  assert.ok(readMemory(holder, BigInt(address), bytes));
  assert.deepEqual(bytes, Uint8Array.from({ length: 5_000 }, (_, index) => index % 251));
  assert.ok(copyDescriptor(life, 9_999) < 0);
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) Deno.kill(holder, signal);
  assert.ok(isRunning(holder));
  // Whoever has the other end lets go.
  shutdown(kept!, SHUT_RDWR);
  await until(() => !isRunning(holder), "its end");
  for (const fd of [kept!, taken!, life]) close(fd);
});
