import assert from "node:assert/strict";
import type { Facts } from "../../src/demo/facts.ts";
import type { Beat } from "../../src/demo/live.ts";
import { acceptedSocket, commandLine, socketsOf } from "../support/proc.ts";
import { until } from "../support/waiting.ts";
import { Demo, exists, LiveConnection, portToTry, untilGone } from "./demo_program.ts";

/** The parent of a process, as the kernel knows it. */
function parentOf(process: number): number {
  return Number(/^PPid:\s+(\d+)$/m.exec(Deno.readTextFileSync(`/proc/${process}/status`))![1]);
}

Deno.test("demo: what it says about processes is what the kernel says", async () => {
  await using demo = await Demo.start();
  const { answeredBy, acceptedBy, files, connectedTo, client, proxyFields } = await demo.facts();
  assert.equal(answeredBy.parent, demo.pid);
  const processes = [answeredBy.process, acceptedBy.process, files.process!];
  assert.equal(new Set(processes).size, 3);
  assert.deepEqual(processes.map(parentOf), [demo.pid, demo.pid, demo.pid]);
  const [app, front, other] = processes.map((process) => commandLine(process).join(" "));
  assert.match(app!, / backend .*--fetch .*--name app /);
  assert.match(front!, / front - /);
  assert.match(other!, / backend .*--static .*--name files /);
  assert.deepEqual(connectedTo, { hostname: "127.0.0.1", port: demo.port });
  assert.equal(client.hostname, "127.0.0.1");
  assert.deepEqual(proxyFields, []);

  const { proxyFields: sent, client: again, answeredBy: { connections } } = await demo.facts({
    "X-Forwarded-For": "192.0.2.1",
  });
  assert.deepEqual(sent, ["x-forwarded-for"]);
  assert.equal(again.hostname, "127.0.0.1");
  // The page and the files are two backends', and a client may come back on the connection that it had.
  const isNew = again.port !== client.port;
  assert.equal(connections, answeredBy.connections + (isNew ? 1 : 0));
  assert.equal((await demo.stop()).code, 0);
});

Deno.test("demo: browsers get a page that needs nothing from elsewhere, others get text", async () => {
  await using demo = await Demo.start();
  const { answeredBy, acceptedBy, files } = await demo.facts();
  const response = await demo.get("/", { Accept: "text/html,application/xhtml+xml,*/*;q=0.8" });
  assert.equal(response.headers.get("content-type"), "text/html; charset=utf-8");
  assert.match(response.headers.get("content-security-policy")!, /^default-src 'none'/);
  const page = await response.text();
  for (const process of [answeredBy.process, acceptedBy.process, files.process]) {
    assert.ok(page.includes(`process ${process}`), `the page does not name process ${process}`);
  }
  assert.doesNotMatch(page, /(?:src|href)="(?!data:|\/)|@import|url\((?!#)/);

  const text = await demo.get("/", { Accept: "*/*" });
  assert.equal(text.headers.get("content-type"), "text/plain; charset=utf-8");
  assert.equal(text.headers.get("vary"), "Accept");
  const lines = await text.text();
  assert.match(lines, new RegExp(`^answered by +process ${answeredBy.process}, the backend "app"$`, "m"));
  assert.match(lines, new RegExp(`^accepted by +process ${acceptedBy.process}, `, "m"));
  assert.doesNotMatch(lines, /</);

  const note = await demo.get("/files/note.txt");
  assert.match(await note.text(), /from the backend "files"/);
  assert.match(await (await demo.get("/files/")).text(), /<h1>Files<\/h1>/);
  const missing = await demo.get("/nothing");
  assert.equal(missing.status, 404);
  await missing.body?.cancel();
  assert.equal((await demo.stop()).code, 0);
});

Deno.test("demo: the socket of a stream is the app's and no more the front's, and outlives the front", async () => {
  await using demo = await Demo.start();
  using live = await LiveConnection.open(demo.port);
  const facts = (await live.next<Facts>("facts"))!;
  const first = (await live.next<Beat>("beat"))!;
  assert.equal(first.messages, 1);
  assert.equal(facts.client.port, live.port);
  const number = acceptedSocket(demo.port, live.port);
  assert.equal(facts.socket?.number, number);
  const link = `/proc/${facts.answeredBy.process}/fd/${facts.socket!.descriptor}`;
  assert.equal(Deno.readLinkSync(link), `socket:[${number}]`);
  const front = facts.acceptedBy.process;
  await until(() => !socketsOf(front).has(number!), "the front to close its copy");
  const second = (await live.next<Beat>("beat"))!;
  assert.equal(second.messages, 2);
  assert.ok(second.bytes > first.bytes);
  // One that was sent before that may have come later.
  const alone = await until(async () => {
    const beat = (await live.next<Beat>("beat"))!;
    return beat.frontDescriptor === null && beat;
  }, "the stream to tell it");
  assert.equal(alone.frontRuns, true);

  Deno.kill(front, "SIGKILL");
  await untilGone(front);
  await until(async () => (await live.next<Beat>("beat"))!.frontRuns === false, "the stream to tell it");
  await demo.line(/ready on 127[^]*ready on 127/);
  const { acceptedBy, answeredBy } = await demo.facts();
  assert.notEqual(acceptedBy.process, front);
  assert.equal(answeredBy.process, facts.answeredBy.process);
  assert.ok(await live.next<Beat>("beat"));
  assert.equal((await demo.stop()).code, 0);
});

Deno.test("demo: SIGTERM ends streams, processes and the directory", async () => {
  await using demo = await Demo.start();
  const directory = await demo.directory();
  assert.equal(Deno.statSync(directory).mode! & 0o777, 0o700);
  const { answeredBy, acceptedBy, files } = await demo.facts();
  using live = await LiveConnection.open(demo.port);
  await live.next("beat");
  const { code, stderr } = await demo.stop();
  assert.equal(code, 0, stderr);
  assert.deepEqual(await live.next("end"), {});
  assert.equal(await live.next("beat"), undefined);
  await untilGone(answeredBy.process, acceptedBy.process, files.process!);
  assert.equal(exists(directory), false);
});

Deno.test("demo: SIGTERM before everything is ready ends what has been started", async () => {
  await using demo = new Demo(portToTry());
  const directory = await demo.directory();
  const { code, stderr } = await demo.stop();
  assert.equal(code, 0, stderr);
  assert.equal(exists(directory), false);
});

Deno.test("demo: a second signal ends it at once, and still nothing is left", async () => {
  await using demo = await Demo.start();
  const directory = await demo.directory();
  const { answeredBy, acceptedBy, files } = await demo.facts();
  demo.signal("SIGTERM");
  await demo.message(/SIGTERM: stopping everything/);
  try {
    demo.signal("SIGTERM");
  } catch (error) {
    // With nothing under way, the first may have been enough by now.
    if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
  }
  await demo.end();
  await untilGone(answeredBy.process, acceptedBy.process, files.process!);
  assert.equal(exists(directory), false);
});

Deno.test("demo: takes the next free port, and says so", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  await using demo = await Demo.start(port);
  assert.ok(demo.port > port);
  assert.match(demo.stdout, new RegExp(`^Port ${port} is taken; this is the next free one$`, "m"));
  assert.deepEqual((await demo.facts()).connectedTo.port, demo.port);
  assert.equal((await demo.stop()).code, 0);
});
