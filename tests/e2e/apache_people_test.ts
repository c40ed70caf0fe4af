/** What people have, whole, beside a real Apache: Debian's tree, and notebooks whose WebSockets are opened. */

import assert from "node:assert/strict";
import { answers, Apache, noApache } from "../support/apache.ts";
import { OtherProgram } from "../support/other_programs.ts";
import { freePort } from "../support/ports.ts";
import { runProgram, startUpFrom, TemporaryDirectory } from "../support/processes.ts";
import { within } from "../support/waiting.ts";
import { debianTree } from "./apache/debian_tree.ts";
import { ask, asks } from "./apache/rule_requests.ts";
import { outcome, TellingServers } from "./apache/rule_rig.ts";

const ADDRESS = "127.0.0.1";

const SITE = `<VirtualHost *:PORT>
	ServerName app.test
	ServerAdmin webmaster@app.test
	DocumentRoot /var/www/html
	ProxyPreserveHost On
	ProxyPass /server-status !
	ProxyPass / \${APP_URL}/
	ProxyPassReverse / \${APP_URL}/
	RequestHeader set X-Forwarded-Proto "http"
	Header always set X-R-Content-Type-Options nosniff
	<Location /internal>
		Require ip 192.0.2.1
	</Location>
	RewriteEngine On
	RewriteRule ^/old/(.*)$ /new/$1 [R=301,L]
	ErrorLog \${APACHE_LOG_DIR}/app-error.log
	CustomLog \${APACHE_LOG_DIR}/app-access.log combined
</VirtualHost>
`;

Deno.test({
  name: "Debian's tree runs as it stands, and its site has the answers that it has with Apache",
  ignore: noApache !== undefined,
  fn: async () => {
    await using servers = await TellingServers.start();
    const variables = [`export APP_URL=${servers.url("a")}`];
    const [port, own] = [freePort(), freePort()];
    using atApache = debianTree(port, variables, SITE);
    using atFdpass = debianTree(own, variables, SITE);
    // As apache2ctl does it.
    const script = '. "$0/envvars" && exec /usr/sbin/apache2 -d "$0" -D FOREGROUND';
    const apache = new OtherProgram("/bin/sh", ["-c", script, atApache.path]);
    try {
      await apache.until(() => answers(port), "Apache to listen");
      const path = atFdpass.join("apache2.conf");
      await using fdpass = await startUpFrom(path);
      const host = { fields: { Host: "app.test" } };
      const targets = [
        ...["/", "/users/sign_in", "/a/b?c=d", "/fields", "/status/404", "/internal", "/internal/x"],
        ...["/%69nternal/x", "/old/a?b", "/icons/x.png", "/cgi-bin/x", "/x.php", "/index.html"],
      ];
      const requests = [
        ...asks(targets, host),
        ask("/", { fields: { Host: "app.test", "X-Forwarded-Proto": "https" } }),
        ask("/", { method: "POST", ...host }),
        // Of the package's own site, which has the files of /var/www/html.
        ...asks(["/", "/there-is-none", "/index.html"]),
      ];
      for (const request of requests) {
        assert.equal(
          await outcome(ADDRESS, own, request),
          await outcome(ADDRESS, port, request),
          JSON.stringify(request),
        );
      }
      // The package's own page.
      assert.match(await outcome(ADDRESS, own, ask("/")), /^200/);
      assert.equal((await fdpass.stop()).code, 0);
      assert.match(
        Deno.readTextFileSync(atFdpass.join("log/app-access.log")),
        /"GET \/a\/b\?c=d HTTP\/1.1" 200 /,
      );

      const checked = await runProgram(["check", path], { permissions: ["--allow-all"] });
      assert.equal(checked.code, 0, checked.stderr);
      assert.match(
        checked.stdout,
        /\nSite app\.test\n {2}\/server-status \(files of .*\n {2}\/ .* relay http:\S+ with the client's Host\n/,
      );
      assert.match(
        checked.stderr,
        /mime\.conf:\d+: changes answers: AddHandler: files are not handed to "type-map"/,
      );
      assert.doesNotMatch(checked.stderr, /opens what Apache closes/);
    } finally {
      await apache.kill("SIGTERM");
    }
  },
});

/** Notebooks: a server that opens WebSockets and says where, and sends back what it is sent. */
function notebooks(): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: ADDRESS, port: 0, onListen: () => {} }, (request) => {
    const { pathname, search } = new URL(request.url);
    const said = ["x-scheme", "origin", "cookie"].map((name) => request.headers.get(name) ?? "none");
    const told = [pathname + search, ...said].join(" ");
    if (request.headers.get("upgrade") === null) return new Response(told);
    if (pathname === "/user/bob/ws") return new Response("not yours", { status: 403 });
    const protocol = request.headers.get("sec-websocket-protocol")?.split(", ").at(-1) ?? "";
    const { socket, response } = Deno.upgradeWebSocket(request, { protocol });
    socket.onopen = () => socket.send(told);
    socket.onmessage = ({ data }) => {
      if (data === "leave") socket.close(4001, "left");
      else socket.send(data);
    };
    return response;
  });
}

