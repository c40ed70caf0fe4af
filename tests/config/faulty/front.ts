/** Mistakes in the syntax and at the top of a document. */

import { atTop, type FaultyDocument, inListen } from "./wrap.ts";

export const FRONT: readonly FaultyDocument[] = [
  // Syntax
  [
    "",
    `1:1: The configuration is empty; write at least {"listen": "127.0.0.1:8080", "sites": [{"to": "fd:///run/app.sock"}]}`,
  ],
  [
    `  // nothing here\n`,
    `1:1: The configuration is empty; write at least {"listen": "127.0.0.1:8080", "sites": [{"to": "fd:///run/app.sock"}]}`,
  ],
  [`[{ "to": "fd:///a" }]`, `1:1: Found a list; start with { and put the list of sites under "sites"`],
  ["hello", `1:1: Found "hello", but only the JSON syntax is understood; it starts with {`],
  [
    `\n<VirtualHost *:80>`,
    `2:1: Found "<VirtualHost", but only the JSON syntax is understood; it starts with {`,
  ],
  ["# a comment", `1:1: Found "#", but only the JSON syntax is understood; it starts with {`],
  ["12", `1:1: Found "12", but only the JSON syntax is understood; it starts with {`],
  [`{ "a"`, "1:6: Expected a colon; write one between a key and its value"],
  ["{ a: 1 }", `1:3: Cannot read "a"; write keys and texts in double quotes`],
  [`{ "a": 1 "b": 2 }`, "1:10: Expected a comma; write one between two entries, and } or ] after the last"],
  ["{ 'a': 1 }", `1:3: Cannot read "'a'"; write keys and texts in double quotes`],
  [`{ "a": tru }`, `1:8: Cannot read "tru"; write keys and texts in double quotes`],
  [`{ "a": 1,, }`, "1:10: Expected a key; write it in double quotes, then a colon and its value"],
  ["{} {}", `1:4: Found "{" after the end of the configuration; move it into the object`],
  [`{ "a": "x\n}`, "1:8: Found a text without an end; write a double quote after it, on the same line"],
  [`{ "a": "\\q" }`, `1:8: Cannot read an escape in this text; write "\\\\" for a backslash`],
  [`{ "a": "\\u12" }`, `1:8: Cannot read an escape in this text; write "\\u" and four hexadecimal digits`],
  [`{ "a": "b\tc" }`, `1:8: Found a control character in this text; write it as an escape, such as "\\t"`],
  [`{ "a": 1 } /* `, "1:12: Found a comment without an end; write */ after it"],
  [`{ "a": [1`, "1:10: Expected a closing bracket; write ] after the last entry of the list"],
  [`{ "a": 1`, "1:9: Expected a closing brace; write } after the last key of the object"],
  [`{ "a": [1 }`, "1:11: Expected a comma; write one between two entries, and } or ] after the last"],
  [`{ "a": }`, "1:8: Expected a value; write a text in double quotes, a number, a list or an object"],
  [`{ "a" 1 }`, "1:7: Expected a colon; write one between a key and its value"],
  [
    `{ "a": 1 "b": 2\n"c": 3 "d": 4 }`,
    "1:10: Expected a comma; write one between two entries, and } or ] after the last",
    "2:1: Expected a comma; write one between two entries, and } or ] after the last",
  ],

  // Keys
  [
    "{}",
    `1:1: listen: Missing; write an address such as "127.0.0.1:8080"`,
    `1:1: sites: Missing; write a list of sites such as [{"to": "fd:///run/app.sock"}]`,
  ],
  [`{ "listen": "80" }`, `1:1: sites: Missing; write a list of sites such as [{"to": "fd:///run/app.sock"}]`],
  [`{ "sites": [{ "to": "fd:///a" }] }`, `1:1: listen: Missing; write an address such as "127.0.0.1:8080"`],
  [atTop(`"lisen": "80"`), `1:51: lisen: Unknown key; the nearest known key is "listen"`],
  [
    atTop(`"zzzzzzzzzz": 1`),
    `1:51: zzzzzzzzzz: Unknown key; the known keys here are "listen", "sites", "backends", "accessLog", "admin", "trustRequestIds", "trustedProxies", "trustedHeader", "errorDocuments", "tls", "headTimeout", "acknowledgeTimeout", "queueTimeout", "keepAliveTimeout", "drainTimeout", "maxRequestLine", "maxHead", "maxUnacknowledged", "maxQueue", "maxParked", "maxRequests", "maxConnectionsPerClient", "maxConnectionRatePerClient", "maxConnectionBurstPerClient", "maxRequestRatePerClient", "maxRequestBurstPerClient", "allowUsers"`,
  ],
  [atTop(`"static": "/srv"`), `1:51: static: Unknown key here; write "static" in an entry of "backends"`],
  [atTop(`"listen": "81"`), "1:51: listen: Given twice, first on line 1; keep one of the two"],
  [atTop(`"__proto__": {}`), "1:51: __proto__: Unknown key; remove it"],
  [atTop(`"$schema": 1`), "1:62: $schema: Found 1; write the address of a JSON Schema"],
  [
    atTop(`"a b": 1`),
    `1:51: ["a b"]: Unknown key; the known keys here are "listen", "sites", "backends", "accessLog", "admin", "trustRequestIds", "trustedProxies", "trustedHeader", "errorDocuments", "tls", "headTimeout", "acknowledgeTimeout", "queueTimeout", "keepAliveTimeout", "drainTimeout", "maxRequestLine", "maxHead", "maxUnacknowledged", "maxQueue", "maxParked", "maxRequests", "maxConnectionsPerClient", "maxConnectionRatePerClient", "maxConnectionBurstPerClient", "maxRequestRatePerClient", "maxRequestBurstPerClient", "allowUsers"`,
  ],

  // Listeners
  [
    inListen(`{ "address": "80", "scheme": "https" }`),
    `1:42: listen.scheme: Found a scheme for those in front, and nobody who may stand there; write "trustedProxies", or "proxyProtocol": "required"`,
  ],
  [inListen("8080"), `1:13: listen: Found 8080; write an address such as "127.0.0.1:8080"`],
  [inListen("null"), `1:13: listen: Found null; write an address such as "127.0.0.1:8080"`],
  [inListen("[]"), `1:13: listen: Found an empty list; write an address such as "127.0.0.1:8080"`],
  [inListen(`["80", 1]`), `1:20: listen[1]: Found 1; write an address such as "127.0.0.1:8080"`],
  [
    inListen(`"localhost:8080"`),
    `1:13: listen: Cannot listen on "localhost:8080", for host names are not resolved; write an IP address, such as "127.0.0.1:8080"`,
  ],
  [
    inListen(`"127.0.0.1"`),
    `1:13: listen: Cannot listen on "127.0.0.1", which has no port; write one behind a colon, as in "127.0.0.1:8080"`,
  ],
  [
    inListen(`"::1"`),
    `1:13: listen: Cannot listen on "::1"; write an IPv6 address in brackets and a port, such as "[::1]:8080"`,
  ],
  [
    inListen(`"[::1]"`),
    `1:13: listen: Cannot listen on "[::1]", which has no port; write one behind a colon, as in "[::1]:8080"`,
  ],
  [
    inListen(`"[::g]:1"`),
    `1:13: listen: Cannot listen on "[::g]:1", which has no IPv6 address in its brackets; write one, such as "[::1]:8080"`,
  ],
  [
    inListen(`"1.2.3:4"`),
    `1:13: listen: Cannot listen on "1.2.3:4", which is no IPv4 address; write four numbers up to 255, as in "127.0.0.1:8080"`,
  ],
  [
    inListen(`"1.2.3.256:4"`),
    `1:13: listen: Cannot listen on "1.2.3.256:4", which is no IPv4 address; write four numbers up to 255, as in "127.0.0.1:8080"`,
  ],
  [
    inListen(`"127.0.0.1:65536"`),
    `1:13: listen: Cannot listen on "127.0.0.1:65536", for "65536" is no port; write a number from 0 to 65535`,
  ],
  [
    inListen(`"127.0.0.1:http"`),
    `1:13: listen: Cannot listen on "127.0.0.1:http", for "http" is no port; write a number from 0 to 65535`,
  ],
  [
    inListen(`"*:80"`),
    `1:13: listen: Cannot listen on "*:80"; write a port alone for every address of this host, such as ":8080"`,
  ],
  [
    inListen(`"http://127.0.0.1/"`),
    `1:13: listen: Cannot listen on "http://127.0.0.1/", which is a URL; write the address alone, such as "127.0.0.1:8080"`,
  ],
  [
    inListen(`"/run/x.sock"`),
    `1:13: listen: Cannot listen on "/run/x.sock", which is no TCP address; write an address such as "127.0.0.1:8080"`,
  ],
  [
    inListen(`""`),
    `1:13: listen: Cannot listen on ""; write an IP address and a port, such as "127.0.0.1:8080"`,
  ],
  [inListen(`["80", ":80"]`), `1:20: listen[1]: Found "[::]:80" twice; write each address once`],
  [inListen(`["80", "[::0]:80"]`), `1:20: listen[1]: Found "[::]:80" twice; write each address once`],

  // Limits
  [
    atTop(`"headTimeout": "10"`),
    `1:66: headTimeout: Cannot read the duration "10"; write "500ms", "10s" or "2m"`,
  ],
  [atTop(`"headTimeout": 0`), `1:66: headTimeout: Cannot wait for 0; write a duration from "1ms" to "1440m"`],
  [
    atTop(`"headTimeout": -1`),
    `1:66: headTimeout: Cannot wait for -1; write a duration from "1ms" to "1440m"`,
  ],
  [
    atTop(`"headTimeout": true`),
    `1:66: headTimeout: Found true; write seconds as a number, or "500ms", "10s" or "2m"`,
  ],
  [
    atTop(`"headTimeout": 1e999`),
    `1:66: headTimeout: Found a number out of range; write seconds as a number, or "500ms", "10s" or "2m"`,
  ],
  [
    atTop(`"queueTimeout": "25h"`),
    `1:67: queueTimeout: Cannot read the duration "25h"; write "500ms", "10s" or "2m"`,
  ],
  [
    atTop(`"drainTimeout": "2000m"`),
    `1:67: drainTimeout: Cannot wait for "2000m"; write a duration from 0 to "1440m"`,
  ],
  [atTop(`"maxHead": "65k"`), `1:62: maxHead: Cannot use the size "65k"; write 256 to 65536 whole bytes`],
  [atTop(`"maxHead": 100`), "1:62: maxHead: Cannot use the size 100; write 256 to 65536 whole bytes"],
  [
    atTop(`"maxHead": "8 parsecs"`),
    `1:62: maxHead: Cannot read the size "8 parsecs"; write a number of bytes, or "8k" or "64KiB"`,
  ],
  [atTop(`"maxHead": 300.5`), "1:62: maxHead: Cannot use the size 300.5; write 256 to 65536 whole bytes"],
  [
    atTop(`"maxRequestLine": "40k"`),
    `1:69: maxRequestLine: Found 40960 bytes for a line of a head that has 32768 at most; write at most 32768, or a larger "maxHead"`,
  ],
  [atTop(`"maxUnacknowledged": 0`), "1:72: maxUnacknowledged: Found 0; write a whole number from 1 to 1024"],
  [atTop(`"maxQueue": -1`), "1:63: maxQueue: Found -1; write a whole number from 0 to 1048576"],
  [
    atTop(`"allowUsers": ["www-data"]`),
    '1:66: allowUsers[0]: Found "www-data"; write a numeric user id, as the command `id -u NAME` prints it',
  ],
  [
    atTop(`"allowUsers": [-1]`),
    "1:66: allowUsers[0]: Found -1; write a numeric user id, as the command `id -u NAME` prints it",
  ],
  [
    atTop(`"allowUsers": 1000`),
    "1:65: allowUsers: Found 1000; write a list of numeric user ids such as [1000]",
  ],
  [
    atTop(`"backends": []`),
    `1:63: backends: Found a list; write an object such as {"app": {"socket": "/run/app.sock"}}`,
  ],

  // All at once, in document order
  [
    `{\n  "listen": "localhost:80",\n  "sites": [\n    { "names": "a:1", "too": 1, "routes": [{ "path": "x" }] }\n  ],\n  "maxHead": 1,\n  "maxHead": 2\n}`,
    `2:13: listen: Cannot listen on "localhost:80", for host names are not resolved; write an IP address, such as "127.0.0.1:8080"`,
    `4:16: sites[0].names: Cannot use "a:1" as the name of a site, for names have no port; write "listen" in the site to choose its addresses`,
    `4:23: sites[0].too: Unknown key; the nearest known key is "to"`,
    `4:44: sites[0].routes[0].to: Missing; write a target such as "fd:///run/app.sock", or a list of targets`,
    `4:54: sites[0].routes[0].path: Cannot route the path "x", which does not start with "/"; write "/x"`,
    "6:14: maxHead: Cannot use the size 1; write 256 to 65536 whole bytes",
    "7:3: maxHead: Given twice, first on line 6; keep one of the two",
  ],
];
