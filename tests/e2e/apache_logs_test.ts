/** Logs as Apache's words say: of virtual hosts, by variables, with users, and messages in files and programs. */

import assert from "node:assert/strict";
import { freePort } from "../support/ports.ts";
import { FrontProgram, runProgram, TemporaryDirectory, whenReady } from "../support/processes.ts";
import { RawClient } from "../support/raw_client.ts";
import { until } from "../support/waiting.ts";

const SHA = "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="; // "secret"

Deno.test("Apache's logs: vhost_combined, env=, users, ErrorLog and LogLevel, and programs that come and go", async () => {
  using directory = new TemporaryDirectory();
  await using upstream = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    () => new Response("ok"),
  );
  directory.write("users", `frank:${SHA}\n`);
  const [port, other] = [freePort(), freePort()];
  const configuration = (program: string) =>
    `ServerRoot ${directory.path}
DefaultRuntimeDir run
Listen 127.0.0.1:${port}
Listen 127.0.0.1:${other}
LogFormat "%v:%p %h %l %u %t \\"%r\\" %>s %O \\"%{Referer}i\\" \\"%{User-Agent}i\\"" vhost_combined
SetEnvIf Request_URI "\\.gif$" image=yes
CustomLog other_vhosts_access.log vhost_combined
ErrorLog error.log
LogLevel warn
<VirtualHost *:${port}>
  ServerName one.example
  ProxyPass /away http://127.0.0.1:9/
  ProxyPass / http://127.0.0.1:${upstream.addr.port}/
</VirtualHost>
<VirtualHost *:${port}>
  ServerName two.example
  ErrorLog "|/bin/sh -c 'cat >> ${directory.path}/${program}; echo end >> ${directory.path}/${program}'"
  LogLevel info
  CustomLog pages "%U %u %{image}e" env=!image
  CustomLog images "%U %u %{image}e" env=image
  CustomLog wrong "%U %>s" "expr=%{REQUEST_STATUS} -ge 400 || %{REQUEST_URI} =~ m#^/p.*[.]gif#"
  ProxyPass /none !
  ProxyPass / http://127.0.0.1:${upstream.addr.port}/
  <Location /private>
    AuthType Basic
    AuthName "private"
    AuthUserFile users
    Require valid-user
  </Location>
</VirtualHost>
<VirtualHost *:${port}>
  ServerName three.example
  ErrorLog three.log
  CustomLog three-access.log "%U %>s"
  ProxyPass /away http://127.0.0.1:9/
  ScriptAlias /cgi/ ${directory.path}/cgi/
</VirtualHost>
<VirtualHost *:${other}>
  ServerName three.example
  ErrorLog three-other.log
  ProxyPass /away http://127.0.0.1:9/
  ProxyPass / http://127.0.0.1:${upstream.addr.port}/
</VirtualHost>
`;
  Deno.mkdirSync(directory.join("cgi"));
  directory.write("cgi/say", "#!/bin/sh\necho something is wrong >&2\nprintf 'Status: 204\\n\\n'\n");
  Deno.chmodSync(directory.join("cgi/say"), 0o755);
  const path = directory.write("site.conf", configuration("first"));
  const control = directory.join("control.sock");
  const read = (name: string) => {
    try {
      return Deno.readTextFileSync(directory.join(name));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return "";
      throw error;
    }
  };
  await using up = await whenReady(
    new FrontProgram(["up", path, "--control", control], { permissions: ["--allow-all"] }),
  );
  using client = await RawClient.connect(port);
  const ask = async (host: string, target: string, more = "") => {
    await client.write(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\n${more}\r\n`);
    return (await client.response()).status;
  };
  const frank = `Authorization: Basic ${btoa("frank:secret")}\r\n`;
  assert.equal(await ask("one.example", "/a"), 200);
  assert.equal(await ask("two.example", "/a"), 200);
  assert.equal(await ask("two.example", "/a.gif"), 200);
  assert.equal(await ask("two.example", "/private/a.gif", frank), 200);
  assert.equal(await ask("one.example", "/away"), 502);
  // Of a kept connection they are the first and the last.
  using refused = await RawClient.connect(port);
  await refused.write("GET /none HTTP/1.1\r\nHost: two.example\r\n\r\n");
  assert.equal((await refused.response()).status, 404);
  using wrong = await RawClient.connect(port);
  await wrong.write(`GET /private HTTP/1.1\r\nHost: two.example\r\nAuthorization: Basic x\r\n\r\n`);
  assert.equal((await wrong.response()).status, 401);

  // Of a site that one server is behind, the messages of whoever asks that server are the site's as well.
  const askOnce = async (port: number, host: string, target: string) => {
    using once = await RawClient.connect(port);
    await once.write(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    return (await once.response()).status;
  };
  assert.equal(await askOnce(port, "three.example", "/away"), 502);
  assert.equal(await askOnce(port, "three.example", "/cgi/say"), 204);
  assert.equal(await askOnce(other, "three.example", "/away"), 502);
  await until(
    () => /127\.0\.0\.1:9 is away[^]*something is wrong/.test(read("three.log")),
    () => [read("three.log"), read("error.log"), up.stderr].join("\n--\n"),
  );
  await until(() => read("three-other.log").includes("127.0.0.1:9 is away"), "the same site on another port");
  assert.equal(read("three-other.log").trimEnd().split("\n").length, 1);
  assert.doesNotMatch(read("error.log"), /something is wrong/);

  // What is less than a warning is of two.example alone, and goes to its program.
  await until(() => read("first").includes("404 for two.example /none"), () => read("first"));
  await until(() => /warning|error/.test(read("error.log")), "a message about the server that is away");
  assert.match(read("error.log"), /127\.0\.0\.1:9/);
  assert.doesNotMatch(read("error.log"), / info /);

  // Another program, after the files have been moved away: the first one ends, and no message is lost between them.
  const counts = () =>
    [...(read("first") + read("second")).matchAll(/404 for two\.example \/none.*?(?:, (\d+) times)?\n/g)]
      .reduce((sum, [, times = "1"]) => sum + Number(times), 0);
  let [asked, over] = [1, false];
  const asking = (async () => {
    for (; !over; asked++) assert.equal(await askOnce(port, "two.example", "/none"), 404);
  })();
  Deno.renameSync(directory.join("error.log"), directory.join("error.log.1"));
  directory.write("site.conf", configuration("second"));
  assert.equal(
    (await runProgram(["reload", "--control", control], { permissions: ["--allow-all"] })).code,
    0,
  );
  assert.equal(
    (await runProgram(["reopen", "--control", control], { permissions: ["--allow-all"] })).code,
    0,
  );
  await until(
    () => read("second").includes("404 for two.example /none"),
    () => [read("second"), read("first"), read("error.log"), up.stderr].join("\n--\n"),
  );
  over = true;
  await asking;
  await until(() => counts() === asked, () => `${counts()} of ${asked} messages`);
  await until(() => !running(`${directory.path}/first`), "the end of the program that nobody writes to");
  await until(() => read("error.log") === "" && exists(directory.join("error.log")), "a new file");

  client.close();
  await up.stopCleanly();
  for (const program of ["first", "second"]) {
    assert.match(read(program), /\nend\n$/, "it has read all there was");
  }
  const combined = read("other_vhosts_access.log").trimEnd().split("\n");
  assert.equal(combined.length, 3);
  // A host of the same name has a log of its own, this one has none.
  assert.equal(combined.filter((line) => line.startsWith(`three.example:${other} `)).length, 1);
  assert.match(
    combined[0]!,
    new RegExp(`^one\\.example:${port} 127\\.0\\.0\\.1 - - \\[.*\\] "GET /a HTTP/1\\.1" 200 \\d+ "-" "-"$`),
  );
  assert.deepEqual(read("images").trimEnd().split("\n").sort(), ["/a.gif - yes", "/private/a.gif frank yes"]);
  assert.equal(read("three-access.log"), "/away 502\n/cgi/say 204\n");
  const faulty = read("wrong").trimEnd().split("\n");
  assert.deepEqual(faulty.filter((line) => line !== "/none 404").sort(), [
    "/private 401",
    "/private/a.gif 200",
  ]);
  assert.equal(faulty.length, 2 + asked);
  const pages = read("pages").trimEnd().split("\n");
  assert.deepEqual(pages.filter((line) => line !== "/none - -").sort(), ["/a - -", "/private - -"]);
  assert.equal(pages.length, 2 + asked);
  assert.deepEqual([...Deno.readDirSync(`${directory.path}/run`)], []);
});

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Whether a process has this in its command line. */
function running(text: string): boolean {
  return [...Deno.readDirSync("/proc")].some(({ name }) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return Deno.readTextFileSync(`/proc/${name}/cmdline`).includes(text);
    } catch {
      return false; // It has ended.
    }
  });
}
