/** One line per request, whoever answers it: compared with what the clients counted. */

import assert from "node:assert/strict";
import { childrenOf, commandLine } from "../support/proc.ts";
import { freePort } from "../support/ports.ts";
import { FrontProgram, PATIENT, TemporaryDirectory, whenReady } from "../support/processes.ts";
import { get, RawClient } from "../support/raw_client.ts";
import { until } from "../support/waiting.ts";

interface Line {
  readonly method: string;
  readonly target: string;
  readonly status: number;
  readonly bytes: number;
  readonly kind: string;
  readonly process: number;
  readonly id: string;
}

/** Everything that answers, and a log in two formats. */
class Site {
  readonly directory = new TemporaryDirectory();
  readonly #upstream: Deno.HttpServer<Deno.NetAddr>;
  up!: FrontProgram;

  constructor() {
    for (const [name, size] of [["small", 7], ["large", 200_000]] as const) {
      this.directory.write(name, "x".repeat(size));
    }
    this.directory.write(
      "app.ts",
      `export default ({ url }: Request) => new Response(new URL(url).pathname);\n`,
    );
    this.directory.write("cgi", `#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n%s' "$PATH_INFO"\n`);
    Deno.chmodSync(this.directory.join("cgi"), 0o755);
    const answer = ({ url }: Request) => {
      const chunks = new Response("chunks").body!;
      return url.endsWith("/chunks")
        ? new Response(chunks)
        : new Response("a relayed answer", { status: 201 });
    };
    this.#upstream = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, answer);
  }

  async start(): Promise<void> {
    const path = this.directory.write(
      "fdpass.json",
      JSON.stringify({
        ...PATIENT,
        listen: `127.0.0.1:${freePort()}`,
        accessLog: [{ file: "log.json", format: "json" }, { file: "log" }],
        sites: [{
          routes: [
            { path: "/static/", to: "static" },
            { path: "/fetch/", to: "fetch" },
            { path: "/relay/", to: "relay" },
            { path: "/cgi/", to: "cgi" },
          ],
        }],
        backends: {
          static: { socket: "static.sock", static: ".", workers: 2 },
          fetch: { socket: "fetch.sock", fetch: "app.ts" },
          relay: { socket: "relay.sock", upstream: `http://127.0.0.1:${this.#upstream.addr.port}` },
          cgi: { socket: "cgi.sock", exec: [this.directory.join("cgi")], cgi: true },
        },
      }),
    );
    const args = ["up", path, "--workers", "2", "--control", this.directory.join("control.sock")];
    this.up = await whenReady(new FrontProgram(args, { permissions: ["--allow-all"] }));
  }

