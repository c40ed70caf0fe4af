/** Lines, words, conditions, variables and included files. */

import assert from "node:assert/strict";
import { linesOf, wordsOf } from "../../../src/config/apache/lines.ts";
import { Faults } from "../../../src/config/apache/faults.ts";
import { Reader } from "../../../src/config/apache/reader.ts";
import { isSection, type Item } from "../../../src/config/apache/tree.ts";
import { isPattern, segmentExpression } from "../../../src/config/apache/glob.ts";
import { type Around, faultsOf, warningsOf } from "./parsing.ts";

/** A tree as text: `a(1 2) <S x>[…]`. */
function written(items: readonly Item[]): string {
  return items.map((item) =>
    isSection(item)
      ? `<${[item.name, ...item.args].join(" ")}>[${written(item.children)}]`
      : [item.name, ...item.args].join(" ")
  ).join("; ");
}

function tree(text: string, { files = {}, environment = {} }: Around = {}): string {
  const faults = new Faults("a.conf");
  const world = {
    environment: (name: string) => environment[name],
    files: (pattern: string) => Object.keys(files).filter((path) => path === pattern),
    read: (path: string) => files[path]!,
  };
  const reader = new Reader(faults, world, (path) => path.startsWith("/") ? path : `/etc/${path}`, []);
  const items = reader.read(text, "a.conf");
  faults.throwIfAny();
  return written(items);
}

Deno.test("linesOf() joins lines at a backslash, leaves out comments, and counts what is in the file", () => {
  const text = "A 1\r\n\n  # no \\\n still no\nB \\\n  2\\\n 3\n  C\t4  ";
  assert.deepEqual([...linesOf(text, "f")].map(({ line, text }) => [line, text]), [
    [1, "A 1"],
    [5, "B   2 3"],
    [8, "C\t4"],
  ]);
});

for (
  const [text, words] of [
    [`a  b\tc`, ["a", "b", "c"]],
    [`"a b" 'c "d"' "e \\" f"`, ["a b", `c "d"`, `e " f`]],
    [`a"b c`, [`a"b`, "c"]],
    [`"a\\\\b" "c\\d"`, ["a\\b", "c\\d"]],
    [`^/a\\\\.b \\d`, ["^/a\\.b", "\\d"]],
    [`""`, [""]],
    [``, []],
    [`"a"b`, ["a", "b"]],
  ] as const
) {
  Deno.test(`wordsOf() splits ${text}`, () => assert.deepEqual(wordsOf(text), { words }));
}

Deno.test("wordsOf() says that a quote is not closed", () => {
  assert.ok("fault" in wordsOf(`a "b c`));
});

Deno.test("a tree: sections hold what stands in them, and names keep their case", () => {
  assert.equal(
    tree(
      'Listen 80\n<VirtualHost *:80>\n ServerName a\n <Location "/x y">\n  A\n </location>\n</VirtualHost>\nB',
    ),
    "Listen 80; <VirtualHost *:80>[ServerName a; <Location /x y>[A]]; B",
  );
});

Deno.test("conditions: modules, definitions and versions, negated too, and nested", () => {
  const text = `
LoadModule proxy_module modules/mod_proxy.so
Define TEST
<IfModule proxy_module>
a
</IfModule>
<IfModule mod_proxy.c>
b
</IfModule>
<IfModule ssl_module>
not a directive < > "
<IfDefine TEST>
c
</IfDefine>
</IfModule>
<IfModule !mod_ssl.c>
d
</IfModule>
<IfDefine !TEST>
e
</IfDefine>
<IfVersion >= 2.4>
f
</IfVersion>
<IfVersion < 2.4>
g
</IfVersion>
UnDefine TEST
<IfDefine TEST>
h
</IfDefine>`;
  assert.equal(tree(text), "LoadModule proxy_module modules/mod_proxy.so; a; b; d; f");
});

Deno.test("conditions: where nothing is loaded, what is understood counts as loaded", () => {
  assert.equal(tree("<IfModule mod_proxy.c>\na\n</IfModule>\n<IfModule mod_dav.c>\nb\n</IfModule>"), "a");
});

