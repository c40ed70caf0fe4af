import assert from "node:assert/strict";
import { commandLine, effectiveUser, processId } from "../../ffi/process.ts";
import { withoutLeaks } from "../support/descriptors.ts";
import { within } from "../support/waiting.ts";
import { fixture, fixtureArguments, runFixture } from "./children.ts";

Deno.test("processId() and effectiveUser() are what Deno says", () => {
  assert.equal(processId(), Deno.pid);
  assert.equal(effectiveUser(), Deno.uid());
});

Deno.test("commandLine() is what the kernel has, and leaves nothing open", () =>
  withoutLeaks(() => {
    const words = Deno.readTextFileSync("/proc/self/cmdline").split("\0").slice(0, -1);
    assert.ok(words.length > 1);
    assert.deepEqual(commandLine(), words);
  }));

Deno.test("raiseDescriptorLimit() goes to the hard limit, and says so again when it is there", async () => {
  const { stdout, stderr } = await runFixture("raise_limit.ts");
  const { soft, hard, first, second, after } = JSON.parse(stdout || `{"stderr":${JSON.stringify(stderr)}}`);
  assert.equal(soft, 100);
  assert.equal(hard, 200);
  assert.equal(first, 200);
  assert.equal(second, 200);
  assert.equal(after, 200);
});

/** Reads lines one by one; the end of the stream is undefined. */
class Lines {
  readonly #reader: ReadableStreamDefaultReader<string>;
  #rest = "";

  constructor(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
    this.#reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  }

  async next(): Promise<string | undefined> {
    while (!this.#rest.includes("\n")) {
      const { value, done } = await within(this.#reader.read(), "a line");
      if (done) return undefined;
      this.#rest += value;
    }
    const at = this.#rest.indexOf("\n");
    const line = this.#rest.slice(0, at);
    this.#rest = this.#rest.slice(at + 1);
    return line;
  }

  async cancel(): Promise<void> {
    await this.#reader.cancel();
  }
}

Deno.test("endWithParent() brings SIGTERM when the parent is killed, and says whether it was there at all", () =>
  withoutLeaks(async () => {
    // The child inherits the parent's standard output: what both say comes through one pipe.
    const parent = new Deno.Command(Deno.execPath(), {
      args: [...fixtureArguments("parent.ts"), fixture("child.ts")],
      stdin: "null",
      stdout: "piped",
    }).spawn();
    const lines = new Lines(parent.stdout);
    let child = 0;
    try {
      const ready = JSON.parse(await lines.next() ?? "null");
      child = ready.pid;
      assert.deepEqual(ready, { pid: child, parentThere: true, otherThere: false });
      parent.kill("SIGKILL");
      assert.equal(await lines.next(), "SIGTERM");
      assert.equal(await lines.next(), undefined);
      child = 0;
    } finally {
      if (child !== 0) Deno.kill(child, "SIGKILL");
      await parent.status;
      await lines.cancel();
    }
  }));
