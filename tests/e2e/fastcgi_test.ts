/** Requests passed on by FastCGI to a real PHP-FPM. */

import assert from "node:assert/strict";
import {
  fixture,
  type FrontProgram,
  startUp,
  startUpFrom,
  TemporaryDirectory,
} from "../support/processes.ts";
import { Apache, noApache } from "../support/apache.ts";
import { openDescriptors } from "../support/descriptors.ts";
import { childNamed } from "../support/lossless.ts";
import { CHILDREN, noPhpFpm, startPhpFpm } from "../support/php_fpm.ts";
import { freePort } from "../support/ports.ts";
import { get, seededBytes, sha256 } from "../support/raw_client.ts";
import { until } from "../support/waiting.ts";

const ROOT = fixture("php").replace("/tests/fixtures/", "/tests/e2e/fixtures/");

/** A site whose paths are all the application's. */
async function startSite(
  directory: TemporaryDirectory,
  application: string,
  more: object = {},
): Promise<FrontProgram> {
  return await startUp({
    listen: "127.0.0.1:0",
    sites: [{ to: "php" }],
    backends: {
      php: {
        socket: directory.join("php.sock"),
        fastcgi: application,
        root: ROOT,
        fallback: "/index.php",
        ...more,
      },
    },
  });
}

const url = (site: FrontProgram, path: string) => `http://127.0.0.1:${site.port}${path}`;

async function told(site: FrontProgram, path: string, init?: RequestInit): Promise<Record<string, unknown>> {
  const response = await fetch(url(site, path), init);
  assert.equal(response.status, 200, await (response.ok ? "" : response.text()));
  return await response.json();
}

for (const kind of ["a Unix socket", "a port"]) {
  Deno.test({
    name: `PHP-FPM behind ${kind}`,
    ignore: noPhpFpm !== undefined,
    fn: async (t) => {
      using directory = new TemporaryDirectory();
      const at = kind === "a port" ? `127.0.0.1:${freePort()}` : directory.join("fpm.sock");
      await using _fpm = await startPhpFpm(directory, at);
      // One kept connection leaves a process for everybody else.
      await using site = await startSite(directory, kind === "a port" ? `fcgi://${at}` : `unix:${at}`, {
        keepUpstream: 1,
      });
      const backend = () => childNamed(site.pid, "php")!;
      await told(site, "/");
      const before = openDescriptors(backend());

      await t.step("paths: the script, what follows it, and what names none", async () => {
        for (
          const [path, script, info] of [
            ["/", "/index.php", ""],
            ["/index.php", "/index.php", ""],
            ["/index.php/a/b%20c?d=e", "/index.php", "/a/b c"],
            ["/pretty/url?d=e", "/index.php", ""],
            ["/pretty/", "/index.php", ""],
          ]
        ) {
          const answer = await told(site, path!);
          assert.deepEqual([answer.script, answer.info, answer.uri], [script, info, path], path);
        }
        const missing = await fetch(url(site, "/missing.php"));
        assert.equal(missing.status, 404);
        assert.match(await missing.text(), /File not found/);
      });

      await t.step("what it is told of a request", async () => {
        const answer = await told(site, "/?a=b&c=%20", {
          method: "POST",
          headers: {
            Authorization: `Basic ${btoa("me:secret")}`,
            "Content-Type": "application/x-www-form-urlencoded",
            Proxy: "http://evil.example/",
          },
          body: "x=1&y[]=2&y[]=3",
        });
        assert.equal(answer.method, "POST");
        assert.equal(answer.query, "a=b&c=%20");
        assert.equal(answer.user, "me");
        assert.equal(answer.proxy, null);
        assert.deepEqual(answer.fields, { x: "1", y: ["2", "3"] });
      });

      await t.step("status, fields and HEAD", async () => {
        const response = await fetch(url(site, "/?do=status&code=418"));
        assert.equal(response.status, 418);
        assert.equal(response.headers.get("x-two"), "a, b");
        assert.deepEqual(response.headers.getSetCookie(), ["c=d"]);
        assert.equal(await response.text(), "page");
        const head = await fetch(url(site, "/?do=status&code=200"), { method: "HEAD" });
        assert.equal(await head.text(), "");
      });

      await t.step("content, with and without a length", async () => {
        for (const length of [0, 1, 65_535, 65_536, 200_000, 3_000_000]) {
          const content = seededBytes(length, length);
          const hash = await sha256(content);
          const counted = await told(site, "/", { method: "PUT", body: content });
          assert.deepEqual([counted.length, counted.hash], [length, hash]);
          const streamed = await told(site, "/", { method: "PUT", body: ReadableStream.from([content]) });
          assert.deepEqual([streamed.length, streamed.hash], [length, hash]);
        }
      });

      await t.step("more without a length than is collected: 413", async () => {
        const stream = ReadableStream.from((function* () {
          for (let count = 0; count < 160; count++) yield new Uint8Array(65_536);
        })());
        const response = await fetch(url(site, "/"), { method: "PUT", body: stream }).catch(() => undefined);
        // The connection may close before the client has sent all of it.
        if (response !== undefined) {
          assert.equal(response.status, 413);
          await response.body?.cancel();
        }
      });

      await t.step("a large response", async () => {
        for (const length of [65_535, 65_536, 8_000_000]) {
          const response = await fetch(url(site, `/?do=large&bytes=${length}`));
          const content = await response.bytes();
          assert.equal(content.length, length);
          assert.ok(content.every((byte) => byte === 120));
        }
      });

      await t.step("more requests than processes", async () => {
        const answers = await Promise.all(
          Array.from({ length: 12 }, () => fetch(url(site, "/?do=slow&ms=20")).then((one) => one.text())),
        );
        assert.equal(new Set(answers).size, CHILDREN);
      });

      await t.step("what it writes to its standard error is told, line by line", async () => {
        assert.equal(await (await fetch(url(site, "/?do=say"))).text(), "said");
        await site.message(/warning backend php: \S+ said of GET \/\?do=say: PHP message: first line/);
        await site.message(/said of GET \/\?do=say: second line/);
      });

      await t.step("a process that dies before it answers: 502", async () => {
        const response = await fetch(url(site, "/?do=die"));
        assert.equal(response.status, 502);
        assert.match(await response.text(), /gave no valid response/);
        await site.message(/GET \/\?do=die was not answered by \S+: it (ended the|broke the) connection/);
      });

      await t.step("and half-way: the client sees that it is not whole", async () => {
        const response = await fetch(url(site, "/?do=die&after=200000"));
        assert.equal(response.status, 200);
        await assert.rejects(response.bytes());
      });

      await t.step("a client that leaves ends the request", async () => {
        const leaving = new AbortController();
        const response = await fetch(url(site, "/?do=large&bytes=400000000"), { signal: leaving.signal });
        leaving.abort();
        await assert.rejects(response.bytes());
        await told(site, "/");
      });

      await t.step("1,000 requests leave nothing open", async () => {
        for (let count = 0; count < 100; count++) {
          await Promise.all(
            Array.from({ length: 10 }, async () => assert.equal((await told(site, "/")).length, 0)),
          );
        }
        await until(
          () => openDescriptors(backend()).size <= before.size + 10,
          () => `descriptors to be closed: ${[...openDescriptors(backend())]}`,
        );
        const links = [...openDescriptors(backend()).values()].filter((link) => link.startsWith("socket:"));
        assert.ok(
          links.length <= [...before.values()].filter((link) => link.startsWith("socket:")).length + 10,
        );
      });
      assert.equal((await site.stop()).code, 0);
    },
  });
}

