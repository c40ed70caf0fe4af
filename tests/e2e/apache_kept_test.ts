/**
 * Requests of all sorts on connections that are kept: protected paths, public ones, redirected and rewritten ones, in the
 * spellings of somebody who wants to get past a rule. None gets an answer that a new connection would not get.
 */

import assert from "node:assert/strict";
import { Agent, request } from "node:http";
import { startUpFrom, TemporaryDirectory } from "../support/processes.ts";
import { freePort } from "../support/ports.ts";
import { summary, TellingServers } from "./apache/rule_rig.ts";

const REQUESTS = 10_000;
const PATHS = [
  "/",
  "/a",
  "/a/b?c",
  "/admin",
  "/admin/",
  "/admin/x",
  "/%61dmin/x",
  "//admin",
  "/./admin",
  "/a/../admin/x",
  "/admin/../a",
  "/admin%2fx",
  "/a%2f..%2fadmin",
  "/a/%2e%2e/admin",
  "/ADMIN",
  "/admin;x",
  "/admin%5cx",
  "/a%5c..%5cadmin",
  "/admin?a",
  "/a?/admin",
  "/pw",
  "/pw/x",
  "/%70w/x",
  "/pwx",
  "/old/x?y",
  "/go/x?y",
  "/to/x?y",
  "/to/../admin",
  "/in/x",
  "/in/../admin",
  "/in/%2e%2e/admin",
  "/no/x",
  "/status/404",
  "http://one.test/admin",
  "http://two.test/admin",
  "*",
];
const USER = { Authorization: `Basic ${btoa("ann:sha")}` };
const FIELDS: readonly Record<string, string>[] = [
  {},
  { Authorization: `Basic ${btoa("ann:wrong")}` },
  USER,
  { "X-User": "admin" },
  { ...USER, "X-User": "admin", "X_User": "admin" },
  { Connection: "keep-alive, X-User", "X-User": "admin" },
  { "X-Original-URL": "/admin", "X-Rewrite-URL": "/admin" },
];
const HOSTS = ["one.test", "two.test", "ONE.test:80"];

interface Asked {
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Requests on connections that had been used before. */
let reused = 0;

function ask(agent: Agent | undefined, port: number, { path, method, headers }: Asked): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const options = {
    host: "127.0.0.1",
    port,
    path,
    method,
    headers,
    ...agent === undefined ? { agent: false as const } : { agent },
  };
  const sent = request(options, (response) => {
    if (sent.reusedSocket) reused++;
    const lines = [`HTTP/1.1 ${response.statusCode} `];
    for (let at = 0; at < response.rawHeaders.length; at += 2) {
      lines.push(`${response.rawHeaders[at]}: ${response.rawHeaders[at + 1]}`);
    }
    response.on("data", () => {});
    response.on("end", () => resolve(summary(`${lines.join("\r\n")}\r\n\r\n`)));
    response.on("error", reject);
  });
  sent.on("error", reject);
  sent.end();
  return promise;
}

Deno.test("kept connections carry no request past access control, redirects or rewriting", async () => {
  await using servers = await TellingServers.start();
  using directory = new TemporaryDirectory();
  // SHA-1 of "sha".
  directory.write("USERS", "ann:{SHA}2PRZAyDhNDqRW2OUFwZQqPNdaSY=\n");
  const port = freePort();
  const path = directory.write(
    "site.conf",
    `DefaultRuntimeDir "${directory.path}"
Listen 127.0.0.1:${port}
<VirtualHost *:${port}>
ServerName one.test
RewriteEngine on
RewriteRule ^/to/(.*)$ ${servers.url("b")}/t/$1 [P]
RewriteRule ^/in/(.*)$ /a/$1 [PT]
RewriteRule ^/no/ - [F]
ProxyPass /old !
Redirect /old http://else.test/new
RedirectMatch ^/go/(.*) http://else.test/$1
ProxyPass /go !
ProxyPass / ${servers.url("a")}/
RequestHeader set X-User expr=%{REMOTE_USER}
Header always set X-R-Site one
<Location /admin>
Require ip 192.0.2.1
</Location>
<Location /pw>
AuthType Basic
AuthName x
AuthUserFile ${directory.join("USERS")}
Require valid-user
</Location>
</VirtualHost>
<VirtualHost *:${port}>
ServerName two.test
ProxyPass / ${servers.url("b")}/
Header set X-R-Site two
</VirtualHost>
`,
  );
  await using fdpass = await startUpFrom(path);
  const all = HOSTS.flatMap((host) =>
    PATHS.flatMap((path) =>
      FIELDS.map((fields): Asked => ({ path, method: "GET", headers: { Host: host, ...fields } }))
    )
  );
  const expected = new Map<Asked, string>();
  for (const asked of all) expected.set(asked, await ask(undefined, port, asked));
  // What is protected is protected: nothing of it reaches a server but with a password.
  for (const [{ path, headers }, outcome] of expected) {
    if (headers["Host"] === "two.test" || path.includes("two.test")) continue;
    if (/admin/i.test(path) && !/^\/(ADMIN|admin\/\.\.\/a$|a\?|admin;)/.test(path)) {
      assert.match(outcome, /^40[0-9]/, path);
    }
    if (/^\/(pw|%70w)(\/|$)/.test(path) && headers["Authorization"] !== USER.Authorization) {
      assert.match(outcome, /^401/, path);
    }
    if (headers["X-User"] !== undefined) {
      assert.doesNotMatch(outcome, /"x-user","admin"|"x_user"/, JSON.stringify(headers));
    }
  }
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let seed = 12_345;
  for (let count = 0; count < REQUESTS; count++) {
    // A linear congruential generator: the same order in every run.
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    const asked = all[seed % all.length]!;
    const outcome = await ask(agent, port, asked);
    if (outcome !== expected.get(asked)) {
      assert.equal(outcome, expected.get(asked), `${count}: ${JSON.stringify(asked)}`);
    }
  }
  agent.destroy();
  // Malformed requests end theirs; all others go on.
  assert.ok(reused > REQUESTS * 0.8, `${reused} requests came on a kept connection`);
  assert.equal((await fdpass.stop()).code, 0);
});
