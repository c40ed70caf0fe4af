/** Balancers of a real Apache beside the same ones here: each request in its turn comes to the same member. */

import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Apache, noApache } from "../support/apache.ts";
import { freePort } from "../support/ports.ts";
import { startUpFrom, TemporaryDirectory } from "../support/processes.ts";
import { RawClient } from "../support/raw_client.ts";
import { BALANCER_CASES, type BalancerCase, type Step } from "./apache/balancer_cases.ts";

/** Each at an address of its own, so that the ports are the same. */
const APACHE = "127.0.0.1";
const FDPASS = "127.0.0.2";
/** Cases at a time; the requests of each follow each other. */
const TOGETHER = 4;
/** Fields that are compared. */
const FIELDS = ["x-server", "set-cookie", "x-route", "x-stays", "x-two", "x-changed"];

/** A server that says its name, and fails where a path says so. */
async function startServer(name: string): Promise<{ readonly port: number } & AsyncDisposable> {
  const server = createServer((request, response) => {
    const fails = request.url!.startsWith(`/fail/${name}`);
    response.writeHead(fails ? 503 : 200, { "X-Server": name, "Content-Length": "0" }).end();
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

interface Placed {
  readonly balancer: BalancerCase;
  readonly port: number;
}

function configurationAt(
  address: string,
  all: readonly Placed[],
  urls: Readonly<Record<string, string>>,
): string {
  return all.map(({ balancer: { members, set, beside }, port }, index) =>
    [
      `Listen ${address}:${port}`,
      `<VirtualHost *:${port}>`,
      `<Proxy "balancer://b${port}">`,
      // What is the same in everything has one relay here: no two cases may be.
      ...members.map((member) =>
        `BalancerMember ${member.replace(/@(\w)/, (_, name) => urls[name]!)} connectiontimeout=${5 + index}`
      ),
      ...set === undefined ? [] : [`ProxySet ${set}`],
      "</Proxy>",
      ...beside === undefined ? [] : [beside],
      `ProxyPass / balancer://b${port}/`,
      "</VirtualHost>",
      "",
    ].join("\n")
  ).join("");
}

async function ask(address: string, port: number, step: Step): Promise<string> {
  const [target, ...fields] = typeof step === "string" ? [step] : step;
  using client = await RawClient.connect(port, address);
  const lines = [`GET ${target} HTTP/1.1`, "Host: one.test", ...fields, "Connection: close", "", ""];
  await client.write(lines.join("\r\n"));
  const text = new TextDecoder("latin1").decode(await client.rest());
  const status = /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1];
  const said = FIELDS.flatMap((name) =>
    [...text.matchAll(new RegExp(`^${name}: (.*)\\r$`, "gim"))].map(([, value]) => `${name}=${value}`)
  );
  return [status, ...said].join(" ");
}

Deno.test({
  name: noApache ?? "balancers choose as those of a real Apache do, request by request",
  ignore: noApache !== undefined,
  async fn() {
    await using a = await startServer("a");
    await using b = await startServer("b");
    await using c = await startServer("c");
    const ports = { a: a.port, b: b.port, c: c.port, x: freePort(), y: freePort() };
    const urls = Object.fromEntries(
      Object.entries(ports).map(([name, port]) => [name, `http://127.0.0.1:${port}`]),
    );
    const placed = BALANCER_CASES.map((balancer) => ({ balancer, port: freePort() }));
    using directory = new TemporaryDirectory();
    await using _apache = await Apache.start(
      directory,
      [
        "headers",
        "proxy",
        "proxy_http",
        "proxy_balancer",
        "lbmethod_byrequests",
        "lbmethod_bytraffic",
        "lbmethod_bybusyness",
        "slotmem_shm",
      ],
      configurationAt(APACHE, placed, urls),
    );
    const differences: string[] = [];
    let answered = 0;
    const compare = async ({ balancer: { name, steps }, port }: Placed) => {
      for (const [index, step] of steps.entries()) {
        const [theirs, ours] = [await ask(APACHE, port, step), await ask(FDPASS, port, step)];
        answered += Number(theirs.includes("x-server="));
        if (theirs === ours) continue;
        differences.push(
          `${name}, ${index} ${JSON.stringify(step)}:\n  Apache: ${theirs}\n  fdpass: ${ours}`,
        );
      }
    };
    // Each has a process of its own here.
    for (let from = 0; from < placed.length; from += TOGETHER) {
      using runDirectory = new TemporaryDirectory();
      const some = placed.slice(from, from + TOGETHER);
      const text = configurationAt(FDPASS, some, urls);
      await using fdpass = await startUpFrom(
        runDirectory.write("site.conf", `DefaultRuntimeDir "${runDirectory.path}"\n${text}`),
      );
      await Promise.all(some.map(compare));
      assert.equal((await fdpass.stop()).code, 0);
    }
    assert.equal(differences.length, 0, `${differences.length} differ:\n${differences.join("\n")}`);
    assert.ok(answered > 100, `${answered} reached a server`);
  },
});