Deno.test("variables: Define first, the environment then", () => {
  const environment = { PORT: "81", HOME: "/root" };
  assert.equal(tree("Define PORT 80\nListen ${PORT}\nX ${HOME}/a", { environment }), "Listen 80; X /root/a");
  assert.deepEqual(faultsOf("\nListen ${NONE}").slice(0, 1), [
    `site.conf:2:1: Listen: Cannot find the variable "NONE"; write "Define NONE …" before it, or set it in the environment`,
  ]);
});

Deno.test("variables: one that nobody has set matters only where the directive does", () => {
  const text = "Listen 80\nErrorLog ${APACHE_LOG_DIR}/error.log\nLoadModule a_module ${DIR}/a.so\n" +
    "CacheDefaultExpire ${map:key}\nProxyPass / fd:///a.sock";
  assert.deepEqual(faultsOf(text), []);
  assert.match(
    warningsOf(text).join(),
    /changes answers: CacheDefaultExpire \(line 4\),.*no effect here: ErrorLog \(line 2\)$/,
  );
});

Deno.test("a section begins up to its last >: what follows is a comment to people", () => {
  assert.equal(tree("<S a> # b\nC\n</S>"), "<S a>[C]");
});

Deno.test("included files stand in place of the line, relative to ServerRoot", () => {
  const files = { "/srv/one.conf": "B\n<S>\nC\n</S>", "/etc/two.conf": "D" };
  const text = "Include two.conf\nServerRoot /srv\nA\nInclude one.conf\nIncludeOptional none.conf\nE";
  assert.equal(tree(text, { files }), "D; ServerRoot /srv; A; B; <S>[C]; E");
});

Deno.test("included files: places name the file, circles are found, missing ones reported", () => {
  const files = { "/etc/bad.conf": "\nListne 80", "/etc/circle.conf": "Include circle.conf" };
  assert.match(
    faultsOf("Include bad.conf", { files })[0]!,
    /^\/etc\/bad\.conf:2:1: Listne: Unknown directive; .*"Listen"/,
  );
  assert.match(
    faultsOf("Include circle.conf", { files })[0]!,
    /^\/etc\/circle\.conf:1:1: Include: Found files that include each other/,
  );
  assert.match(
    faultsOf("Listen 80\nInclude none.conf")[0]!,
    /^site\.conf:2:1: Include: Cannot find "\/etc\/none\.conf"/,
  );
});

Deno.test("a section may not begin in one file and end in another", () => {
  const files = { "/etc/open.conf": "<VirtualHost *:80>" };
  const faults = faultsOf("Include open.conf\n</VirtualHost>", { files });
  assert.match(faults[0]!, /^\/etc\/open\.conf:1:1: VirtualHost: Found a section without an end/);
  assert.match(faults[1]!, /^site\.conf:2:1: \/VirtualHost: Found the end of a section that does not begin/);
});

Deno.test("segmentExpression() reads patterns as a shell does", () => {
  for (
    const [pattern, yes, no] of [
      ["*.conf", ["a.conf", ".conf".replace(".", "x.")], [".a.conf", "a.conf~", "aconf"]],
      ["00?-[ab]*", ["001-a", "00x-bcd"], ["00-a", "001-c"]],
      ["[!a]b", ["cb"], ["ab"]],
      ["a[", ["a["], ["a"]],
      ["[b-a]", [], ["a", "b"]],
    ] as const
  ) {
    const expression = segmentExpression(pattern);
    for (const name of yes) assert.ok(expression.test(name), `${pattern} ${name}`);
    for (const name of no) assert.ok(!expression.test(name), `${pattern} ${name}`);
  }
  assert.ok(isPattern("a*") && !isPattern("a.conf"));
});

Deno.test("the syntax stands in one file with everything that people write around it", () => {
  const warnings = warningsOf(
    `ServerTokens Prod\nErrorLog a\nCustomLog b combined\n<Directory />\nAllowOverride None\nNonsense\n</Directory>\nProxyPass / http://127.0.0.1:1/`,
  );
  assert.deepEqual(warnings, []);
});
