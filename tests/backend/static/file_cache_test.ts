/** Files that are kept from one request to the next: what is found, how much of it, and for how long. */

import assert from "node:assert/strict";
import { Directory } from "../../../src/backend/static/directory.ts";
import { FileCache, type FileCacheLimits, KeptFiles } from "../../../src/backend/static/file_cache.ts";
import { FileWatches } from "../../../src/backend/static/file_watches.ts";
import { OpenFile, SMALL } from "../../../src/backend/static/open_file.ts";
import { Loop } from "../../../src/loop/loop.ts";
import { ManualClock } from "../../support/clock.ts";
import { openDescriptors, withoutLeaks } from "../../support/descriptors.ts";

/** Milliseconds for which files are kept. */
const VALIDITY = 1_000;

/** A directory whose files are kept. */
interface Kept {
  readonly root: string;
  readonly directory: Directory;
  /** Opens a file, looks at it, and closes it. */
  readonly open: (name: string) => OpenFile;
  /** What a file says that is opened; what it is instead, if it is none. */
  readonly read: (name: string) => string;
  /** Lets what the kernel has told arrive. */
  readonly turn: () => void;
  /** The same, so many milliseconds later. */
  readonly later: (milliseconds: number) => void;
}

/** How many files of a directory this process has open. */
function openBelow(root: string): number {
  return [...openDescriptors().values()].filter((link) => link.startsWith(`${root}/`)).length;
}

/** A test with a file in a directory: `a`, and a large one, `large`. */
function testCache(
  name: string,
  body: (kept: Kept) => void,
  { watched = true, limits }: { watched?: boolean; limits?: FileCacheLimits } = {},
): void {
  Deno.test(name, () =>
    withoutLeaks(() => {
      const root = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "fdpass-" }));
      Deno.writeTextFileSync(`${root}/a`, "one");
      Deno.writeTextFileSync(`${root}/large`, "1".repeat(SMALL + 1));
      const clock = new ManualClock();
      const loop = new Loop(clock.read);
      const directory = new Directory(root, "beneath");
      const watches = watched ? FileWatches.open(loop.poller) : undefined;
      const kept = new KeptFiles(loop, VALIDITY, watches, limits);
      directory.cache = new FileCache(kept);
      const opened = (name: string) => directory.open(name);
      const open = (name: string) => {
        const file = opened(name);
        assert.ok(file instanceof OpenFile, `${name} is ${String(file)}`);
        file.close();
        return file;
      };
      const read = (name: string) => {
        const file = opened(name);
        if (!(file instanceof OpenFile)) return file;
        const bytes = new Uint8Array(file.size);
        const length = file.read(bytes, file.size, 0);
        file.close();
        return new TextDecoder().decode(bytes.subarray(0, length));
      };
      const turn = () => {
        loop.poller.tell(loop.poller.wait(0));
        loop.deadlines.expire(clock.now);
      };
      const later = (milliseconds: number) => {
        clock.now += milliseconds;
        turn();
      };
      try {
        body({ root, directory, open, read, turn, later });
      } finally {
        kept.close();
        directory.close();
        loop.close();
        Deno.removeSync(root, { recursive: true });
      }
    }));
}

testCache("what is asked for again is the same file, until its time is over", ({ open, later }) => {
  for (const name of ["a", "large"]) {
    const first = open(name);
    later(VALIDITY - 1);
    assert.equal(open(name), first);
    later(1);
    assert.notEqual(open(name), first);
  }
});

testCache("a small file is kept as its bytes, any other one open", ({ root, open, later }) => {
  open("a");
  assert.equal(openBelow(root), 0);
  open("large");
  assert.equal(openBelow(root), 1);
  later(VALIDITY);
  assert.equal(openBelow(root), 0);
});

testCache("a file of no bytes is kept, and so is one of as many as are read", ({ root, open, read }) => {
  for (const size of [0, 1, SMALL]) {
    Deno.writeTextFileSync(`${root}/${size}`, "x".repeat(size));
    const file = open(`${size}`);
    assert.equal(open(`${size}`), file);
    assert.equal(read(`${size}`).length, size);
  }
  assert.equal(openBelow(root), 0);
});

/** What may become of a file, and what is found then. */
const CHANGES: readonly (readonly [what: string, change: (path: string) => void, found: string])[] = [
  ["written in its place", (path) => Deno.writeTextFileSync(path, "two"), "two"],
  ["written longer", (path) => Deno.writeTextFileSync(path, "longer"), "longer"],
  ["cut short", (path) => Deno.truncateSync(path, 1), "o"],
  ["emptied", (path) => Deno.truncateSync(path, 0), ""],
  ["replaced", (path) => {
    Deno.writeTextFileSync(`${path}.next`, "next");
    Deno.renameSync(`${path}.next`, path);
  }, "next"],
  ["removed", (path) => Deno.removeSync(path), "missing"],
  ["removed and made again", (path) => {
    Deno.removeSync(path);
    Deno.writeTextFileSync(path, "new");
  }, "new"],
  ["renamed", (path) => Deno.renameSync(path, `${path}.old`), "missing"],
  ["replaced by a directory", (path) => {
    Deno.removeSync(path);
    Deno.mkdirSync(path);
  }, "directory"],
];