  /** The lines of some files, parsed: each must be whole. */
  lines(...names: readonly string[]): Line[] {
    return names.flatMap((name) => {
      const text = Deno.readTextFileSync(this.directory.join(name));
      assert.ok(text === "" || text.endsWith("\n"), "the last line is whole");
      return text.split("\n").slice(0, -1).map((line) => JSON.parse(line) as Line);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.up?.[Symbol.asyncDispose]();
    await this.#upstream.shutdown();
    this.directory[Symbol.dispose]();
  }
}

const PATHS = [
  ...["/static/small", "/static/large", "/static/none", "/fetch/a?b=%20c", "/relay/a", "/relay/chunks"],
  ...["/static/small", "/fetch/\u00e4", "/nowhere"],
];

/** Asks again and again on kept connections; what was answered, by target, status and bytes, and how often. */
async function ask(port: number, clients: number, times: number): Promise<Map<string, number>> {
  const counted = new Map<string, number>();
  const count = (key: string) => counted.set(key, (counted.get(key) ?? 0) + 1);
  await Promise.all(Array.from({ length: clients }, async (_, client) => {
    let connection = await RawClient.connect(port);
    for (let index = 0; index < times; index++) {
      const path = encodeURI(PATHS[(client + index) % PATHS.length]!).replace("%2520", "%20");
      const target = index % 50 === 49 ? "/cgi/info" : path;
      const { status, body, fields } = await connection.get(target);
      count(`${target} ${status} ${body.length}`);
      if (fields.get("connection") !== "close") continue;
      connection.close();
      connection = await RawClient.connect(port);
    }
    connection.close();
  }));
  return counted;
}

function countedIn(lines: readonly Line[]): Map<string, number> {
  const counted = new Map<string, number>();
  for (const { target, status, bytes } of lines) {
    const key = `${target} ${status} ${bytes}`;
    counted.set(key, (counted.get(key) ?? 0) + 1);
  }
  return counted;
}

const sorted = (counts: ReadonlyMap<string, number>) => [...counts].sort(([a], [b]) => a < b ? -1 : 1);

Deno.test("access log: a line per request of every kind, across a rotation under load", async () => {
  await using site = new Site();
  await site.start();
  const total = 20 * 150;
  const asking = ask(site.up.port, 20, 150);
  await until(() => site.lines("log.json").length > total / 4, "the first lines");
  Deno.renameSync(site.directory.join("log.json"), site.directory.join("log.json.1"));
  site.up.signal("SIGUSR1");
  const counted = await asking;
  await site.up.stopCleanly();
  const lines = site.lines("log.json.1", "log.json");
  assert.equal(lines.length, total);
  assert.deepEqual(sorted(countedIn(lines)), sorted(counted));
  assert.ok(site.lines("log.json").length > 0, "the new file is used");
  assert.deepEqual([...new Set(lines.map(({ kind }) => kind))].sort(), [
    "cgi",
    "fetch",
    "front",
    "relay",
    "static",
  ]);
  assert.ok(new Set(lines.map(({ process }) => process)).size >= 5);
  assert.equal(new Set(lines.map(({ id }) => id)).size, total, "every request has a name of its own");
  const combined = Deno.readTextFileSync(site.directory.join("log")).trimEnd().split("\n");
  assert.equal(combined.length, total);
  const FORMAT =
    /^127\.0\.0\.1 - - \[\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "GET \S+ HTTP\/1\.1" \d{3} (?:\d+|-) "-" "-"$/;
  assert.deepEqual(combined.filter((line) => !FORMAT.test(line)), []);
});

Deno.test("access log: a backend that is killed breaks no line, and loses what came last at most", async () => {
  await using site = new Site();
  await site.start();
  for (let times = 0; times < 20; times++) await get(site.up.port, "/fetch/before");
  // Longer ago than lines wait for others.
  await until(() => site.lines("log.json").length === 20, "the lines");
  const backend = childrenOf(site.up.pid).find((pid) => commandLine(pid).includes("--fetch"));
  assert.ok(backend !== undefined);
  Deno.kill(backend, "SIGKILL");
  for (let times = 0; times < 20; times++) {
    assert.equal((await get(site.up.port, "/fetch/after")).status, 200);
  }
  await site.up.stop();
  const lines = site.lines("log.json");
  assert.equal(lines.filter(({ target }) => target === "/fetch/before").length, 20);
  assert.equal(lines.filter(({ target }) => target === "/fetch/after").length, 20);
});

const noGoaccess: boolean = (() => {
  try {
    return !new Deno.Command("goaccess", { args: ["--version"], stdout: "null" }).outputSync().success;
  } catch {
    return true;
  }
})();

Deno.test({
  name: `access log: goaccess reads the combined format${
    noGoaccess ? " (left out: there is no goaccess)" : ""
  }`,
  ignore: noGoaccess,
  async fn() {
    await using site = new Site();
    await site.start();
    await ask(site.up.port, 4, 60);
    await site.up.stopCleanly();
    const report = site.directory.join("report.json");
    const { stderr } = await new Deno.Command("goaccess", {
      args: [site.directory.join("log"), "--log-format=COMBINED", "--no-global-config", "-o", report],
      env: { LC_ALL: "C" },
    }).output();
    const { general } = JSON.parse(Deno.readTextFileSync(report));
    assert.equal(general.failed_requests, 0, new TextDecoder().decode(stderr));
    assert.equal(general.valid_requests, 240);
  },
});
