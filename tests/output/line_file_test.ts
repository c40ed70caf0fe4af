/** Lines on their way to real files, pipes and devices. */

import assert from "node:assert/strict";
import { adopt, close, expect, makeFifo, openFifo, readFile } from "../../ffi/mod.ts";
import { DeadlineSet } from "../../src/loop/deadlines.ts";
import { BATCH_TIME, LineFile, type OutputEvent } from "../../src/output/line_file.ts";
import { openOutput } from "../../src/output/open_output.ts";
import { AccessLogs } from "../../src/output/access_logs.ts";
import { record } from "../logs/records.ts";
import { withoutLeaks } from "../support/descriptors.ts";
import { TemporaryDirectory } from "../support/processes.ts";

/** A file, a clock that is put forward by hand, and what people were told. */
class Writing {
  readonly directory = new TemporaryDirectory();
  readonly set = new DeadlineSet();
  readonly events: OutputEvent[] = [];
  now = 0;
  readonly file: LineFile;

  constructor(path?: string) {
    this.file = new LineFile(
      path ?? this.path,
      this.set.list(BATCH_TIME),
      () => this.now,
      (event) => this.events.push(event),
    );
  }

  get path(): string {
    return this.directory.join("log");
  }

  /** Lets time pass, in steps of a batch. */
  pass(milliseconds: number): void {
    for (const end = this.now + milliseconds; this.now < end;) {
      this.now += BATCH_TIME;
      this.set.expire(this.now);
    }
  }

  get text(): string {
    return Deno.readTextFileSync(this.path);
  }

  [Symbol.dispose](): void {
    this.file.close();
    this.directory[Symbol.dispose]();
  }
}

function leakless(name: string, test: () => void): void {
  Deno.test(name, () => withoutLeaks(() => Promise.resolve(test())));
}

leakless("LineFile: a line waits for others no longer than its time", () => {
  using writing = new Writing();
  writing.file.write("one\n");
  writing.file.write("two\n");
  assert.equal(writing.text, "");
  writing.pass(BATCH_TIME);
  assert.equal(writing.text, "one\ntwo\n");
  writing.file.write("three\n");
  writing.pass(BATCH_TIME);
  assert.equal(writing.text, "one\ntwo\nthree\n");
  assert.equal(Deno.statSync(writing.path).mode! & 0o7777, 0o640 & ~Deno.umask());
  assert.deepEqual(writing.events, []);
});

leakless("LineFile: what is full is written at once, and a line of any length is whole", () => {
  using writing = new Writing();
  const line = `${"x".repeat(99)}\n`;
  for (let index = 0; index < 1_000; index++) writing.file.write(line);
  assert.ok(writing.text.length > 60_000);
  const long = `${"y".repeat(100_000)}\n`;
  writing.file.write(long);
  writing.file.flush();
  assert.equal(writing.text, line.repeat(1_000) + long);
});

leakless("LineFile: a file that was moved away is opened anew, and nothing is lost", () => {
  using writing = new Writing();
  const moved = writing.directory.join("log.1");
  writing.file.write("before\n");
  Deno.renameSync(writing.path, moved);
  writing.file.reopen();
  writing.file.write("after\n");
  writing.file.flush();
  assert.equal(Deno.readTextFileSync(moved), "before\n");
  assert.equal(writing.text, "after\n");
});

leakless("LineFile: what cannot be opened anew leaves the old file in use", () => {
  using writing = new Writing();
  const moved = writing.directory.join("log.1");
  Deno.renameSync(writing.path, moved);
  Deno.mkdirSync(writing.path);
  writing.file.reopen();
  writing.file.write("a line\n");
  writing.file.flush();
  assert.equal(Deno.readTextFileSync(moved), "a line\n");
  assert.deepEqual(writing.events.map(({ type }) => type), ["output-stays"]);
});

leakless("LineFile: a full disk is told once, and holds nobody up", () => {
  using writing = new Writing("/dev/full");
  for (let index = 0; index < 10_000; index++) {
    writing.file.write(`${"x".repeat(99)}\n`);
    if (index % 100 === 0) writing.pass(BATCH_TIME);
  }
  assert.deepEqual(writing.events, [
    { type: "output-failed", path: "/dev/full", reason: "no space left on the device (ENOSPC)" },
  ]);
  writing.file.close();
  assert.deepEqual(writing.events.at(-1), { type: "output-works", path: "/dev/full", dropped: 10_000 });
});

/** A FIFO with a reader that reads when the test says so. */
class Fifo {
  readonly directory = new TemporaryDirectory();
  readonly path = this.directory.join("fifo");
  readonly fd;
  #gone = false;

  constructor() {
    expect(makeFifo(this.path, 0o600), "mkfifo");
    this.fd = adopt(expect(openFifo(this.path), "open"));
  }

  /** All that is in it. */
  read(): string {
    const bytes = new Uint8Array(1 << 20);
    let text = "";
    for (;;) {
      const length = readFile(this.fd, bytes, BigInt(bytes.length));
      if (length <= 0) return text;
      text += new TextDecoder().decode(bytes.subarray(0, length));
    }
  }

