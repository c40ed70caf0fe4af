/** Files of a site that PHP-FPM runs, as SetHandler says, beside a real Apache. */

import assert from "node:assert/strict";
import { Apache, noApache } from "../support/apache.ts";
import { noPhpFpm, startPhpFpm } from "../support/php_fpm.ts";
import { freePort } from "../support/ports.ts";
import { fixture, startUpFrom, TemporaryDirectory } from "../support/processes.ts";
import { get } from "../support/raw_client.ts";

const ROOT = fixture("php").replace("/tests/fixtures/", "/tests/e2e/fixtures/");

Deno.test({
  name: "SetHandler with proxy:fcgi has the answers that it has with Apache",
  ignore: noPhpFpm !== undefined || noApache !== undefined,
  fn: async () => {
    using directory = new TemporaryDirectory();
    using own = new TemporaryDirectory();
    Deno.chmodSync(directory.path, 0o755);
    const script = Deno.readTextFileSync(`${ROOT}/index.php`);
    for (
      const [name, text] of [
        ...["index.php", "app/index.php", "both/index.php", "closed/index.php", "fall/index.php"].map((
          name,
        ) => [name, script]),
        ...["secret.php", "kept/index.php", "other/index.php"].map((name) => [name, script]),
        ["both/index.html", "html\n"],
        ["a.txt", "text\n"],
        ["plain/a.txt", "text\n"],
        ["kept/.htaccess", "Require all denied\n"],
        ["app/image.jpg", "<?php echo 'run' ?>"],
      ]
    ) {
      const path = directory.join(`www/${name}`);
      Deno.mkdirSync(path!.slice(0, path!.lastIndexOf("/")), { recursive: true });
      Deno.writeTextFileSync(path!, text!);
    }
    const www = directory.join("www");
    const socket = directory.join("fpm.sock");
    await using _fpm = await startPhpFpm(directory, socket);
    Deno.chmodSync(socket, 0o666);
    const site = `
TypesConfig ${directory.write("mime.types", "text/html html\ntext/plain txt\n")}
DocumentRoot ${www}
DirectoryIndex index.html index.php
Alias /alias ${www}/app
<Directory />\nAllowOverride None\n</Directory>
<Directory ${www}>\nRequire all granted\n</Directory>
<Directory ${www}/closed>\nRequire all denied\n</Directory>
<Directory ${www}/kept>\nAllowOverride All\n</Directory>
<Directory ${www}/fall>\nFallbackResource /fall/index.php\n</Directory>
<Files secret.php>\nRequire all denied\n</Files>
<FilesMatch ".+\\.ph(?:ar|p|tml)$">
<If "-f %{REQUEST_FILENAME}">
SetHandler "proxy:unix:${socket}|fcgi://localhost"
</If>
</FilesMatch>
`;
    const modules = [..."proxy proxy_fcgi dir mime alias authz_host authn_core".split(" ")];
    await using apache = await Apache.start(directory, modules, site);
    const port = freePort();
    const path = own.write("httpd.conf", `DefaultRuntimeDir ${own.path}\nListen 127.0.0.1:${port}\n${site}`);
    await using fdpass = await startUpFrom(path);
    const outcome = async (port: number, path: string) => {
      const { status, body } = await get(port, path);
      const text = new TextDecoder().decode(body);
      // Pages of the servers themselves are their own.
      return [status, status < 300 || text.includes("File not found") ? text.replaceAll(`:${port}`, "") : ""];
    };
    for (
      const path of [
        ...["/", "/?a=b", "/index.php", "/index.php?a=b", "/index.php/c/d?e=f", "/app/", "/app", "/both/"],
        ...["/both/index.php", "/closed/", "/closed/index.php", "/secret.php", "/secret.php/x", "/a.txt"],
        ...[
          "/missing.php",
          "/app/image.jpg/x.php",
          "/alias/",
          "/alias/index.php/x",
          "/index%2ephp",
        ],
        ...["/missing/", "/app%2findex.php", "/fall/pretty/x?y=z"],
      ]
    ) {
      assert.deepEqual(await outcome(port, path), await outcome(apache.port, path), path);
    }
    // What would be said there nobody here reads.
    assert.equal((await get(port, "/kept/index.php")).status, 500);
    assert.equal((await get(port, "/kept/")).status, 500);
    assert.equal((await fdpass.stop()).code, 0);
  },
});
