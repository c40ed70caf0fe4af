// Real servers in front, which do TLS: an application that insists on https gets its page, and strangers say nothing.

import assert from "node:assert/strict";
import { Agent, get } from "node:http";
import { makeCertificate } from "../support/certificates.ts";
import { noHaproxy, noNginx, OtherServer } from "../support/other_servers.ts";
import { type FrontProgram, startUp, TemporaryDirectory } from "../support/processes.ts";

/** As applications do behind a server that does TLS: without it, they redirect for ever. */
const APP = `export default {
  fetch(request, info) {
    const url = new URL(request.url);
    if (url.protocol !== "https:") {
      url.protocol = "https:";
      return Response.redirect(url.href);
    }
    return new Response(\`page for \${info.remoteAddr.hostname}, \${request.headers.get("x-forwarded-for")}\`);
  },
};
`;
const CGI = `#!/bin/sh
printf 'Content-Type: text/plain\\r\\n\\r\\n%s %s %s' "$HTTPS" "$REQUEST_SCHEME" "$REMOTE_ADDR"
`;

/** An fdpass with every kind behind it: one address takes fields of 127.0.0.1 for true, the other wants PROXY headers. */
class Site implements AsyncDisposable {
  readonly fields: number;
  readonly announced: number;

  private constructor(
    readonly directory: TemporaryDirectory,
    readonly up: FrontProgram,
    readonly echo: Deno.HttpServer,
  ) {
    [this.fields, this.announced] = up.ports as [number, number];
  }

  static async start(): Promise<Site> {
    const directory = new TemporaryDirectory();
    const script = directory.write("cgi.sh", CGI);
    Deno.chmodSync(script, 0o755);
    await makeCertificate(directory.path, "site", { names: ["localhost", "127.0.0.1"] });
    // haproxy wants both in one file.
    const pem = ["site.pem", "site.key"].map((name) => Deno.readTextFileSync(directory.join(name))).join("");
    directory.write("both.pem", pem);
    const names = ["x-forwarded-for", "x-forwarded-proto", "forwarded"];
    const echo = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen() {} },
      ({ headers }) => new Response(names.map((name) => headers.get(name)).join(" | ")),
    );
    const up = await startUp({
      listen: ["127.0.0.1:0", {
        address: "127.0.0.2:0",
        proxyProtocol: "required",
        trustedProxies: ["127.0.0.1"],
      }],
      trustedProxies: ["127.0.0.1", "10.0.0.0/8"],
      sites: [{
        routes: [
          { path: "/cgi/", to: "cgi" },
          { path: "/relay/", to: "relay" },
          { path: "/guarded/", to: "app", allow: ["203.0.113.0/24"] },
          { path: "/", to: "app" },
        ],
      }],
      backends: {
        app: { socket: directory.join("app.sock"), fetch: directory.write("app.ts", APP) },
        cgi: { socket: directory.join("cgi.sock"), exec: [script], cgi: true },
        relay: { socket: directory.join("relay.sock"), upstream: `http://127.0.0.1:${echo.addr.port}` },
      },
    });
    return new Site(directory, up, echo);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.up[Symbol.asyncDispose]();
    await this.echo.shutdown();
    this.directory[Symbol.dispose]();
  }
}

/** What curl gets; redirects are not followed. */
async function curl(url: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await new Deno.Command("curl", {
    args: ["-sk", "--max-time", "20", "-w", "%{http_code} ", ...args, url],
    stdin: "null",
  }).output();
  return new TextDecoder().decode(stdout);
}

/** Statuses and contents of requests on one connection, one behind the other. */
async function ask(
  port: number,
  requests: readonly (readonly [path: string, fields: Readonly<Record<string, string>>])[],
  localAddress = "127.0.0.1",
): Promise<string[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const said: string[] = [];
  const ports = new Set<number | undefined>();
  for (const [path, fields] of requests) {
    const headers = { Host: "a.example", ...fields };
    said.push(
      await new Promise((resolve, reject) => {
        get({ host: "127.0.0.1", port, path, headers, agent, localAddress }, (response) => {
          ports.add(response.socket.localPort);
          let text = "";
          response.on("data", (part) => text += part).on("error", reject)
            .on("end", () => resolve(`${response.statusCode} ${text}`));
        }).on("error", reject);
      }),
    );
  }
  agent.destroy();
  assert.equal(ports.size, 1);
  return said;
}

