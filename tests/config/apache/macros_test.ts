/** Macros, and what leads requests to whom there is not. */

import assert from "node:assert/strict";
import { faultsOf, parse, warningsOf } from "./parsing.ts";

const HOSTS = `<Macro VHost $name $names $port>
<VirtualHost *:80>
ServerName $name.example.com
ServerAlias $names
ProxyPass / http://127.0.0.1:$port/
ErrorDocument 404 "none on $name"
</VirtualHost>
</Macro>
`;

Deno.test("Use puts in what a macro stands for, with its values", () => {
  const { listeners, backends, errorDocuments } = parse(
    `Listen 80\n${HOSTS}Use VHost a "x.test" 3001\nUse vhost b y.test 3002\n<Macro Text $a $b>\nErrorDocument 404 "$a $b"\n</Macro>\nUse Text $b c\n`,
  );
  assert.deepEqual(listeners[0]!.sites.map(({ names }) => names), [
    ["a.example.com", "x.test"],
    ["b.example.com", "y.test"],
  ]);
  assert.deepEqual(listeners[0]!.sites[0]!.errorDocuments, { 404: "none on a" });
  // A value is not looked into.
  assert.deepEqual(errorDocuments, { 404: "$b c" });
  assert.equal(backends.length, 2);
  assert.deepEqual(warningsOf(`Listen 80\n${HOSTS}Use VHost a b 1\nUndefMacro VHost\n`), []);
});

Deno.test("what is wrong with macros is told where they are used", () => {
  const pass = "Listen 80\nProxyPass / http://a/\n";
  assert.match(
    faultsOf(`${pass}Use A\n`)[0]!,
    /:3:1: Use: Cannot find the macro "A"; write <Macro A> before it/,
  );
  assert.match(faultsOf(`${pass}${HOSTS}Use VHost a\n`)[0]!, /Found 1 values .*: \$name \$names \$port/);
  const endless = "<Macro A>\nUse A\nUse A\n</Macro>\nUse A\n";
  assert.match(faultsOf(pass + endless)[0]!, /use each other without end/);
  assert.match(faultsOf(`${pass}<Macro>\n</Macro>\n`)[0]!, /Macro: Found no argument/);
});

Deno.test("what leads requests to modules that are not there is an error with the way out", () => {
  for (const line of ["WSGIScriptAlias / /srv/a.wsgi", "JkMount /x/* worker1", "PassengerAppRoot /srv/app"]) {
    const [fault] = faultsOf(`Listen 80\nProxyPass /p http://a/\n${line}\n`);
    assert.match(
      fault!,
      /:3:1: \w+: Cannot lead requests there, .* write ProxyPass with its http:\/\/ URL/,
      line,
    );
  }
});