for (const [what, change, found] of CHANGES) {
  testCache(`a small file that is ${what} is at once what it has become`, ({ root, read, turn }) => {
    assert.equal(read("a"), "one");
    change(`${root}/a`);
    turn();
    assert.equal(read("a"), found);
  });

  testCache(`unwatched, one that is ${what} is so when its time is over`, ({ root, read, turn, later }) => {
    assert.equal(read("a"), "one");
    change(`${root}/a`);
    turn();
    assert.equal(read("a"), "one");
    later(VALIDITY);
    assert.equal(read("a"), found);
  }, { watched: false });

  testCache(`a large file that is ${what} is so at once, watched or not`, ({ root, read }) => {
    assert.equal(read("large").length, SMALL + 1);
    change(`${root}/large`);
    assert.equal(read("large"), found === "o" ? "1" : found);
  }, { watched: false });
}

testCache("another mode is a change: the file may not be ours to read any more", ({ root, open, turn }) => {
  for (const name of ["a", "large"]) {
    const before = open(name);
    Deno.chmodSync(`${root}/${name}`, 0o600);
    turn();
    assert.notEqual(open(name), before);
  }
});

testCache("all names of a file change with it", ({ root, read, turn }) => {
  Deno.linkSync(`${root}/a`, `${root}/b`);
  Deno.symlinkSync("a", `${root}/c`);
  for (const text of ["two", "three", "four"]) {
    Deno.writeTextFileSync(`${root}/b`, text);
    turn();
    for (const name of ["a", "b", "c"]) assert.equal(read(name), text);
  }
});

testCache("a name of a file is dropped without the others", ({ root, open, turn, later }) => {
  Deno.linkSync(`${root}/a`, `${root}/b`);
  open("a");
  later(VALIDITY / 2);
  const other = open("b");
  later(VALIDITY / 2);
  assert.equal(open("b"), other);
  Deno.writeTextFileSync(`${root}/a`, "two");
  turn();
  assert.notEqual(open("b"), other);
});

testCache("where a link or a directory leads counts when a file's time is over", ({ root, read, later }) => {
  for (const version of ["1", "2"]) {
    Deno.mkdirSync(`${root}/v${version}`);
    Deno.writeTextFileSync(`${root}/v${version}/a`, version);
  }
  const point = (version: string) => {
    Deno.symlinkSync(`v${version}`, `${root}/next`);
    Deno.renameSync(`${root}/next`, `${root}/current`);
  };
  point("1");
  assert.equal(read("current/a"), "1");
  point("2");
  later(VALIDITY);
  assert.equal(read("current/a"), "2");
  Deno.renameSync(`${root}/v1`, `${root}/v3`);
  Deno.renameSync(`${root}/v2`, `${root}/v1`);
  Deno.renameSync(`${root}/v3`, `${root}/v2`);
  later(VALIDITY);
  assert.equal(read("current/a"), "1");
});

testCache("what is not there is looked for each time", ({ root, read }) => {
  assert.equal(read("b"), "missing");
  Deno.writeTextFileSync(`${root}/b`, "here");
  assert.equal(read("b"), "here");
});

testCache("of another release nothing is kept from the one before", ({ root, directory, read }) => {
  assert.equal(read("a"), "one");
  Deno.mkdirSync(`${root}.next`);
  Deno.writeTextFileSync(`${root}.next/a`, "next");
  Deno.renameSync(root, `${root}.before`);
  Deno.renameSync(`${root}.next`, root);
  assert.equal(read("a"), "one");
  directory.renew(Infinity);
  assert.equal(read("a"), "next");
  Deno.removeSync(`${root}.before`, { recursive: true });
});

testCache(
  "who has a file has it until it is closed, whatever is kept",
  ({ root, directory, later, turn }) => {
    const file = directory.open("large");
    assert.ok(file instanceof OpenFile);
    later(VALIDITY);
    Deno.removeSync(`${root}/large`);
    turn();
    assert.equal(openBelow(root), 1);
    assert.equal(file.read(new Uint8Array(9), 9, SMALL), 1);
    file.close();
    assert.equal(openBelow(root), 0);
  },
);

const LIMITS = { files: 4, open: 2, bytes: 10 };

testCache("the oldest give way to the newest: by number", ({ root, open }) => {
  for (let n = 0; n < 6; n++) Deno.writeTextFileSync(`${root}/${n}`, "");
  const files = [0, 1, 2, 3, 4].map((n) => open(`${n}`));
  assert.deepEqual([1, 2, 3, 4].map((n) => open(`${n}`)), files.slice(1));
  assert.notEqual(open("0"), files[0]);
}, { limits: LIMITS });

testCache("the oldest give way to the newest: by bytes", ({ root, open }) => {
  for (const name of ["x", "y", "z"]) Deno.writeTextFileSync(`${root}/${name}`, "4444");
  const [x, y, z] = ["x", "y", "z"].map(open);
  assert.deepEqual([open("y"), open("z")], [y, z]);
  assert.notEqual(open("x"), x);
}, { limits: LIMITS });

testCache("the oldest give way to the newest: by what is open", ({ root, open }) => {
  const names = ["1", "2", "3", "4"];
  for (const name of names) Deno.writeTextFileSync(`${root}/${name}`, "x".repeat(SMALL + 1));
  const files = names.map(open);
  assert.equal(openBelow(root), 2);
  assert.deepEqual([open("3"), open("4")], files.slice(2));
}, { limits: LIMITS });
