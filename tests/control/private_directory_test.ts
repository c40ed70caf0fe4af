/** Directories for what a process shares with its children: what a killed one has left goes with the next start. */

import assert from "node:assert/strict";
import { adopt, close, openForReading, tryLock } from "../../ffi/mod.ts";
import { PrivateDirectory } from "../../src/control/processes/private_directory.ts";
import { withoutLeaks } from "../support/descriptors.ts";
import { TemporaryDirectory } from "../support/processes.ts";

/** Above the greatest number that the kernel gives to a process (PID_MAX_LIMIT). */
const NOBODY = 2 ** 22 + 7;

Deno.test("PrivateDirectory: removes what killed processes have left, and nothing of those that live", async () => {
  await withoutLeaks(() => {
    using temporary = new TemporaryDirectory();
    const make = (name: string) => {
      Deno.mkdirSync(temporary.join(name), { mode: 0o700 });
      Deno.writeTextFileSync(temporary.join(`${name}/front.sock`), "");
    };
    const [left, locked, alive] = [`.${NOBODY}`, `.${NOBODY + 1}`, `.${Deno.ppid}`];
    for (const name of [left, locked, alive, "other", ".5x"]) make(name);
    // Of a process that has another number in its own container.
    const lock = adopt(openForReading(temporary.join(locked)));
    assert.ok(tryLock(lock));
    const directory = new PrivateDirectory(temporary.path);
    Deno.writeTextFileSync(directory.join("log-1"), "");
    const names = () => [...Deno.readDirSync(temporary.path)].map(({ name }) => name).sort();
    assert.deepEqual(names(), [locked, alive, `.${Deno.pid}`, ".5x", "other"].sort());
    directory.remove();
    assert.deepEqual(names(), [locked, alive, ".5x", "other"].sort());
    close(lock);
    return Promise.resolve();
  });
});