  /** Closes what reads. */
  goAway(): void {
    if (this.#gone) return;
    this.#gone = true;
    close(this.fd);
  }

  [Symbol.dispose](): void {
    this.goAway();
    this.directory[Symbol.dispose]();
  }
}

leakless("LineFile: a reader that does not read costs lines, whole ones, and is told once", () => {
  using fifo = new Fifo();
  using writing = new Writing(fifo.path);
  const total = 20_000;
  for (let index = 0; index < total; index++) {
    writing.file.write(`${String(index).padStart(99)}\n`);
    if (index % 100 === 0) writing.pass(BATCH_TIME);
  }
  assert.deepEqual(writing.events, [
    { type: "output-failed", path: fifo.path, reason: "whoever reads it does not keep up" },
  ]);
  let text = "";
  for (let index = 0; index < 50; index++) {
    text += fifo.read();
    writing.pass(BATCH_TIME);
  }
  writing.file.write("the last\n");
  writing.pass(BATCH_TIME);
  text += fifo.read();
  assert.match(text, /^(?: *\d+\n)+the last\n$/);
  const came = text.split("\n").length - 2;
  const [, works] = writing.events;
  assert.ok(works?.type === "output-works");
  assert.equal(came + works.dropped, total);
  assert.ok(came > 1_000 && works.dropped > 1_000, `${came} came`);
});

leakless("LineFile: a reader that keeps up now and then is told of less and less often", () => {
  using fifo = new Fifo();
  using writing = new Writing(fifo.path);
  // Ten minutes. It reads for two seconds out of four.
  for (let now = 0; now < 600_000; now += BATCH_TIME) {
    for (let index = 0; index < 60; index++) writing.file.write(`${"x".repeat(99)}\n`);
    if (now % 4_000 < 2_000) fifo.read();
    writing.pass(BATCH_TIME);
  }
  const failed = writing.events.filter(({ type }) => type === "output-failed").length;
  assert.ok(failed >= 1 && failed <= 10, `told ${failed} times`);
});

leakless("LineFile: a reader that does not keep up, then goes, has another one after it", () => {
  using fifo = new Fifo();
  using writing = new Writing(fifo.path);
  for (let index = 0; index < 20_000; index++) writing.file.write(`${String(index).padStart(99)}\n`);
  writing.pass(BATCH_TIME);
  fifo.goAway();
  writing.pass(2_000);
  Deno.removeSync(fifo.path);
  Deno.writeTextFileSync(fifo.path, "");
  writing.file.write("lost\n");
  writing.pass(2_000);
  writing.file.write("heard\n");
  writing.pass(2_000);
  assert.match(Deno.readTextFileSync(fifo.path), /heard\n$/);
});

leakless("LineFile: a pipe without a reader is told once, and used as soon as there is one", () => {
  using directory = new TemporaryDirectory();
  const path = directory.join("fifo");
  expect(makeFifo(path, 0o600), "mkfifo");
  using writing = new Writing(path);
  writing.file.write("lost\n");
  writing.pass(500);
  const reader = adopt(expect(openFifo(path), "open"));
  writing.pass(1_000);
  writing.file.write("heard\n");
  writing.pass(BATCH_TIME);
  const bytes = new Uint8Array(100);
  const length = readFile(reader, bytes, 100n);
  assert.equal(new TextDecoder().decode(bytes.subarray(0, length)), "heard\n");
  assert.equal(writing.events[0]?.type, "output-failed");
  close(reader);
});

leakless("AccessLog: a million lines leave no memory behind, whether they can be written or not", () => {
  const set = new DeadlineSet();
  let now = 0;
  const surroundings = { batches: set.list(BATCH_TIME), clock: () => now, report: () => {} };
  for (const to of ["/dev/null", "/dev/full"]) {
    const logs = new AccessLogs(
      { logs: [{ to, format: "combined" }], otherwise: [0], sites: [] },
      surroundings,
    );
    const [log] = logs.of("", 80);
    const one = log!.of(record());
    const write = (lines: number) => {
      for (let index = 0; index < lines; index++) {
        one.write();
        if (index % 1_000 === 0) set.expire(now += BATCH_TIME);
      }
    };
    write(100_000);
    const before = Deno.memoryUsage().heapUsed;
    write(900_000);
    // What one line more would leave behind is at least a word: far more than this in all.
    assert.ok(Deno.memoryUsage().heapUsed - before < 32 << 20, to);
    logs.close();
  }
});

leakless(
  "Output.takeBack(): the end of what was written last goes, unless somebody has written behind it",
  () => {
    using directory = new TemporaryDirectory();
    const path = directory.join("log");
    const [one, other] = [openOutput(path), openOutput(path)];
    assert.ok(typeof one === "object" && typeof other === "object");
    const bytes = new TextEncoder().encode("whole\nhal");
    one.write(bytes, bytes.length);
    assert.equal(one.takeBack(3), true);
    assert.equal(Deno.readTextFileSync(path), "whole\n");
    other.write(bytes, bytes.length);
    one.write(bytes, 6);
    assert.equal(other.takeBack(3), false);
    assert.equal(Deno.readTextFileSync(path), "whole\nwhole\nhalwhole\n");
    for (const { fd } of [one, other]) close(fd);
  },
);
