import assert from "node:assert/strict";
import { adopt } from "../../ffi/descriptor.ts";
import { openFile } from "../../ffi/file.ts";
import { changedFiles, createInotify, unwatchFile, watchFile } from "../../ffi/inotify.ts";
import { descriptorFlags } from "../support/descriptors.ts";
import { fileTest, opened } from "./files.ts";

const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;

/** What may happen to a file with two names, `a` and `b`, and whether it is a change. */
const EVENTS: readonly (readonly [name: string, happen: (directory: string) => void, told: boolean])[] = [
  ["content in its place", (at) => Deno.writeTextFileSync(`${at}/a`, "other"), true],
  ["content under its other name", (at) => Deno.writeTextFileSync(`${at}/b`, "other"), true],
  ["more content", (at) => Deno.writeTextFileSync(`${at}/a`, "more", { append: true }), true],
  ["less content", (at) => Deno.truncateSync(`${at}/a`, 1), true],
  ["another mode", (at) => Deno.chmodSync(`${at}/a`, 0o600), true],
  ["another time", (at) => Deno.utimeSync(`${at}/a`, 1, 1), true],
  ["its name removed", (at) => Deno.removeSync(`${at}/a`), true],
  ["another file in its place", (at) => {
    Deno.writeTextFileSync(`${at}/next`, "next");
    Deno.renameSync(`${at}/next`, `${at}/a`);
  }, true],
  ["another name", (at) => Deno.renameSync(`${at}/a`, `${at}/c`), true],
  ["one more name", (at) => Deno.linkSync(`${at}/a`, `${at}/c`), true],
  ["being read", (at) => void Deno.readTextFileSync(`${at}/a`), false],
  ["another file beside it", (at) => Deno.writeTextFileSync(`${at}/c`, ""), false],
];

for (const [name, happen, told] of EVENTS) {
  fileTest(`a watch ${told ? "tells" : "does not tell"} of ${name}, once`, (directory, held) => {
    Deno.writeTextFileSync(`${directory}/a`, "one");
    Deno.linkSync(`${directory}/a`, `${directory}/b`);
    const inotify = opened(held, createInotify());
    assert.equal(descriptorFlags(inotify) & (O_NONBLOCK | O_CLOEXEC), O_NONBLOCK | O_CLOEXEC);
    const file = opened(held, openFile(`${directory}/a`));
    const watch = watchFile(inotify, file);
    assert.ok(watch > 0);
    assert.deepEqual(changedFiles(inotify), []);
    happen(directory);
    assert.deepEqual(changedFiles(inotify), told ? [watch] : []);
    Deno.writeTextFileSync(`${directory}/b`, "again");
    assert.deepEqual(changedFiles(inotify), told ? [] : [watch]);
  });
}

fileTest("descriptors of one file have one watch, which stays when they are closed", (directory, held) => {
  Deno.writeTextFileSync(`${directory}/a`, "one");
  const inotify = opened(held, createInotify());
  const [first, second] = [1, 2].map(() => opened(held, openFile(`${directory}/a`)));
  const watch = watchFile(inotify, first!);
  assert.equal(watchFile(inotify, second!), watch);
  held.close(first!);
  held.close(second!);
  Deno.writeTextFileSync(`${directory}/a`, "two");
  assert.deepEqual(changedFiles(inotify), [watch]);
});

fileTest("what is not watched any more has nothing to tell but its end", (directory, held) => {
  Deno.writeTextFileSync(`${directory}/a`, "one");
  const inotify = opened(held, createInotify());
  const file = opened(held, openFile(`${directory}/a`));
  const watch = watchFile(inotify, file);
  unwatchFile(inotify, watch);
  unwatchFile(inotify, watch);
  Deno.writeTextFileSync(`${directory}/a`, "two");
  assert.deepEqual(changedFiles(inotify), [watch]);
  assert.deepEqual(changedFiles(inotify), []);
  assert.notEqual(watchFile(inotify, file), watch);
});

fileTest("a watch on nothing is an error, not an exception", (_, held) => {
  const inotify = opened(held, createInotify());
  assert.ok(watchFile(inotify, adopt(1_000_000)) < 0);
});