Deno.test({
  name: "an application that is silent for too long, and one that is away",
  ignore: noPhpFpm !== undefined,
  fn: async () => {
    using directory = new TemporaryDirectory();
    const socket = directory.join("fpm.sock");
    await using site = await startSite(directory, `unix:${socket}`, { upstreamTimeout: "300ms" });
    assert.equal((await get(site.port, "/")).status, 502);
    await site.message(/error backend php: unix:\S+ is away: it cannot be reached/);
    await using _fpm = await startPhpFpm(directory, socket);
    assert.equal((await get(site.port, "/?do=slow&ms=2000")).status, 504);
    await site.message(/unix:\S+ can be reached again/);
  },
});

Deno.test({
  name: "ProxyPass to fcgi:// has the answers that it has with Apache",
  ignore: noPhpFpm !== undefined || noApache !== undefined,
  fn: async () => {
    using directory = new TemporaryDirectory();
    using own = new TemporaryDirectory();
    Deno.chmodSync(directory.path, 0o755);
    const address = `127.0.0.1:${freePort()}`;
    await using _fpm = await startPhpFpm(directory, address);
    const passes = `
ProxyPassMatch "^/(index\\.php(/.*)?)$" "fcgi://${address}${ROOT}/$1" enablereuse=off
ProxyPass "/app/" "fcgi://${address}${ROOT}/"
`;
    await using apache = await Apache.start(directory, ["proxy", "proxy_fcgi"], passes);
    const port = freePort();
    const path = own.write("httpd.conf", `Listen 127.0.0.1:${port}\n${passes}`);
    await using site = await startUpFrom(path);
    // What follows the script is decoded here, as RFC 3875, 4.1.5, has it; httpd leaves it encoded.
    const ways = [
      ...["/index.php", "/index.php?a=b", "/index.php/c/d?e=f", "/app/index.php/x"],
      ...[
        "/app/missing.php",
        "/elsewhere.php",
        "/index.php?do=status&code=503",
        "/index.php?do=status&code=204",
      ],
    ];
    for (const path of ways) {
      const answers = await Promise.all([apache.port, site.port].map(async (port) => {
        const { status, body } = await get(port, path);
        const text = new TextDecoder().decode(body);
        // Pages of the servers themselves are their own.
        return [
          status,
          status === 404 && !text.includes("File not found") ? "" : text.replaceAll(`:${port}`, ""),
        ];
      }));
      assert.deepEqual(answers[1], answers[0], path);
    }
    assert.equal((await site.stop()).code, 0);
  },
});
