/** Rules of a relay beside the same rules of a real Apache: ProxyPassReverse and its likes. */

import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import {
  COOKIE_CASES,
  COOKIE_RULES,
  REFERENCE_CASES,
  REVERSE_RULES,
} from "../backend/relay/reverse_cases.ts";
import { Apache, noApache } from "../support/apache.ts";
import { startUp, TemporaryDirectory } from "../support/processes.ts";
import { RawClient, type RawResponse } from "../support/raw_client.ts";

/** Says in its fields what it is told to say. */
async function startUpstream(): Promise<{ readonly port: number } & AsyncDisposable> {
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url!, "http://upstream");
    response.setHeader(searchParams.get("name")!, searchParams.get("value")!);
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function ask(port: number, name: string, value: string): Promise<RawResponse> {
  using client = await RawClient.connect(port);
  await client.write(
    `GET /app/?name=${name}&value=${
      encodeURIComponent(value)
    } HTTP/1.1\r\nHost: site.example\r\nConnection: close\r\n\r\n`,
  );
  return await client.response();
}

Deno.test({
  name: noApache ?? "a relay rewrites responses by rules as a real Apache does",
  ignore: noApache !== undefined,
  async fn() {
    await using upstream = await startUpstream();
    using apacheDirectory = new TemporaryDirectory();
    using directory = new TemporaryDirectory();
    await using apache = await Apache.start(
      apacheDirectory,
      ["proxy", "proxy_http"],
      [
        `ProxyPass /app/ http://127.0.0.1:${upstream.port}/`,
        ...REVERSE_RULES.map(({ path, url }) => `ProxyPassReverse ${path} ${url}`),
        ...COOKIE_RULES.domains.map(({ from, to }) => `ProxyPassReverseCookieDomain ${from} ${to}`),
        ...COOKIE_RULES.paths.map(({ from, to }) => `ProxyPassReverseCookiePath ${from} ${to}`),
      ].join("\n"),
    );
    await using front = await startUp({
      listen: "127.0.0.1:0",
      sites: [{ routes: [{ path: "/app/", to: "app" }] }],
      backends: {
        app: {
          socket: directory.join("app.sock"),
          upstream: `http://127.0.0.1:${upstream.port}`,
          reverse: REVERSE_RULES,
          cookieDomains: COOKIE_RULES.domains,
          cookiePaths: COOKIE_RULES.paths,
        },
      },
    });
    const asked = [
      ...["Location", "Content-Location", "URI"].flatMap((name) =>
        REFERENCE_CASES.map(([value, expected]) => [name, value, expected] as const)
      ),
      ...COOKIE_CASES.map(([value, expected]) => ["Set-Cookie", value, expected] as const),
    ];
    for (const [name, value, expected] of asked) {
      const [theirs, ours] = await Promise.all([
        ask(apache.port, name, value),
        ask(front.port, name, value),
      ]);
      const lower = name.toLowerCase();
      assert.deepEqual([name, value, ours.fields.get(lower)], [name, value, expected]);
      // The port that it listens on is Apache's own addition, where the client's Host has none.
      const said = theirs.fields.get(lower)?.replace(`//site.example:${apache.port}/`, "//site.example/");
      assert.deepEqual([name, value, said], [name, value, expected], "what Apache says");
    }
    assert.equal((await front.stop()).code, 0);
  },
});
