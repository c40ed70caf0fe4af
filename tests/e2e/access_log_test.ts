/** One line per request, whoever answers it: compared with what the clients counted. */

import assert from "node:assert/strict";
import { BATCH_TIME } from "../../src/output/line_file.ts";
import { childrenOf, commandLine } from "../support/proc.ts";
import { freePort } from "../support/ports.ts";
import { FrontProgram, PATIENT, TemporaryDirectory, whenReady } from "../support/processes.ts";
import { get, RawClient } from "../support/raw_client.ts";
import { pause, until } from "../support/waiting.ts";

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
  const total = 20 * 500;
  const asking = ask(site.up.port, 20, 500);
  // Long before the last ones, however fast this machine is.
  await until(() => site.lines("log.json").length > 100, "the first lines");
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

/** A request as its client saw it: on which connection, when it was sent, and when its answer had come. */
interface Answered {
  readonly client: number;
  readonly target: string;
  readonly sent: number;
  readonly read: number;
}

/**
 * Asks the one process behind /fetch/ on kept connections until they break.
 *
 * @param rest milliseconds between two requests of a client
 * @param answered gets what was answered, in that order
 */
async function askUntilKilled(
  port: number,
  clients: number,
  rest: number,
  answered: Answered[],
): Promise<void> {
  await Promise.all(Array.from({ length: clients }, async (_, client) => {
    using connection = await RawClient.connect(port);
    try {
      for (let index = 0;; index++) {
        if (rest > 0) await pause(rest);
        const target = `/fetch/${client}/${index}`;
        const sent = performance.now();
        await connection.get(target);
        answered.push({ client, target, sent, read: performance.now() });
      }
    } catch {
      // Its process has been killed.
    }
  }));
}

/**
 * Those of which the process has had time to write the line, however seldom it was given the processor. It has gathered
 * the line by the time it answers the connection's next request; whatever it is asked BATCH_TIME later it takes from the
 * kernel with that time over, and it looks at its deadlines before it takes what comes after that answer.
 */
function dueLines(answered: readonly Answered[]): Answered[] {
  const last = answered.reduce((latest, { sent }) => Math.max(latest, sent), -Infinity);
  const second = answered.reduce(
    (latest, { sent, read }) => read <= last ? Math.max(latest, sent) : latest,
    -Infinity,
  );
  const nextRead = new Map<number, number>();
  return answered.toReversed().filter(({ client, read }) => {
    const gathered = nextRead.get(client) ?? Infinity;
    nextRead.set(client, read);
    return gathered + BATCH_TIME + 1 <= second;
  });
}

Deno.test("access log: a backend that is killed breaks no line, and loses its last 100 ms at most", async () => {
  assert.ok(BATCH_TIME <= 100);
  await using site = new Site();
  await site.start();
  // Few lines go when their time is over: these fill no write. Many go as soon as they do.
  for (const [clients, rest] of [[2, 20], [8, 0]] as const) {
    const process = childrenOf(site.up.pid).find((pid) => commandLine(pid).includes("--fetch"));
    assert.ok(process !== undefined);
    const answered: Answered[] = [];
    const asking = askUntilKilled(site.up.port, clients, rest, answered);
    await until(() => dueLines(answered).length > 10, "lines that are due");
    Deno.kill(process, "SIGKILL");
    await asking;
    // By another process.
    assert.equal((await get(site.up.port, `/fetch/after/${clients}`)).status, 200);
    const targets = site.lines("log.json").filter((line) => line.process === process).map(({ target }) =>
      target
    );
    const written = new Set(targets);
    assert.equal(written.size, targets.length, "no request has two lines");
    assert.deepEqual(dueLines(answered).filter(({ target }) => !written.has(target)), []);
  }
  await site.up.stopCleanly();
  const after = site.lines("log.json").filter(({ target }) => target.startsWith("/fetch/after/"));
  assert.equal(after.length, 2);
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
