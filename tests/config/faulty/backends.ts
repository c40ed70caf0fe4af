/** Mistakes in targets and backends. */

import { DEEP, type FaultyDocument, inBackends, inRelay, inTo, LONG } from "./wrap.ts";

export const BACKENDS: readonly FaultyDocument[] = [
  // Targets
  [
    inTo("{}"),
    `1:37: sites[0].to: Found an object; write a target such as "fd:///run/app.sock", or a list of targets`,
  ],
  [
    inTo("[]"),
    `1:37: sites[0].to: Found an empty list; write a target such as "fd:///run/app.sock", or a list of targets`,
  ],
  [
    inTo(`["fd:///a", 1]`),
    `1:49: sites[0].to[1]: Found 1; write a target such as "fd:///run/app.sock", or a list of targets`,
  ],
  [
    inTo(`["fd:///a.sock", "fd:///./a.sock"]`),
    `1:54: sites[0].to[1]: Found the backend "a" twice in one route; write it once`,
  ],
  [
    inTo(`"http://127.0.0.1:3000/"`),
    `1:37: sites[0].to: Cannot hand over to "http://127.0.0.1:3000/", for fdpass hands over to fd:// sockets; declare a backend with "upstream": "http://127.0.0.1:3000/" and write its name`,
  ],
  [
    inTo(`"https://example.com"`),
    `1:37: sites[0].to: Cannot hand over to "https://example.com", for fdpass hands over to fd:// sockets; declare a backend of your own with "fetch" or "static" and write its name`,
  ],
  [
    inTo(`"localhost:3000"`),
    `1:37: sites[0].to: Cannot hand over to "localhost:3000", for fdpass hands over to fd:// sockets; declare a backend of your own with "fetch" or "static" and write its name`,
  ],
  [
    inTo(`"balancer://web"`),
    `1:37: sites[0].to: Cannot hand over to "balancer://web", for there are no balancers; write the list of their sockets, such as ["fd:///run/a.sock", "fd:///run/b.sock"]`,
  ],
  [
    inTo(`"unix:/run/a.sock"`),
    `1:37: sites[0].to: Cannot hand over to "unix:/run/a.sock"; write "fd:///run/a.sock"`,
  ],
  [
    inTo(`"fd:/run/a.sock"`),
    `1:37: sites[0].to: Cannot hand over to "fd:/run/a.sock"; write "fd:///run/a.sock"`,
  ],
  [
    inTo(`"fd://"`),
    `1:37: sites[0].to: Cannot hand over to "fd://", which names no socket; write its path, such as "fd:///run/app.sock"`,
  ],
  [
    inTo(`"fd:///run/"`),
    `1:37: sites[0].to: Cannot hand over to "fd:///run/", which names no socket; write its path, such as "fd:///run/app.sock"`,
  ],
  [inTo(`"/run/a.sock"`), `1:37: sites[0].to: Cannot hand over to "/run/a.sock"; write "fd:///run/a.sock"`],
  [inTo(`"./a.sock"`), `1:37: sites[0].to: Cannot hand over to "./a.sock"; write "fd://a.sock"`],
  [inTo(`"a.sock"`), `1:37: sites[0].to: Cannot hand over to "a.sock"; write "fd://a.sock"`],
  [
    inTo(`"no body"`),
    `1:37: sites[0].to: Cannot hand over to "no body"; write a socket such as "fd:///run/app.sock" or the name of a backend`,
  ],
  [
    inTo(`""`),
    `1:37: sites[0].to: Cannot hand over to ""; write a socket such as "fd:///run/app.sock" or the name of a backend`,
  ],
  [
    inTo(`"nobody"`),
    `1:37: sites[0].to: Cannot find a backend with the name "nobody"; declare it under "backends", or write a socket such as "fd:///run/nobody.sock"`,
  ],
  [
    inTo(`"wep"`),
    `1:37: sites[0].to: Cannot find a backend with the name "wep"; the nearest declared name is "web"`,
  ],
  [
    inTo(`"fd:///a\\u0000b"`),
    `1:37: sites[0].to: Cannot use the path "/a\\u0000b"; write it without control characters`,
  ],
  [
    inTo(`"fd://${LONG}"`),
    `1:37: sites[0].to: Cannot use "/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx..." as a socket, for it has 121 bytes; write a path of at most 107 bytes`,
  ],

  // Backends
  [
    inBackends(`"a": 1`),
    `1:70: backends.a: Found 1; write a backend such as {"socket": "/run/app.sock", "fetch": "./app.ts"}`,
  ],
  [
    inBackends(`"a": {}`),
    `1:70: backends.a.socket: Missing; write the path of the backend's socket, such as "/run/app.sock"`,
  ],
  [
    inBackends(`"a b": { "socket": "/b" }`),
    `1:65: backends["a b"]: Cannot use "a b" as a name; write up to 64 letters, digits, ".", "_" and "-", a letter or digit first`,
  ],
  [
    inBackends(`"a": { "socket": "/b.sock" }, "b": { "socket": "/x/../b.sock" }`),
    `1:112: backends.b.socket: Cannot use "/b.sock" twice, for it is the socket of "a"; give each backend its own, and use "workers" for several processes behind one`,
  ],
  [
    inBackends(`"a": { "socket": "/b.sock", "fetch": "a.ts", "static": "b" }`),
    `1:65: backends.a: Found both "fetch" and "static"; keep one of them, or make two backends`,
  ],
  [
    inBackends(`"a": { "socket": "/b.sock", "fetch": "a.ts", "static": "b", "upstream": "http://c" }`),
    `1:65: backends.a: Found "fetch", "static", "upstream"; keep one of them, or make three backends`,
  ],
  [
    inBackends(`"a": { "socket": "/b.sock", "upstream": "ftps://c" }`),
    `1:105: backends.a.upstream: Cannot relay to "ftps://c"; write a URL such as "http://127.0.0.1:3000", or "unix:/run/app.sock"`,
  ],
  [
    inBackends(`"a": { "socket": "/b.sock", "upstream": "c:3000" }`),
    `1:105: backends.a.upstream: Cannot relay to "c:3000"; write a URL such as "http://127.0.0.1:3000", or "unix:/run/app.sock"`,
  ],
  [
    inBackends(`"a": { "socket": "/b.sock", "upstream": "http://c/?d" }`),
    `1:105: backends.a.upstream: Cannot relay to "http://c/?d", for every request has a query of its own; write it without "?" and "#"`,
  ],
  [
    inBackends(`"a": { "socket": "/b.sock", "upstream": "unix:/d/" }`),
    `1:105: backends.a.upstream: Cannot use "/d/" as a socket; write the path of a file, such as "/run/app.sock"`,
  ],
  [
    inBackends(`"a": { "socket": "/b.sock", "upstream": 3000 }`),
    `1:105: backends.a.upstream: Found 3000; write the URL of an HTTP server, such as "http://127.0.0.1:3000"`,
  ],
  [
    inBackends(`"a": { "socket": "/b.sock", "upstream": "http://c", "upstreamTimeout": 0 }`),
    `1:136: backends.a.upstreamTimeout: Cannot wait for 0; write a duration from "1ms" to "1440m"`,
  ],
  [
    inBackends(`"a": { "socket": "/b.sock", "static": "b", "symlinks": "inside" }`),
    `1:120: backends.a.symlinks: Found "inside"; write "follow", "beneath" or "never"`,
  ],
  [
    inBackends(`"a": { "socket": "/b.sock", "static": "b", "maxAge": "1h" }`),
    `1:118: backends.a.maxAge: Found "1h"; write a whole number from 0 to 2147483647`,
  ],
  [
    inBackends(`"a": { "socket": "/b.sock", "static": "b", "maxAge": -1 }`),
    `1:118: backends.a.maxAge: Found -1; write a whole number from 0 to 2147483647`,
  ],
  [
    inBackends(`"a": { "socket": "/b.sock", "static": "b", "fileCache": true }`),
    `1:121: backends.a.fileCache: Found true; write false, or a whole number of seconds from 1 to 3600`,
  ],
  [
    inBackends(`"a": { "socket": "/b.sock", "static": "b", "fileCache": 0 }`),
    `1:121: backends.a.fileCache: Found 0; write false, or a whole number of seconds from 1 to 3600`,
  ],
  [
    inBackends(`"a": { "socket": "/b.sock", "fetch": "a.ts", "spa": true }`),
    `1:110: backends.a.spa: Found "spa" without "static"; add the path of a directory, or leave it out`,
  ],
  ...["static", "exec"].map((kind): FaultyDocument => [
    inBackends(
      `"a": { "socket": "/b.sock", "abortDelay": 1, "${kind}": ${kind === "exec" ? '["b"]' : '"b"'} }`,
    ),
    `1:93: backends.a.abortDelay: Found "abortDelay" without "fetch" or "upstream"; leave it out, for nothing else is aborted`,
  ]),
  [
    inBackends(`"a": { "socket": "/b.sock", "preserveHost": true }`),
    `1:93: backends.a.preserveHost: Found "preserveHost" without "upstream"; add the URL of the server, or leave it out`,
  ],
  [
    inBackends(`"a": { "socket": "/b.sock", "flusher": "Flush" }`),
    `1:104: backends.a.flusher: Found "Flush"; write "none" or "flush"`,
  ],
  [
    inRelay(`"reverse": [{ "path": "app", "url": "http://c/" }]`),
    `1:129: backends.a.reverse[0]: Cannot rewrite URLs to "app"; write a path such as "/app/", or a whole URL`,
  ],
  [
    inRelay(`"reverse": [{ "path": "/app/", "url": "c:3000/" }]`),
    `1:129: backends.a.reverse[0]: Cannot rewrite URLs that begin with "c:3000/"; write the server's URL, such as "http://127.0.0.1:3000/", or a path`,
  ],
  [
    inRelay(`"reverse": [{ "path": "/app/", "uri": "http://c/" }]`),
    `1:129: backends.a.reverse[0].url: Missing; write the URL that the server says, such as "http://127.0.0.1:3000/"`,
    `1:148: backends.a.reverse[0].uri: Unknown key; the nearest known key is "url"`,
  ],
  [
    inRelay(`"reverse": "/app/"`),
    `1:128: backends.a.reverse: Found "/app/"; write a rule such as {"path": "/app/", "url": "http://127.0.0.1:3000/"}`,
  ],
  [
    inRelay(`"cookiePaths": [{ "from": "/", "to": "/a;b" }]`),
    `1:133: backends.a.cookiePaths[0]: Cannot rewrite cookies by "/a;b"; write a path such as "/app/"`,
  ],
  [
    inRelay(`"cookieDomains": [{ "from": "c", "to": "/" }]`),
    `1:135: backends.a.cookieDomains[0]: Cannot rewrite cookies by "/"; write a domain such as "example.com"`,
  ],
  [
    inRelay(`"proxyProtocol": "v3"`),
    `1:134: backends.a.proxyProtocol: Found "v3"; write "v1" or "v2"`,
  ],
  [
    inRelay(`"proxyProtocol": "v2", "preserveHost": true`),
    `1:140: backends.a.preserveHost: Found "preserveHost" beside "proxyProtocol", which changes nothing in requests and responses; leave one of them out`,
  ],
  [
    inRelay(`"plain": true, "cookiePaths": []`),
    `1:132: backends.a.cookiePaths: Found "cookiePaths" beside "plain", which changes nothing in requests and responses; leave one of them out`,
  ],
  [
    inRelay(`"plain": false, "proxyProtocol": "v1"`),
    `1:117: backends.a.plain: Found "plain": false beside "proxyProtocol"; leave one of them out`,
  ],
  [
    inBackends(`"a": { "socket": "/b.sock", "upstream": "http://c/d", "plain": true }`),
    `1:105: backends.a.upstream: Cannot put "/d" before the paths of a plain relay, which changes no request; write the URL without a path`,
  ],
  [
    `{ "listen": "80", "sites": [{ "routes": [{ "path": "/a/", "to": "p" }, { "path": "/", "to": "fd:///b" }] }], "backends": { "p": { "socket": "/p.sock", "upstream": "http://c", "proxyProtocol": "v1" } } }`,
    `1:176: backends.p.proxyProtocol: Cannot relay whole connections of the route "/a/" on [::]:80, for later requests on them may belong elsewhere; give the relay a site that is alone on its addresses and has one route, "/"`,
  ],
  [
    `{ "listen": "127.0.0.1:80", "sites": [{ "names": "a", "to": "p" }, { "to": "fd:///b" }], "backends": { "p": { "socket": "/p.sock", "upstream": "http://c", "plain": true } } }`,
    `1:156: backends.p.plain: Cannot relay whole connections of the route "/" on 127.0.0.1:80, for later requests on them may belong elsewhere; give the relay a site that is alone on its addresses and has one route, "/"`,
  ],
  [
    inRelay(`"maxUpstream": 0`),
    "1:132: backends.a.maxUpstream: Found 0; write a whole number from 1 to 65535",
  ],
  [
    inBackends(`"a": { "socket": "/b.sock", "workers": 0 }`),
    "1:104: backends.a.workers: Found 0; write a whole number from 1 to 256",
  ],
  [
    inBackends(`"a": { "socket": "/b.sock", "workers": 257 }`),
    "1:104: backends.a.workers: Found 257; write a whole number from 1 to 256",
  ],
  [
    inBackends(`"a": { "socket": "/b.sock", "workers": 1.5 }`),
    "1:104: backends.a.workers: Found 1.5; write a whole number from 1 to 256",
  ],
  [
    inBackends(`"a": { "socket": "/b.sock", "workers": "2" }`),
    `1:104: backends.a.workers: Found "2"; write a whole number from 1 to 256`,
  ],
  [
    inBackends(`"a": { "socket": "/b.sock", "worker": 1 }`),
    `1:93: backends.a.worker: Unknown key; the nearest known key is "workers"`,
  ],
  [
    inBackends(`"a": { "socket": "/b.sock", "path": "/" }`),
    `1:93: backends.a.path: Unknown key here; write "path" in an entry of "routes"`,
  ],
  [
    inBackends(`"a": { "socket": "/b.sock", "fetch": "ftp://x" }`),
    `1:102: backends.a.fetch: Cannot load the module "ftp://x"; write a path such as "./app.ts", or a URL of file, http, https, npm, jsr or data`,
  ],
  [
    inBackends(`"a": { "socket": "/b.sock", "static": "" }`),
    `1:103: backends.a.static: Cannot use an empty path; write an absolute one or one like "./public"`,
  ],
  [
    inBackends(`"a": { "socket": "/b.sock", "fetch": 1 }`),
    `1:102: backends.a.fetch: Found 1; write the path of a module, such as "./app.ts"`,
  ],
  [
    inBackends(`"a": { "socket": "" }`),
    `1:82: backends.a.socket: Cannot use "" as a socket; write the path of a file, such as "/run/app.sock"`,
  ],
  [
    inBackends(`"a": { "socket": "fd:///b.sock" }`),
    `1:82: backends.a.socket: Cannot use "fd:///b.sock" as a socket; write its path alone, such as "/run/app.sock"`,
  ],
  [
    inBackends(`"a": { "socket": "${LONG}" }`),
    `1:82: backends.a.socket: Cannot use "/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx..." as a socket, for it has 121 bytes; write a path of at most 107 bytes`,
  ],
  [
    inBackends(`"a": { "socket": "${DEEP}/a", "fetch": "a.ts", "workers": 2 }`),
    `1:82: backends.a.socket: Cannot use "/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx..." as a socket, for its directory has 96 bytes, and 2 processes need sockets of their own there; write a directory of at most 94 bytes`,
  ],
  [
    inBackends(`"a": { "socket": "${DEEP}xxxxx/a", "fetch": "a.ts" }`),
    `1:82: backends.a.socket: Cannot use "/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx..." as a socket, for its directory has 101 bytes, and the process needs a socket of its own there; write a directory of at most 99 bytes`,
  ],
];
