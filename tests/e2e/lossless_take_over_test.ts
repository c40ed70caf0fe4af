/** Fronts take over from each other again and again, and no client of any kind notices. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { Fronts } from "../control/fronts.ts";
import { Begun, Conversation, Events, LARGE, SlowDownload } from "../control/take_over_crowd.ts";
import { listeningAt, Visitors } from "../control/take_over_load.ts";
import { tell } from "../support/load.ts";
import { isInstalled } from "../support/other_programs.ts";
import { fixture, Program, startBackend } from "../support/processes.ts";
import { until, within } from "../support/waiting.ts";

const TAKE_OVERS = 20;
const PARKED = 1_000;
/** Of each kind of client that is in the middle of something. */
const EACH = 3;
/** Workers of the fronts, one after another; then they have one. */
const WORKERS = [4, 1, 8];
/** Milliseconds within which the old process is to have ended. */
const SOON = 1_000;

const REQUEST = "GET /small.txt HTTP/1.1\r\nHost: a\r\n";

Deno.test(`${TAKE_OVERS} take-overs under load of every kind: nobody is reset, refused or told an error`, async (t) => {
  using fronts = new Fronts();
  fronts.write("large.bin", LARGE);
  const route = (path: string, name: string) => ({ path, to: name, keepAlive: "return" });
  const [app, late] = [fronts.join("app.sock"), fronts.join("late.sock")];
  fronts.configure({
    // Some wait from the first take-over to the last.
    headTimeout: "10m",
    queueTimeout: "10m",
    maxParked: 2 * PARKED,
    sites: [{ routes: [route("/", "files"), route("/app/", "app"), route("/late/", "late")] }],
    backends: { files: { socket: fronts.socket }, app: { socket: app }, late: { socket: late } },
  });
  await using files = await startBackend(fronts.socket, { static: fronts.path });
  await using streams = new Program(["backend", "--socket", app, "--fetch", fixture("streams.ts")], {
    permissions: ["--allow-all"],
  });
  await streams.line(/^fdpass backend \S+ ready on /m);
  let front = await fronts.ready([fronts.configuration, "--workers", "4"]);
  const { port } = fronts;
  const inodes = listeningAt(port);
  assert.equal(inodes.length, 4);

  using stack = new DisposableStack();
  const visitors = new Visitors(port);
  await visitors.park(PARKED);
  const waiting = stack.use(await Begun.begin(port, EACH, `${REQUEST.replace("/", "/late/")}\r\n`));
  const typing = stack.use(await Begun.begin(port, EACH, REQUEST, "Connection: close\r\n\r\n"));
  const downloads: SlowDownload[] = [], events: Events[] = [], conversations: Conversation[] = [];
  for (let count = 0; count < EACH; count++) {
    downloads.push(stack.use(await SlowDownload.begin(port)));
    events.push(stack.use(await Events.begin(port)));
    conversations.push(stack.use(await Conversation.begin(port)));
  }
  visitors.comeAndGo();
  visitors.stay();

  /** Milliseconds from the word of a new front that it is the front to the end of the old process. */
  const ends: number[] = [];
  for (let round = 1; round <= TAKE_OVERS; round++) {
    const next = await fronts.takeOver(WORKERS[round] ?? 1);
    const { code, stderr, milliseconds } = await front.end(performance.now());
    assert.equal(code, 0, stderr);
    ends.push(milliseconds);
    front = next;
    const now = listeningAt(port);
    assert.deepEqual(inodes.filter((inode) => !now.includes(inode)), [], "a listening socket is gone");
    await Promise.all(downloads.map((download) => download.read(LARGE.length / 2 / TAKE_OVERS)));
    await Promise.all(events.map((stream) => stream.next()));
    await Promise.all(conversations.map((conversation) => conversation.exchange(`take-over ${round}`)));
  }
  // With eight Workers there were eight sockets, and so there are still.
  assert.equal(listeningAt(port).length, 8);
  const soon = ends.filter((milliseconds) => milliseconds < SOON).length;

  Deno.mkdirSync(fronts.join("late"));
  fronts.write("late/small.txt", "small\n");
  await using other = await startBackend(late, { static: fronts.path }, ["--name", "late"]);
  const answers = [...await waiting.finish(), ...await typing.finish()];
  const whole = await Promise.all(downloads.map((download) => download.isWhole()));
  const counts = await visitors.leave();
  const others = Object.entries(counts).filter(([what]) => !what.endsWith(": 200"));
  await tell(
    t,
    `${TAKE_OVERS} take-overs: ${JSON.stringify(counts)}, waiting and typing ${JSON.stringify(answers)}; ` +
      `${whole.length} downloads, ${events.length} streams of events, ${conversations.length} WebSockets went on; ` +
      `the old process was gone within ${SOON} ms ${soon} times, after ${
        Math.round(Math.max(...ends))
      } ms at most`,
  );
  assert.deepEqual(others, []);
  assert.deepEqual(answers, Array(2 * EACH).fill("200"));
  assert.deepEqual(whole.filter((is) => !is), []);
  assert.equal(counts["parked: 200"], PARKED);
  // Half of them at least: a busy machine may keep one waiting that has nothing left to do.
  assert.ok(soon > TAKE_OVERS / 2, `${soon} of ${TAKE_OVERS} were gone in time: ${ends.map(Math.round)}`);
  stack.dispose();
  for (const program of [front, other, streams, files]) await program.stopCleanly();
});

const [HOST, CLIENT, SYNS] = ["10.17.0.1", "10.17.0.2", 40];
const HALF_DONE = fileURLToPath(new URL("../control/half_done.py", import.meta.url));
const noNetwork = isInstalled("unshare", "--net", "sh", "-c", "python3 -V && test -w /dev/net/tun")
  ? undefined
  : "there can be no network of its own";

Deno.test({
  name: `handshakes that are half done while a front is succeeded come to their end with the next one${
    noNetwork === undefined ? "" : ` (left out: ${noNetwork})`
  }`,
  ignore: noNetwork !== undefined,
  fn: async () => {
    using fronts = new Fronts();
    fronts.configure({ listen: `${HOST}:${fronts.port}` });
    await using files = await startBackend(fronts.socket, { static: fronts.path });
    const network = new Deno.Command("unshare", {
      args: ["--net", "python3", HALF_DONE, HOST, CLIENT, String(fronts.port), String(SYNS)],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    let output = "";
    const reading = (async () => {
      for await (const text of network.stdout.pipeThrough(new TextDecoderStream())) output += text;
    })();
    const writer = network.stdin.getWriter();
    const step = (name: string) => writer.write(new TextEncoder().encode(`${name}\n`));
    try {
      const [, process] = await until(() => /^made (\d+)$/m.exec(output) ?? undefined, "a network");
      const there = { through: ["nsenter", `--net=/proc/${process}/ns/net`] };
      await using old = await fronts.ready([fronts.configuration, "--workers", "2"], there);
      await step("begin");
      await until(() => output.includes(`half done ${SYNS}`), () => `half of the handshakes: ${output}`);
      await using next = await fronts.ready([fronts.configuration, "--take-over", "--workers", "3"], there);
      assert.equal((await old.end()).code, 0);
      await step("finish");
      await until(() => output.includes("answered"), () => `answers: ${output}`);
      assert.match(output, new RegExp(`^answered ${SYNS}, reset 0$`, "m"));
      await next.stopCleanly();
      await files.stopCleanly();
    } finally {
      await writer.close().catch(() => {});
      await within(network.status, "the end of the network").catch(() => network.kill("SIGKILL"));
      await reading;
    }
  },
});
