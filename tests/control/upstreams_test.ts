/** Figures of the servers that relays ask, compared with what clients and servers have seen. */

import assert from "node:assert/strict";
import { ask } from "../../src/control/socket/ask.ts";
import { describeStatus } from "../../src/control/front/describe_status.ts";
import type { FrontStatus } from "../../src/control/front/front_status.ts";
import { makeCertificate } from "../support/certificates.ts";
import { freePort } from "../support/ports.ts";
import { FrontProgram, PATIENT, TemporaryDirectory, whenReady } from "../support/processes.ts";
import { get } from "../support/raw_client.ts";
import { until } from "../support/waiting.ts";
import { PROMTOOL, promtool } from "./promtool.ts";

/** Labels that the dashboard or the rules ask metrics for which do not have them in a text. */
function unknownLabels(text: string): string[] {
  const labels = new Map<string, Set<string>>();
  for (const [, name, pairs = ""] of text.matchAll(/^([a-z_]+)(?:\{(.*)\})? \S+$/gm)) {
    const known = labels.get(name!) ?? new Set();
    labels.set(name!, known);
    for (const [, label] of pairs.matchAll(/([a-z]+)="(?:[^"\\]|\\.)*"/g)) known.add(label!);
  }
  return ["grafana/fdpass.json", "prometheus/fdpass.rules.yml"].flatMap((file) => {
    const asked = Deno.readTextFileSync(new URL(`../../deploy/${file}`, import.meta.url)).replaceAll(
      '\\"',
      '"',
    );
    const matched = asked.matchAll(/\b((?:fdpass|process)_[a-z_]+)\{([^}]*)\}/g);
    return [...matched].flatMap(([, name, pairs]) =>
      [...pairs!.matchAll(/([a-z]+)(?:=|!=|=~|!~)"/g)].map(([, label]) => `${name} ${label}`)
    );
  }).filter((asked) => {
    const [name, label] = asked.split(" ") as [string, string];
    // Prometheus adds that one itself.
    return label !== "instance" && labels.get(name)?.has(label) !== true;
  });
}

/** A server that counts what it was asked, and what of that were questions whether it is well. */
function serve(): { readonly server: Deno.HttpServer<Deno.NetAddr>; readonly seen: Record<string, number> } {
  const seen = { requests: 0, checks: 0 };
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/well") seen.checks++;
    else seen.requests++;
    return new Response("here", { status: pathname === "/busy" ? 503 : 200 });
  });
  return { server, seen };
}