const missing = noNginx ?? noHaproxy;

Deno.test({
  name:
    "applications behind a real nginx and a real haproxy that do TLS get https, and the client's address" +
    (missing === undefined ? "" : ` (${missing})`),
  ignore: missing !== undefined,
  async fn() {
    await using site = await Site.start();
    const { directory } = site;
    const location = `
    ssl_certificate ${directory.join("site.pem")}; ssl_certificate_key ${directory.join("site.key")};
    location / {
      proxy_pass http://127.0.0.1:${site.fields};
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
    }`;
    await using nginx = await OtherServer.nginx(directory, location, "ssl");
    const rules = `
  default_backend fdpass
backend fdpass
  server one 127.0.0.2:${site.announced} send-proxy-v2-ssl`;
    await using haproxy = await OtherServer.haproxy(
      directory,
      rules,
      `ssl crt ${directory.join("both.pem")}`,
    );
    // Whatever the client says of itself in front of that is its own word.
    const lies = [
      "-H",
      "X-Forwarded-For: 9.9.9.9",
      "-H",
      "X-Forwarded-Proto: http",
      "-H",
      "Forwarded: for=9.9.9.9;proto=http",
    ];
    for (const [server, told] of [[nginx, "9.9.9.9, 127.0.0.2"], [haproxy, "null"]] as const) {
      const ask = (path: string) =>
        curl(`https://127.0.0.1:${server.port}${path}`, "--interface", "127.0.0.2", ...lies);
      assert.equal(await ask("/a"), `page for 127.0.0.2, ${told}200 `);
      assert.equal(await ask("/cgi/"), "on https 127.0.0.2200 ");
      const host = `127.0.0.1:${server.port}`;
      assert.equal(
        await ask("/relay/"),
        `127.0.0.2 | https | for=127.0.0.2;host="${host}";proto=https200 `,
      );
      assert.match(await ask("/guarded/"), /403 $/);
    }
  },
});

Deno.test("on one connection of a trusted server each request is its own client's; strangers' words change nothing", async () => {
  await using site = await Site.start();
  const from = (who: string, scheme = "https") => ({
    "X-Forwarded-For": `9.9.9.9, ${who}`,
    "X-Forwarded-Proto": scheme,
  });
  const forwarded = (who: string) => ({ "Forwarded": `for=9.9.9.9;proto=http, for=${who};proto=https` });
  assert.deepEqual(
    await ask(site.fields, [
      ["/a", from("203.0.113.1")],
      ["/a", from("203.0.113.2")],
      ["/a", from("203.0.113.3", "http")],
      ["/a", forwarded("203.0.113.4")],
      ["/cgi/", from("203.0.113.5")],
      ["/cgi/", from("203.0.113.6", "http")],
      ["/relay/", from("203.0.113.7")],
      ["/guarded/", from("203.0.113.8")],
      ["/relay/", { "X-Forwarded-For": "203.0.113.9, 10.0.0.7" }],
    ]),
    [
      "200 page for 203.0.113.1, 9.9.9.9, 203.0.113.1",
      "200 page for 203.0.113.2, 9.9.9.9, 203.0.113.2",
      "302 ",
      "200 page for 203.0.113.4, null",
      "200 on https 203.0.113.5",
      "200  http 203.0.113.6",
      '200 203.0.113.7 | https | for=203.0.113.7;host="a.example";proto=https',
      "200 page for 203.0.113.8, 9.9.9.9, 203.0.113.8",
      '200 203.0.113.9 | http | for=203.0.113.9;host="a.example";proto=http',
    ],
  );
  assert.deepEqual(
    await ask(site.fields, [
      ["/a", from("203.0.113.1")],
      ["/a", forwarded("203.0.113.4")],
      ["/cgi/", from("203.0.113.5")],
      ["/relay/", { ...from("203.0.113.7"), ...forwarded("203.0.113.7") }],
    ], "127.0.0.3"),
    [
      "302 ",
      "302 ",
      "200  http 127.0.0.3",
      '200 127.0.0.3 | http | for=127.0.0.3;host="a.example";proto=http',
    ],
  );
  assert.match((await ask(site.fields, [["/guarded/", from("203.0.113.8")]], "127.0.0.3"))[0]!, /^403/);
});
