/** Which files are for somebody else than whoever sends files, case by case. */

import assert from "node:assert/strict";
import { type HandlerSettings, isHandedOn, isHandlerType } from "../../src/config/handlers.ts";

Deno.test("isHandedOn(): handlers before types, the last ending that says anything, PHP unless said otherwise", () => {
  const cgi: HandlerSettings = { handlers: { cgi: "other", gone: "name", plain: "file" } };
  for (
    const [name, type, settings, expected] of [
      ["a.txt", "text/plain", {}, false],
      ["a", undefined, {}, false],
      ["a.php", undefined, {}, true],
      [".php", undefined, {}, true],
      ["a.php.bak", undefined, {}, false],
      ["aphp", undefined, {}, false],
      ["a.php", "text/plain", { types: { php: "text/plain" } }, false],
      ["a.php", "text/plain", { types: { txt: "text/plain" } }, true],
      ["a.php", "text/plain", { forceType: "text/plain" }, false],
      ["a.php", "application/x-httpd-php", { forceType: "application/x-httpd-php" }, true],
      ["a.php", undefined, { handler: "file" }, false],
      ["a.php", undefined, { handler: "name" }, false],
      ["a.php", "application/x-httpd-php", { handler: "name" }, true],
      ["a.php", "application/x-httpd-php", { handler: "file" }, false],
      ["a.txt", "text/plain", { handler: "other" }, true],
      ["a.cgi.txt", "text/plain", cgi, true],
      ["a.CGI", undefined, cgi, true],
      ["cgi", undefined, cgi, false],
      ["a.cgi.plain", undefined, cgi, false],
      ["a.plain.cgi", undefined, cgi, true],
      ["a.cgi.gone", undefined, cgi, true],
      ["a.cgi", undefined, { ...cgi, handler: "file" }, false],
      ["a.cgi", undefined, { ...cgi, handler: "name" }, true],
      ["a.constructor", undefined, cgi, false],
      ["a.gif", "image/gif; x=y", { handledTypes: ["image/gif"] }, true],
      ["a.shtml", "text/html", { filters: { shtml: true } }, true],
      ["a.txt", "text/plain", { filter: true, handler: "file" }, true],
    ] as const
  ) {
    assert.equal(isHandedOn(name, type, settings), expected, `${name} ${type} ${JSON.stringify(settings)}`);
  }
});

Deno.test("isHandlerType(): names of handlers stand where types do", () => {
  for (
    const type of [
      ..."application/x-httpd-php application/x-httpd-php-source Application/X-HTTPD-CGI x-mapp-php5".split(
        " ",
      ),
      ..."application/x-lsphp httpd/send-as-is text/x-server-parsed-html3 application/x-type-map".split(" "),
    ]
  ) assert.ok(isHandlerType(type), type);
  for (const type of ["text/html", "text/x-php", "application/json", "text/plain; charset=php"]) {
    assert.ok(!isHandlerType(type), type);
  }
});