Deno.test("upstreams: requests, failures and checks are those that there were, over kills and an upgrade", async () => {
  using directory = new TemporaryDirectory();
  const [first, second] = [serve(), serve()];
  const admin = freePort();
  const nobody = freePort();
  const alone = freePort();
  const secure = freePort();
  const { certificate, key } = await makeCertificate(directory.path, "all", { names: ["all.test"] });
  const url = ({ server }: typeof first) => `http://127.0.0.1:${server.addr.port}`;
  const path = directory.write(
    "fdpass.json",
    JSON.stringify({
      ...PATIENT,
      listen: ["127.0.0.1:0", { address: `127.0.0.1:${secure}`, tls: true }],
      maxConnectionsPerClient: 1_000,
      maxConnectionRatePerClient: 1_000,
      maxRequestRatePerClient: 1_000,
      admin: `127.0.0.1:${admin}`,
      sites: [
        { names: "app.test", to: "app" },
        {
          names: "all.test",
          certificate,
          key,
          routes: [{ path: "/", to: "fetch" }, { path: "/files/", to: "files" }, {
            match: '^/a\\\\"b\\d$',
            to: "cgi",
          }],
        },
        { names: "gone.test", to: "gone" },
        { names: "php.test", to: "php" },
        { listen: `127.0.0.1:${alone}`, to: "plain" },
      ],
      backends: {
        app: {
          socket: "app.sock",
          upstream: [url(first), url(second)],
          failOnStatus: [503],
          check: { path: "/well", interval: "1s", rise: 1, fall: 1 },
        },
        gone: { socket: "gone.sock", upstream: `http://127.0.0.1:${nobody}` },
        files: { socket: "files.sock", static: directory.path },
        cgi: { socket: "cgi.sock", exec: ["/bin/true"], cgi: true },
        fetch: {
          socket: "fetch.sock",
          fetch: directory.write("app.ts", "export default { fetch: () => new Response() };"),
        },
        php: { socket: "php.sock", fastcgi: `unix:${directory.join("no.sock")}`, root: "/srv" },
        plain: { socket: "plain.sock", upstream: url(first), plain: true },
      },
    }),
  );
  await using up = await whenReady(
    new FrontProgram(["up", path, "--run-dir", directory.path], { permissions: ["--allow-all"] }),
  );
  const scrape = async () => await (await fetch(`http://127.0.0.1:${admin}/metrics`)).text();
  const status = async () =>
    await (await fetch(`http://127.0.0.1:${admin}/status.json`)).json() as FrontStatus;
  /** The value of one figure; undefined where it is not there. */
  const figure = (text: string, name: string, backend: string, upstream: string) => {
    const start = `fdpass_upstream_${name}{backend="${backend}",upstream="${upstream}"} `;
    const line = text.split("\n").find((line) => line.startsWith(start));
    return line === undefined ? undefined : Number(line.slice(start.length));
  };
  const untilFigure = (name: string, backend: string, upstream: string, wanted: number) =>
    until(async () => {
      const text = await scrape();
      return figure(text, name, backend, upstream) === wanted ? text : undefined;
    }, () => `${name} of ${upstream} in ${backend} to be ${wanted}`);
  try {
    // Both are there before anybody has asked for anything, and were asked how they are.
    for (const one of [first, second]) await untilFigure("up", "app", url(one), 1);
    await until(async () => figure(await scrape(), "checks_total", "app", url(second))! > 0, "a check");
    for (let count = 0; count < 6; count++) {
      assert.equal((await get(up.port, "/x", "app.test")).status, 200);
    }
    for (const one of [first, second]) {
      assert.equal(one.seen.requests, 3);
      const text = await untilFigure("requests_total", "app", url(one), 3);
      assert.equal(figure(text, "failures_total", "app", url(one)), 0);
    }
    await untilFigure("active_requests", "app", url(first), 0);

    // With every kind, TLS and limits there is a series of each metric, as Prometheus wants it and with the labels that the
    // dashboard and the rules ask for.
    for (const path of ["/", "/files/app.ts", "/nothing"]) await get(up.port, path, "all.test");
    await get(up.port, "/a%22b1", "all.test");
    assert.equal((await get(up.port, "/%zz", "app.test")).status, 400);
    await assert.rejects(fetch(`https://127.0.0.1:${secure}/`));
    const whole = await until(async () => {
      const text = await scrape();
      const failed = /^fdpass_tls_handshakes_total\{.*"failed"\} [1-9]/m.test(text);
      return failed && text.includes('\nfdpass_answers_total{status="400"') ? text : undefined;
    }, "a handshake that failed, and an answer of the front");
    if (PROMTOOL) assert.equal(await promtool(["check", "metrics"], whole), "");
    assert.deepEqual(unknownLabels(whole), []);

    // A relay with one server, one of whole connections, and one to an application.
    assert.equal((await get(up.port, "/x", "gone.test")).status, 502);
    assert.equal((await get(up.port, "/x.php", "php.test")).status, 502);
    assert.equal((await get(alone, "/x")).status, 200);
    const away = [["gone", `http://127.0.0.1:${nobody}`], [
      "php",
      `unix:${directory.join("no.sock")}`,
    ]] as const;
    for (const [backend, upstream] of away) {
      const text = await untilFigure("up", backend, upstream, 0);
      assert.equal(figure(text, "requests_total", backend, upstream), 1);
      assert.equal(figure(text, "failures_total", backend, upstream), 1);
    }
    const plain = await untilFigure("requests_total", "plain", url(first), 1);
    assert.equal(figure(plain, "up", "plain", url(first)), 1);
    const text = describeStatus(await status()).replaceAll(/ +/g, " ");
    assert.ok(
      text.includes(`\n upstream backend state under way requests failed checks failed checks\n`),
      text,
    );
    assert.ok(text.includes(`\n http://127.0.0.1:${nobody} gone down 0 1 1 0 0\n`), text);
    const page = await (await fetch(`http://127.0.0.1:${admin}/`)).text();
    assert.match(page, /<h1>gone has no upstream that works<\/h1>/);

    // One of two goes: the clients notice nothing, and its checks fail.
    await second.server.shutdown();
    const down = await untilFigure("up", "app", url(second), 0);
    assert.ok(figure(down, "checks_failed_total", "app", url(second))! > 0);
    assert.equal(figure(down, "up", "app", url(first)), 1);
    assert.equal((await get(up.port, "/x", "app.test")).status, 200);
    // An answer after which it counts as failed.
    assert.equal((await get(up.port, "/busy", "app.test")).status, 503);
    const failed = await untilFigure("failures_total", "app", url(first), 1);
    const asked = figure(failed, "requests_total", "app", url(first))!;

    // Its process is killed, and another front takes over: what was counted stays, and what is down is found out anew.
    const relay = async () => (await status()).backends.find(({ name }) => name === "app")!;
    Deno.kill(await until(async () => (await relay()).processes[0], "its process"), "SIGKILL");
    assert.equal((await get(up.port, "/x", "app.test")).status, 200);
    await untilFigure("requests_total", "app", url(first), asked + 1);
    assert.equal((await ask(directory.join("control.sock"), { command: "upgrade" })).code, 0);
    const later = await until(() => scrape().catch(() => undefined), "figures of the next front");
    assert.equal(figure(later, "requests_total", "app", url(first)), asked + 1);
    assert.equal(figure(later, "failures_total", "app", url(first)), 1);
    await untilFigure("up", "app", url(second), 0);
    assert.deepEqual((await relay()).upstreams.map(({ upstream, state }) => [upstream, state]), [
      [url(first), "up"],
      [url(second), "down"],
    ]);
    await up.stopCleanly();
  } finally {
    await first.server.shutdown();
  }
});
