// Real servers in front, which do TLS: an application that insists on https gets its page, and strangers say nothing.

import assert from "node:assert/strict";
import { Agent, get } from "node:http";
import { noHaproxy, noNginx, OtherServer } from "../support/other_servers.ts";
import { curl, Site } from "./trust_rig.ts";

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
