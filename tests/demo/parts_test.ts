import assert from "node:assert/strict";
import type { RequestInfo } from "../../src/backend/fetch/handler.ts";
import app, { NAME } from "../../src/demo/app.ts";
import { Census, type Facts } from "../../src/demo/facts.ts";
import { freePort } from "../../src/demo/free_port.ts";
import { page } from "../../src/demo/page.ts";
import { plainText } from "../../src/demo/plain_text.ts";
import { descriptorOf, processorTime, runs, siblingOf, socketNumber } from "../../src/demo/proc.ts";
import { counted, duration, escape } from "../../src/demo/wording.ts";

const FACTS: Facts = {
  answeredBy: { backend: "app", process: 103, parent: 100, secondsUp: 75.2, connections: 1 },
  acceptedBy: { name: "front 102.1", process: 102 },
  files: { backend: "files", process: 101 },
  client: { hostname: "127.0.0.1", port: 40_000 },
  connectedTo: { hostname: "127.0.0.1", port: 8080 },
  command: "curl http://127.0.0.1:8080",
  socket: { number: 4711, descriptor: 12 },
  proxyFields: [],
};

Deno.test("page: whatever a value holds stays text", () => {
  const evil = `"><script>alert(1)</script>`;
  const html = page({
    ...FACTS,
    acceptedBy: { name: evil, process: 102 },
    client: { hostname: evil, port: 1 },
    connectedTo: { hostname: evil, port: 2 },
    command: evil,
    proxyFields: [evil],
  });
  assert.doesNotMatch(html, /<script>alert/);
  assert.equal(html.match(/<script>/g)?.length, 1);
});

Deno.test("page: does without what cannot be found out", () => {
  const unknown: Facts = { ...FACTS, socket: null, files: { backend: "files", process: null } };
  const read = page(unknown).replace(/<script>[^]*<\/script>|<style>[^]*<\/style>|<body[^>]*>/g, "");
  for (const text of [read, plainText(unknown)]) assert.doesNotMatch(text, /null|undefined|NaN/);
  for (const text of [page(FACTS), plainText(FACTS)]) assert.match(text, /4711/);
});

Deno.test("page: its markup is balanced, and every id that is referred to exists once", () => {
  const html = page(FACTS).replace(/<script>[^]*<\/script>|<style>[^]*<\/style>/g, "");
  const open: string[] = [];
  for (
    const [, end, name, empty] of html.matchAll(/<(\/?)([a-zA-Z][a-zA-Z0-9]*)(?:"[^"]*"|[^">])*?(\/?)>/g)
  ) {
    if (empty || /^(?:meta|link)$/.test(name!)) continue;
    if (end) assert.equal(open.pop(), name);
    else if (!(name === "path" || name === "rect" || name === "circle")) open.push(name!);
  }
  assert.deepEqual(open, []);
  const ids = [...page(FACTS).matchAll(/\sid="([^"]+)"/g)].map((match) => match[1]!);
  assert.equal(new Set(ids).size, ids.length);
  const referred = [...page(FACTS).matchAll(/(?:aria-labelledby|for)="([^"]+)"|\bby\("([^"]+)"\)/g)]
    .flatMap((match) => (match[1] ?? match[2]!).split(" "));
  assert.ok(referred.length > 8);
  for (const id of referred) assert.ok(ids.includes(id), `there is no id "${id}"`);
});

Deno.test("app: answers GET and HEAD only", async () => {
  const address = { transport: "tcp", hostname: "127.0.0.1", port: 1 } as const;
  const info = {
    remoteAddr: address,
    localAddr: address,
    site: "",
    route: "/",
    path: "/",
    front: { name: "front 1.1", process: 1 },
    completed: Promise.resolve(),
  } as Partial<RequestInfo> as RequestInfo;
  assert.equal(NAME, "app");
  const response = app.fetch(new Request("http://demo/", { method: "POST", body: "x" }), info);
  assert.equal(response.status, 405);
  assert.equal(response.headers.get("allow"), "GET, HEAD");
  const text = await app.fetch(new Request("http://demo/"), info).text();
  assert.match(text, new RegExp(`process ${Deno.pid}, the backend "app"`));
});

Deno.test("Census: requests on one connection count once", () => {
  const census = new Census();
  const from = (port: number) => census.take({ hostname: "127.0.0.1", port });
  [1, 1, 2, 1, 3, 3].forEach(from);
  assert.equal(census.connections, 3);
  for (let port = 10; port < 10_010; port++) from(port);
  assert.equal(census.connections, 10_003);
  from(1);
  assert.equal(census.connections, 10_004);
});

Deno.test("freePort: passes over what is taken, and ends at the last port", () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  assert.ok(freePort(taken.addr.port) > taken.addr.port);
  let last: Deno.Listener | undefined;
  try {
    last = Deno.listen({ hostname: "127.0.0.1", port: 65_535 });
  } catch (error) {
    // Then somebody else has it, which is as good.
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
  }
  try {
    assert.throws(() => freePort(65_535), {
      name: "UsageError",
      message: "Cannot find a free port from 65535 to 65535: choose another with --port",
    });
  } finally {
    last?.close();
  }
});

Deno.test("proc: finds a socket by its ends and a process by what it is", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepting = listener.accept();
  using client = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
  using accepted = await accepting;
  const number = socketNumber(accepted.localAddr as Deno.NetAddr, client.localAddr as Deno.NetAddr)!;
  const descriptor = descriptorOf(Deno.pid, number)!;
  assert.equal(Deno.readLinkSync(`/proc/self/fd/${descriptor}`), `socket:[${number}]`);
  // Its parent may be somebody else's, and not to be looked at.
  const other = new Deno.Command("sleep", { args: ["60"] }).spawn();
  assert.equal(descriptorOf(other.pid, number), null);
  other.kill("SIGKILL");
  await other.status;
  assert.equal(descriptorOf(2 ** 22 + 1, number), undefined);
  assert.equal(
    socketNumber({ hostname: "127.0.0.1", port: 1 }, { hostname: "127.0.0.1", port: 1 }),
    undefined,
  );
  assert.ok(processorTime(Deno.pid)! > 0);
  assert.equal(processorTime(2 ** 22 + 1), undefined);
  assert.equal(runs(Deno.pid), true);
  assert.equal(runs(2 ** 22 + 1), false);
  assert.equal(siblingOf(Deno.pid, "files"), undefined);
});

Deno.test("wording: numbers, times and markup as people read them", () => {
  assert.deepEqual([counted(0, "connection"), counted(1, "connection"), counted(2, "connection")], [
    "0 connections",
    "1 connection",
    "2 connections",
  ]);
  assert.deepEqual([0.9, 59.9, 60, 3_599, 3_600, 90_061].map(duration), [
    "0 s",
    "59 s",
    "1 min 0 s",
    "59 min 59 s",
    "1 h 0 min",
    "25 h 1 min",
  ]);
  assert.equal(escape(`<a href="&'">`), "&#60;a href=&#34;&#38;&#39;&#34;&#62;");
});
