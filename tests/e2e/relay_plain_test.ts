/** Whole connections relayed to servers that read the PROXY protocol and say which client it names. */

import assert from "node:assert/strict";
import { noHaproxy, noNginx, OtherServer } from "../support/other_servers.ts";
import {
  Program,
  runProgram,
  startFront,
  startUp,
  STATIC_PERMISSIONS,
  TemporaryDirectory,
} from "../support/processes.ts";
import { get, RawClient } from "../support/raw_client.ts";

const NGINX = `
    location / { return 200 "$proxy_protocol_addr $proxy_protocol_port $proxy_protocol_server_addr $proxy_protocol_server_port $request_uri"; }`;
const HAPROXY =
  `http-request return status 200 content-type text/plain lf-string "%[src] %[src_port] %[dst] %[dst_port] %[pathq]"`;

const SERVERS = {
  nginx: (directory: TemporaryDirectory) => OtherServer.nginx(directory, NGINX, "proxy_protocol"),
  haproxy: (directory: TemporaryDirectory) => OtherServer.haproxy(directory, HAPROXY, "accept-proxy"),
};
const MISSING = { nginx: noNginx, haproxy: noHaproxy };

for (const name of ["nginx", "haproxy"] as const) {
  const missing = MISSING[name];
  Deno.test({
    name:
      `${name} behind a plain relay sees the client by the PROXY protocol, versions 1 and 2, IPv4 and IPv6` +
      (missing === undefined ? "" : ` (${missing})`),
    ignore: missing !== undefined,
    async fn() {
      using directory = new TemporaryDirectory();
      await using server = await SERVERS[name](directory);
      for (const proxyProtocol of ["v1", "v2"]) {
        const app = {
          socket: directory.join("app.sock"),
          upstream: `http://127.0.0.1:${server.port}`,
          proxyProtocol,
        };
        const listen = ["127.0.0.1:0", "[::1]:0"];
        await using front = await startUp({ listen, sites: [{ to: "app" }], backends: { app } });
        for (const [index, host] of ["127.0.0.1", "::1"].entries()) {
          using client = await RawClient.connect(front.ports[index]!, host);
          for (const path of ["/one?a=b", "/a/%2e%2e//two"]) {
            await client.write(`GET ${path} HTTP/1.1\r\nHost: test\r\n\r\n`);
            const { text, fields } = await client.response();
            const ends = `${host} ${client.address.port} ${host} ${front.ports[index]}`;
            assert.equal(text, `${ends} ${path}`, proxyProtocol);
            assert.equal(fields.has("via"), false);
          }
        }
        assert.equal((await front.stop()).code, 0);
      }
    },
  });
}

Deno.test("a plain relay without a header, and one whose site is not alone", async () => {
  using directory = new TemporaryDirectory();
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request) => new Response(`${request.headers.get("x-forwarded-for")} ${new URL(request.url).host}`),
  );
  const upstream = `http://127.0.0.1:${server.addr.port}`;
  const app = { socket: directory.join("app.sock"), upstream, plain: true };
  await using front = await startUp({ listen: "127.0.0.1:0", sites: [{ to: "app" }], backends: { app } });
  assert.equal((await get(front.port, "/")).text, "null test");
  await front.stop();

  // A front that somebody started by another configuration than the one that was checked.
  await using relay = new Program(["backend", "--socket", app.socket, "--upstream", upstream, "--plain"], {
    permissions: STATIC_PERMISSIONS,
  });
  await relay.line(/ready on /);
  const config = { listen: "127.0.0.1:0", sites: [{ routes: [{ path: "/a/", to: `fd://${app.socket}` }] }] };
  await using second = await startFront(config);
  assert.equal((await get(second.port, "/a/")).status, 500);
  await relay.message(/refused connections of the route \/a\/, on which some requests belong elsewhere: /);
  await relay.stopCleanly();
  await second.stopCleanly();
  await server.shutdown();

  const { code, stderr } = await runProgram(["check", "-"], {
    input: JSON.stringify({
      listen: "8080",
      sites: [{ names: "a.example", to: "app" }, { to: "fd:///b" }],
      backends: { app: { ...app, socket: "/app.sock" } },
    }),
  });
  assert.match(
    stderr,
    /backends\.app\.plain: Cannot relay whole connections of the route "\/" on \[::\]:8080, /,
  );
  assert.equal(code, 2);
});
