/** SIGHUPs to a front that come faster than it can follow. */

import assert from "node:assert/strict";
import {
  type FrontProgram,
  PATIENT,
  type Program,
  startBackend,
  startFrontFrom,
  TemporaryDirectory,
} from "../support/processes.ts";
import { get } from "../support/raw_client.ts";
import { until, within } from "../support/waiting.ts";

/** A front whose configuration can be a pipe: it is being read for as long as the test wants. */
class SlowlyRead {
  readonly directory = new TemporaryDirectory();
  readonly path = this.directory.join("fdpass.json");
  front!: FrontProgram;
  backend!: Program;

  /** A configuration with a route of each of these names, all of them to the same file. */
  #configuration(...names: readonly string[]): string {
    const routes = names.map((name) => ({ path: `/${name}/`, to: `fd://${this.directory.join("a.sock")}` }));
    return JSON.stringify({ ...PATIENT, listen: "127.0.0.1:0", sites: [{ routes }] });
  }

  async start(): Promise<void> {
    this.directory.write("note", "a note");
    this.backend = await startBackend(this.directory.join("a.sock"), { static: this.directory.path });
    this.directory.write("fdpass.json", this.#configuration("first"));
    this.front = await startFrontFrom(this.path);
  }

  /** Lets another configuration be found at the path. */
  replace(...names: readonly string[]): void {
    Deno.renameSync(this.directory.write("next.json", this.#configuration(...names)), this.path);
  }

  /**
   * Sends SIGHUP while a pipe is at the path.
   *
   * @returns once the front reads it: what ends the reading, with a configuration of these routes
   */
  async reloadSlowly(): Promise<(...names: readonly string[]) => Promise<void>> {
    const pipe = this.directory.join("pipe");
    await new Deno.Command("mkfifo", { args: [pipe] }).output();
    Deno.renameSync(pipe, this.path);
    this.front.signal("SIGHUP");
    // open(2) waits for the reader.
    const file = await within(Deno.open(this.path, { write: true }), "the front to read its configuration");
    return async (...names) => {
      await file.write(new TextEncoder().encode(this.#configuration(...names)));
      file.close();
    };
  }

  /** How many reloads have been done. */
  get reloads(): number {
    return this.front.stderr.match(/configuration read again/g)?.length ?? 0;
  }

  async statusOf(...names: readonly string[]): Promise<number[]> {
    const statuses: number[] = [];
    for (const name of names) statuses.push((await get(this.front.port, `/${name}/note`)).status);
    return statuses;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.front?.[Symbol.asyncDispose]();
    await this.backend?.[Symbol.asyncDispose]();
    this.directory[Symbol.dispose]();
  }
}

Deno.test("front: what is read last is used last, and SIGHUPs during a reload make one more of them", async () => {
  await using slow = new SlowlyRead();
  await slow.start();
  const { front } = slow;
  assert.deepEqual(await slow.statusOf("first", "second", "third"), [200, 404, 404]);
  const finish = await slow.reloadSlowly();
  slow.replace("third");
  front.signal("SIGHUP");
  await front.message(/SIGHUP during a reload/);
  for (let times = 0; times < 3; times++) {
    front.signal("SIGHUP");
    await until(
      () => /^ShdPnd:\s+0+$/m.test(Deno.readTextFileSync(`/proc/${front.pid}/status`)),
      "its arrival",
    );
  }
  assert.equal(slow.reloads, 0);
  await finish("second");
  await until(() => slow.reloads === 2, () => `two reloads: ${front.stderr}`);
  assert.deepEqual(await slow.statusOf("first", "second", "third"), [404, 404, 200]);
  await front.stopCleanly();
  assert.equal(slow.reloads, 2);
  assert.equal(
    front.stderr.match(/SIGHUP during a reload/g)!.length,
    1,
    "one that changes nothing is no news",
  );
  await slow.backend.stopCleanly();
});

Deno.test("front: a configuration that is read when it drains already is not used any more", async () => {
  await using slow = new SlowlyRead();
  await slow.start();
  const { front } = slow;
  using begun = await Deno.connect({ port: front.port, hostname: "127.0.0.1" });
  await begun.write(new TextEncoder().encode("GET /first/note HTTP/1.1\r\n"));
  const finish = await slow.reloadSlowly();
  front.signal("SIGTERM");
  await front.message(/SIGTERM: finishing what is under way/);
  await finish("second");
  await begun.write(new TextEncoder().encode("Host: test\r\nConnection: close\r\n\r\n"));
  assert.match(await new Response(begun.readable).text(), /^HTTP\/1\.1 200 OK\r\n/);
  const { code, stderr } = await front.end();
  assert.equal(code, 0, stderr);
  assert.doesNotMatch(stderr, /read again|stays/);
  await slow.backend.stopCleanly();
});