/** What a client of a WebSocket sees: the protocol, what the server was told, the echoes, and how it was closed. */
async function conversation(port: number, target: string): Promise<unknown[]> {
  const socket = new WebSocket(`ws://${ADDRESS}:${port}${target}`, ["v0.kernel", "v1.kernel"]);
  socket.binaryType = "arraybuffer";
  const seen: unknown[] = [];
  const binary = new Uint8Array(100_000).map((_, index) => index);
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.onopen = () => seen.push(socket.protocol);
  socket.onmessage = ({ data }) => {
    seen.push(typeof data === "string" ? data : data.byteLength);
    if (seen.length === 2) socket.send("käse");
    else if (seen.length === 3) socket.send(binary);
    else {
      assert.deepEqual(new Uint8Array(data), binary);
      socket.send("leave");
    }
  };
  socket.onerror = () => seen.push("refused");
  socket.onclose = ({ code, reason }) => {
    seen.push(code, reason);
    resolve();
  };
  await within(promise, "the end of a WebSocket");
  return seen;
}

Deno.test({
  name:
    "notebooks: WebSockets that RewriteRule sends to ws:// are opened, and carry what is said, as with Apache",
  ignore: noApache !== undefined,
  fn: async () => {
    await using server = notebooks();
    using directory = new TemporaryDirectory();
    using runDirectory = new TemporaryDirectory();
    const at = `${ADDRESS}:${server.addr.port}`;
    const text = `<VirtualHost *:PORT>
  ServerName hub.test
  RewriteEngine On
  RewriteCond %{HTTP:Connection} Upgrade [NC]
  RewriteCond %{HTTP:Upgrade} websocket [NC]
  RewriteRule /(.*) ws://${at}/$1 [P,L]
  RequestHeader set X-Scheme expr=%{REQUEST_SCHEME}
  <Location "/">
    ProxyPreserveHost on
    ProxyPass http://${at}/
    ProxyPassReverse http://${at}/
  </Location>
</VirtualHost>`;
    const [port, own] = [freePort(), freePort()];
    const placed = (port: number) => `Listen ${ADDRESS}:${port}\n${text.replace("PORT", String(port))}\n`;
    const modules = ["proxy", "proxy_http", "proxy_wstunnel", "rewrite", "headers"];
    await using _apache = await Apache.start(directory, modules, placed(port));
    const path = runDirectory.write("hub.conf", `DefaultRuntimeDir "${runDirectory.path}"\n${placed(own)}`);
    await using fdpass = await startUpFrom(path);
    for (const target of ["/user/ann/api/kernels/1/channels?session_id=2", "/user/bob/ws", "/a%20b"]) {
      const atApache = await conversation(port, target);
      assert.deepEqual(await conversation(own, target), atApache, target);
      if (target.startsWith("/user/ann/")) {
        assert.deepEqual(atApache, ["v1.kernel", `${target} http none none`, "käse", 100_000, 4001, "left"]);
      }
    }
    for (const target of ["/hub/login?next=%2F", "/user/ann/"]) {
      const [theirs, ours] = await Promise.all([port, own].map(async (port) => {
        const response = await fetch(`http://${ADDRESS}:${port}${target}`);
        return [response.status, await response.text()];
      }));
      assert.deepEqual(ours, theirs);
      assert.deepEqual(ours, [200, `${target} http none none`]);
    }
    assert.equal((await fdpass.stop()).code, 0);
  },
});
