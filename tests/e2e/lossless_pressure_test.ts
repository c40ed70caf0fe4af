/** Backpressure: who does not read holds up nobody but those who want it. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { ALLOW_LIBC, TemporaryDirectory } from "../support/processes.ts";
import { assertAllAnswered, describeLoad, startLoad, tell } from "../support/load.ts";
import {
  found,
  kindsAtRest,
  openKinds,
  startApplication,
  startWith,
  untilKinds,
} from "../support/lossless.ts";
import { named, noLimits, noOtherUser, OTHER_USER, ReadableCopy } from "../support/other_user.ts";
import { pause, until, within } from "../support/waiting.ts";

const HOG = fileURLToPath(new URL("./fixtures/lossless_hog.ts", import.meta.url));
const ROOT = fileURLToPath(new URL("../../", import.meta.url));

Deno.test("a stuck backend holds up nobody on another route", async (t) => {
  using directory = new TemporaryDirectory();
  await using stuck = await startApplication(directory.join("stuck.sock"));
  await using good = await startApplication(directory.join("good.sock"));
  await using front = await startWith("front", {
    listen: ["127.0.0.1:0"],
    sites: [{
      routes: [
        { path: "/stuck", to: `fd://${directory.join("stuck.sock")}` },
        { path: "/", to: `fd://${directory.join("good.sock")}` },
      ],
    }],
  });
  await found(front, "stuck");
  await found(front, "good");
  const before = await kindsAtRest(front.pid, stuck.pid, good.pid);
  stuck.signal("SIGSTOP");
  await using waiting = startLoad(front.port, {
    total: 400,
    concurrency: 400,
    path: "/stuck",
    patience: 60_000,
  });
  // All of them are in the front: as many under way as may be, the others in line.
  await until(() => (openKinds(front.pid).socket ?? 0) >= before[0]!.socket! + 400, "the clients to connect");
  await using load = startLoad(front.port, { total: 5_000, firstId: 1_001 });
  const result = await load.result();
  await tell(t, `beside 400 connections for a stopped backend: ${describeLoad(result)}`);
  assertAllAnswered(result);
  assert.equal(waiting.finished, 0);
  stuck.signal("SIGCONT");
  const late = await waiting.result();
  await tell(t, `and once it goes on: ${describeLoad(late)}`);
  assertAllAnswered(late);
  for (const [index, pid] of [front.pid, stuck.pid, good.pid].entries()) {
    await untilKinds(pid, before[index]!);
  }
});

Deno.test({
  ...named("descriptors under way of another process of the user", noOtherUser, noLimits),
  async fn(t) {
    using directory = new TemporaryDirectory();
    using copy = await ReadableCopy.make();
    const { through, environment, installation } = copy.user;
    const socket = directory.join("app.sock");
    await using backend = await startApplication(socket, [
      "--mode",
      "666",
      "--allow-user",
      String(OTHER_USER),
    ]);
    Deno.chmodSync(directory.path, 0o755);
    // Root is exempt from the limit on descriptors under way, so the front is somebody else.
    await using front = await startWith(
      "front",
      {
        listen: ["127.0.0.1:0"],
        sites: [{ to: `fd://${socket}` }],
      },
      [],
      { through: [...through, "prlimit", "--nofile=200:200"], environment, installation },
    );
    await found(front, "app");
    const before = await kindsAtRest(front.pid, backend.pid);

    const hog = new Deno.Command(through[0]!, {
      args: [
        ...through.slice(1),
        installation.deno,
        "run",
        "--quiet",
        "--no-prompt",
        ALLOW_LIBC,
        HOG.replace(ROOT, installation.root),
        "300",
        "200",
      ],
      cwd: installation.root,
      env: environment,
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    try {
      const reader = hog.stdout.pipeThrough(new TextDecoderStream()).getReader();
      const { value } = await within(reader.read(), "descriptors to be under way");
      assert.match(value!, /^under way 300, then -109 /, "the kernel refuses more: ETOOMANYREFS");
      await reader.cancel();
      await using load = startLoad(front.port, { total: 120, concurrency: 120 });
      await until(
        () => (openKinds(front.pid).socket ?? 0) >= before[0]!.socket! + 120,
        "the clients to connect",
      );
      // Long enough for many attempts, each of which the kernel refuses.
      await pause(300);
      assert.equal(load.finished, 0, "nothing can be handed over");
      assert.doesNotMatch(front.stderr, /lost|refused/);
      await hog.stdin.close();
      const result = await load.result();
      await tell(t, `300 descriptors under way of 200 allowed, then none: ${describeLoad(result)}`);
      assertAllAnswered(result);
    } finally {
      try {
        hog.kill("SIGKILL");
      } catch {
        // It has ended by itself.
      }
      await hog.status;
    }
    await using more = startLoad(front.port, { total: 2_000, firstId: 1_001 });
    assertAllAnswered(await more.result());
    for (const [index, pid] of [front.pid, backend.pid].entries()) await untilKinds(pid, before[index]!);
  },
});
