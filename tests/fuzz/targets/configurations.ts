/** Configurations in both syntaxes: valid, or with an error that says where. */

import assert from "node:assert/strict";
import type { Config } from "../../../src/config/config.ts";
import { describe } from "../../../src/config/describe.ts";
import { ConfigError } from "../../../src/config/error.ts";
import { parseJson } from "../../../src/config/json/parse.ts";
import { describeMappings } from "../../../src/route/example.ts";
import { RouteTable } from "../../../src/route/route_table.ts";
import { parse } from "../../config/apache/parsing.ts";
import type { Target } from "../target.ts";

/** Milliseconds: every word that is not known is compared with all that are, for advice. */
const PATIENCE = 1_000;

const decoder = new TextDecoder();

/** Reads one, and uses what it says. */
function outcomeOf(read: (text: string) => Config, input: Uint8Array): string {
  const text = decoder.decode(input);
  let config: Config;
  try {
    config = read(text);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    // deno-lint-ignore no-control-regex -- these must not be there
    assert.doesNotMatch(error.message, /[\x00-\x09\x0b-\x1f]/, JSON.stringify(error.message));
    return error.message.replace(/["“].*?["”]|\d+/g, "…").slice(0, 100);
  }
  describe(config);
  describeMappings(config);
  for (const { sites } of config.listeners) {
    const table = new RouteTable(sites);
    const request = new TextEncoder().encode("a.example/a/b");
    table.find(request, 0, 9, 9, request.length);
  }
  return `${config.listeners.length} ${config.backends.length}`;
}

export const APACHE: Target = {
  name: "apache-configuration",
  seeds: [
    "Listen 80\nServerName a.example\nProxyPass /a/ http://127.0.0.1:3000/\nProxyPassReverse /a/ http://127.0.0.1:3000/\n",
    '<VirtualHost *:80>\n  ServerName a.example\n  ServerAlias *.b.example\n  ProxyPassMatch "^/(.*)$" "fd:///run/a.sock"\n' +
    "</VirtualHost>\n",
    '<Proxy "balancer://p">\n BalancerMember http://127.0.0.1:1 loadfactor=2\n</Proxy>\nProxyPass / balancer://p/\nListen 81\n',
    'Define X 80\nListen ${X}\nDocumentRoot "/srv"\n<Location "/x">\n ProxyPass http://u/\n</Location>\n<IfDefine X>\n</IfDefine>\n',
  ],
  words: [
    "\n",
    "<",
    ">",
    '"',
    "\\\n",
    "${X}",
    "ProxyPass ",
    "/a ",
    "!",
    "http://u:80/",
    "^/(.*)$ ",
    "$1",
    "timeout=5 ",
    "#",
  ],
  longest: 2_000,
  patience: PATIENCE,
  read: (input) => outcomeOf((text) => parse(text), input),
  run: (input) => outcomeOf((text) => parse(text), input),
};

function readJson(text: string): Config {
  return parseJson(text, { name: "fdpass.json", baseDirectory: "/" });
}

export const JSON_DOCUMENTS: Target = {
  name: "json-configuration",
  seeds: [
    '{ "listen": "8080", "sites": [{ "names": ["a.example"], "routes": [{ "path": "/a", "to": "fd:///run/a.sock", "mapTo": "/" }] }] }',
    '{ "listen": ["127.0.0.1:80", { "address": "[::1]:81" }], "sites": [{ "to": "w" }], "backends": { "w": { "socket": "/run/w",' +
    ' "fetch": "./a.ts", "workers": 2 }, "r": { "socket": "/run/r", "upstream": "http://u:1", "maxUpstream": 3 } } }',
    '{ "listen": "80", "limits": { "headTimeout": "10s" }, "sites": [{ "routes": [{ "match": "^/(a|b)*$", "to": null }] }] }',
  ],
  words: [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    '"',
    '""',
    "null",
    "true",
    "-1",
    "1e9",
    '"to"',
    '"path"',
    '"/"',
    '"match"',
    '"(a+)+"',
    "\\u0000",
  ],
  longest: 2_000,
  patience: PATIENCE,
  read: (input) => outcomeOf(readJson, input),
  run: (input) => outcomeOf(readJson, input),
};
