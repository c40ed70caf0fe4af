import assert from "node:assert/strict";
import { parse } from "../config/apache/parsing.ts";
import { resolve } from "../../src/route/resolve_url.ts";

Deno.test("resolve() says what rules make of a request", () => {
  const { listeners } = parse(`Listen 80
RewriteEngine on
RewriteRule ^/to/(.*) http://127.0.0.2/t/$1 [P]
RewriteRule ^/in/(.*) /app/$1 [PT]
Redirect /old http://else.test/new
ProxyPass /app http://127.0.0.1/
<Location /app/admin>
Require ip 10.0.0.0/8
</Location>`);
  const say = (path: string) => {
    const found = resolve(listeners, `http://one.test${path}`);
    return found.found ? `${found.route.backends[0]} ${found.rest}` : found.reason;
  };
  assert.equal(say("/to/x?y"), "relay-127.0.0.2 /t/x?y");
  assert.equal(say("/in/x"), "relay-127.0.0.1 /x");
  assert.equal(say("/app/x"), "relay-127.0.0.1 /x");
  assert.equal(say("/old/x"), "The front answers 302 to http://else.test/new/x");
  assert.equal(say("/in/admin"), "The front answers 403: the client is not allowed here");
  assert.equal(say("/none"), `No route of the site for "one.test" covers "/none"`);
});
