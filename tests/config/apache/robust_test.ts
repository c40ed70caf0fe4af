/** Whatever comes: a configuration or an error that says where, and never anything else. */

import assert from "node:assert/strict";
import fc from "../../support/properties.ts";
import { ConfigError } from "../../../src/config/error.ts";
import { linesOf, wordsOf } from "../../../src/config/apache/lines.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { parse } from "./parsing.ts";

/** Parses, and takes a ConfigError with places for an answer. */
function survives(text: string): void {
  try {
    parse(text);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    for (const { line } of error.problems) {
      // 0: the configuration as a whole leads nowhere.
      assert.ok(line >= 0 && line <= text.split(/\r\n|\r|\n/).length, error.message);
    }
    // deno-lint-ignore no-control-regex -- these must not be there
    assert.doesNotMatch(error.message, /[\x00-\x09\x0b-\x1f]/, JSON.stringify(error.message));
  }
}

const WORDS = [
  "Listen",
  "ServerName",
  "ServerAlias",
  "ProxyPass",
  "ProxyPassMatch",
  "ProxyPassReverse",
  "Header",
  "RequestHeader",
  "RewriteEngine",
  "RewriteRule",
  "RewriteCond",
  "RewriteMap",
  "Redirect",
  "RedirectMatch",
  "Require",
  "Order",
  "Allow",
  "SetEnvIf",
  "SetEnvIfExpr",
  "AuthType",
  "<If",
  "</If>",
  "<RequireAll>",
  "</RequireAll>",
  "<Limit",
  "</Limit>",
  "\"%{HTTP_HOST} == 'a'\"",
  "expr=%{REMOTE_USER}",
  "[P,L]",
  "^/(.*)$",
  "http://a/$1",
  "set",
  "edit",
  "ip",
  "from",
  "BalancerMember",
  "ProxySet",
  "ErrorDocument",
  "Define",
  "Timeout",
  "KeepAlive",
  "RequestReadTimeout",
  "<VirtualHost",
  "</VirtualHost>",
  "<Location",
  "</Location>",
  "<Proxy",
  "</Proxy>",
  "<IfModule",
  "</IfModule>",
  "<IfDefine",
  "</IfDefine>",
  "LoadModule",
  "ServerRoot",
  "80",
  "*:80>",
  "/a",
  "/",
  "http://x/",
  "http://x:1",
  "balancer://p",
  "balancer://p>",
  "fd:///a.sock",
  "!",
  "^/(.*)$",
  "$1",
  "${X}",
  '"',
  "'",
  "\\",
  "#",
  ">",
  "timeout=5",
  "flusher=flush",
  "On",
  "404",
  "a.example",
  "*.a.example",
  "\u00e9",
  "\u0000",
];

const line = fc.array(fc.oneof(fc.constantFrom(...WORDS), fc.string({ unit: "binary", maxLength: 8 })), {
  maxLength: 6,
})
  .map((words) => words.join(" "));
const document = fc.array(line, { maxLength: 12 }).map((lines) => lines.join("\n"));

Deno.test("parseApache() survives lines of all sorts", () => {
  fc.assert(fc.property(document, survives), { numRuns: 2_000 });
});

Deno.test("parseApache() survives arbitrary text", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 300 }), survives), { numRuns: 1_000 });
});

Deno.test("loadConfig() survives arbitrary bytes", async () => {
  const bytes = fc.uint8Array({ maxLength: 200 }).map((bytes) => new Uint8Array(bytes));
  await fc.assert(
    fc.asyncProperty(bytes, fc.constantFrom("", "#\n", "Listen 80\n"), async (bytes, start) => {
      const blob = new Blob([start, bytes]);
      try {
        await loadConfig("-", { stdin: blob.stream(), runDirectory: "/run/fdpass" });
      } catch (error) {
        assert.ok(error instanceof ConfigError, String(error));
      }
    }),
    { numRuns: 300 },
  );
});

Deno.test("wordsOf() gives back the words that were quoted", () => {
  const word = fc.string({ maxLength: 10 });
  fc.assert(fc.property(fc.array(word, { maxLength: 6 }), (words) => {
    const text = words.map((word) => `"${word.replace(/["\\]/g, "\\$&")}"`).join(" ");
    assert.deepEqual(wordsOf(text), { words });
  }));
});

Deno.test("linesOf() numbers lines as an editor does", () => {
  fc.assert(fc.property(document, (text) => {
    const lines = text.replace(/^\ufeff/, "").split(/\r\n|\n|\r/);
    for (const { line, text: found } of linesOf(text, "f")) {
      const first = lines[line - 1]!.replace(/\\$/, "").trim();
      assert.ok(
        found.startsWith(first.split("\\")[0]!.trim().slice(0, 1)) || first === "",
        `${line}: ${found}`,
      );
    }
  }));
});

/** Every configuration file of Debian's package, as far as it is installed. */
function installed(directory: string): string[] {
  try {
    return [...Deno.readDirSync(directory)].flatMap(({ name, isDirectory, isFile, isSymlink }) => {
      const path = `${directory}/${name}`;
      if (isDirectory) return installed(path);
      return (isFile || isSymlink) && /\.(conf|load)$/.test(name) ? [path] : [];
    });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

const files = installed("/etc/apache2");

Deno.test({
  name: `parseApache() reads what Debian's apache2 installs${files.length === 0 ? " (not installed)" : ""}`,
  ignore: files.length === 0,
  fn: () => {
    assert.ok(files.length > 40, `only ${files.length} files`);
    for (const file of files) {
      const text = Deno.readTextFileSync(file);
      try {
        parse(text, {
          environment: new Proxy({}, { get: (_, name) => String(name) }) as Record<string, string>,
        });
      } catch (error) {
        assert.ok(error instanceof ConfigError, `${file}: ${error}`);
        // What it does not do it says of itself. Nothing in these files is misspelt.
        assert.doesNotMatch(error.message, /Unknown (directive|section)|not closed|without an end/, file);
      }
    }
  },
});
