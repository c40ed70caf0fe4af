/** Mistakes in sites and their routes. */

import { type FaultyDocument, inMapTo, inMatch, inName, inPath, inSites } from "./wrap.ts";

export const SITES: readonly FaultyDocument[] = [
  // Sites
  [
    inSites(""),
    `1:28: sites: Found an empty list; write a list of sites such as [{"to": "fd:///run/app.sock"}]`,
  ],
  [
    inSites("1"),
    `1:29: sites[0]: Found 1; write a site such as {"names": "example.com", "to": "fd:///run/app.sock"}`,
  ],
  [inSites("{}"), `1:29: sites[0]: Found a site that leads nowhere; write "to" or "routes" in it`],
  [
    inSites(`{ "to": "fd:///a", "routes": [] }`),
    `1:29: sites[0]: Found both "routes" and "to"; keep one of them`,
    `1:58: sites[0].routes: Found an empty list; write a list of routes such as [{"path": "/", "to": "fd:///run/app.sock"}]`,
  ],
  [
    inSites(`{ "routes": [] }`),
    `1:41: sites[0].routes: Found an empty list; write a list of routes such as [{"path": "/", "to": "fd:///run/app.sock"}]`,
  ],
  [
    inSites(`{ "routes": [{}] }`),
    `1:42: sites[0].routes[0].to: Missing; write a target such as "fd:///run/app.sock", or a list of targets`,
    `1:42: sites[0].routes[0].path: Missing; write a path such as "/"`,
  ],
  [
    inSites(`{ "routes": ["/"] }`),
    `1:42: sites[0].routes[0]: Found "/"; write a route such as {"path": "/", "to": "fd:///run/app.sock"}`,
  ],
  [
    inSites(`{ "rutes": [] }`),
    `1:29: sites[0]: Found a site that leads nowhere; write "to" or "routes" in it`,
    `1:31: sites[0].rutes: Unknown key; the nearest known key is "routes"`,
  ],
  [
    inSites(`{ "routes": [{ "path": "/", "to": "fd:///a", "static": 1 }] }`),
    `1:74: sites[0].routes[0].static: Unknown key here; write "static" in an entry of "backends"`,
  ],
  [
    inSites(`{ "names": "a", "to": "fd:///a" }, { "names": ["b", "A"], "to": "fd:///a" }`),
    `1:81: sites[1].names[1]: Cannot use the name "a" on [::]:80, for it is one of sites[0]; write each name in one site`,
  ],
  [
    inSites(`{ "to": "fd:///a" }, { "to": "fd:///b" }`),
    `1:50: sites[1]: Cannot take every Host on [::]:80, for sites[0] does; write "names" in one of them`,
  ],
  [
    inSites(`{ "names": ["a", "A"], "to": "fd:///a" }`),
    `1:46: sites[0].names[1]: Found "a" twice; write each name once`,
  ],
  [
    inSites(`{ "names": [], "to": "fd:///a" }`),
    `1:40: sites[0].names: Found an empty list; write a host name such as "example.com", or leave out "names" to take every Host`,
  ],
  [
    inSites(`{ "listen": "81", "to": "fd:///a" }`),
    `1:13: listen: No site answers on "80"; remove it here, or add it to "listen" of a site`,
  ],
  [
    inSites(`{ "listen": ["81", "x"], "to": "fd:///a" }`),
    `1:48: sites[0].listen[1]: Cannot listen on "x", for host names are not resolved; write an IP address, such as "127.0.0.1:8080"`,
  ],

  // Names of sites
  [
    inName(5),
    `1:57: sites[0].names: Found 5; write a host name such as "example.com", or leave out "names" to take every Host`,
  ],
  [
    inName("*"),
    `1:57: sites[0].names: Cannot use "*" as the name of a site; leave out "names" for a site that takes every Host`,
  ],
  [
    inName(""),
    `1:57: sites[0].names: Cannot use "" as the name of a site; leave out "names" for a site that takes every Host`,
  ],
  [
    inName("a b"),
    `1:57: sites[0].names: Cannot use "a b" as the name of a site, for names have no spaces; write several names as a list of strings`,
  ],
  [
    inName("a:80"),
    `1:57: sites[0].names: Cannot use "a:80" as the name of a site, for names have no port; write "listen" in the site to choose its addresses`,
  ],
  [
    inName("http://a/"),
    `1:57: sites[0].names: Cannot use "http://a/" as the name of a site; write the host name alone, such as "example.com"`,
  ],
  [
    inName("bücher.example"),
    `1:57: sites[0].names: Cannot use "bücher.example" as the name of a site, for a Host header is ASCII; write "xn--bcher-kva.example"`,
  ],
  [
    inName("a.*"),
    `1:57: sites[0].names: Cannot use "a.*" as the name of a site; write a "*" only as the whole first label, as in "*.example.com"`,
  ],
  [
    inName("*a.b"),
    `1:57: sites[0].names: Cannot use "*a.b" as the name of a site; write a "*" only as the whole first label, as in "*.example.com"`,
  ],
  [
    inName("a."),
    `1:57: sites[0].names: Cannot use "a." as the name of a site; write it without the dot at its end`,
  ],
  [
    inName("-a"),
    `1:57: sites[0].names: Cannot use "-a" as the name of a site; write letters, digits and hyphens, and dots between labels of 1 to 63`,
  ],
  [
    inName("a..b"),
    `1:57: sites[0].names: Cannot use "a..b" as the name of a site; write letters, digits and hyphens, and dots between labels of 1 to 63`,
  ],
  [
    inName("[::1]:80"),
    `1:57: sites[0].names: Cannot use "[::1]:80" as the name of a site; write an IPv6 address in brackets without a port, such as "[::1]"`,
  ],
  [
    inName("x".repeat(64)),
    `1:57: sites[0].names: Cannot use "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx..." as the name of a site; write letters, digits and hyphens, and dots between labels of 1 to 63`,
  ],

  // Paths of routes
  [inPath(1), `1:69: sites[0].routes[0].path: Found 1; write a path such as "/"`],
  [
    inPath("a"),
    `1:69: sites[0].routes[0].path: Cannot route the path "a", which does not start with "/"; write "/a"`,
  ],
  [
    inPath(""),
    `1:69: sites[0].routes[0].path: Cannot route the path "", which does not start with "/"; write "/"`,
  ],
  [
    inPath("http://x/y"),
    `1:69: sites[0].routes[0].path: Cannot route the path "http://x/y", which does not start with "/"; write "/y"`,
  ],
  [
    inPath("/a?b"),
    `1:69: sites[0].routes[0].path: Cannot route the path "/a?b", for routes do not look at queries; write it without "?" and "#"`,
  ],
  [
    inPath("/a#b"),
    `1:69: sites[0].routes[0].path: Cannot route the path "/a#b", for routes do not look at queries; write it without "?" and "#"`,
  ],
  [
    inPath("/a//b"),
    `1:69: sites[0].routes[0].path: Cannot route the path "/a//b", which has an empty segment; write "/a/b"`,
  ],
  [
    inPath("/./a"),
    `1:69: sites[0].routes[0].path: Cannot route the path "/./a", which has a "." or ".." segment; write the path that it stands for`,
  ],
  [
    inPath("/a/.."),
    `1:69: sites[0].routes[0].path: Cannot route the path "/a/..", which has a "." or ".." segment; write the path that it stands for`,
  ],
  [
    inPath("/%2e%2E/a"),
    `1:69: sites[0].routes[0].path: Cannot route the path "/%2e%2E/a", which has a "." or ".." segment; write the path that it stands for`,
  ],
  [
    inPath("/a%2Fb"),
    `1:69: sites[0].routes[0].path: Cannot route the path "/a%2Fb"; write it without %2F and %00, which servers read in different ways`,
  ],
  [
    inPath("/a%00"),
    `1:69: sites[0].routes[0].path: Cannot route the path "/a%00"; write it without %2F and %00, which servers read in different ways`,
  ],
  [
    inPath("/a%"),
    `1:69: sites[0].routes[0].path: Cannot route the path "/a%", which has a "%" without two hexadecimal digits; write "%25"`,
  ],
  [
    inPath("/a b"),
    `1:69: sites[0].routes[0].path: Cannot route the path "/a b", which has characters that URLs escape; write "/a%20b"`,
  ],
  [
    inPath("/{id}"),
    `1:69: sites[0].routes[0].path: Cannot route the path "/{id}", which has characters that URLs escape; write "/%7Bid%7D"`,
  ],
  [
    inPath(`/a\\b`),
    `1:69: sites[0].routes[0].path: Cannot route the path "/a\\\\b", which has characters that URLs escape; write "/a%5Cb"`,
  ],
  [
    inPath("/" + "a".repeat(1024)),
    `1:69: sites[0].routes[0].path: Cannot route the path "/${
      "a".repeat(59)
    }...", which has 1025 bytes; write at most 1024`,
  ],
  [
    inPath("/api/*"),
    `1:69: sites[0].routes[0].path: Cannot route the path "/api/*"; write "/api/", which covers everything below it`,
  ],

  // Routes
  [
    inSites(`{ "routes": [{ "path": "/a", "to": "fd:///a" }, { "path": "/%61", "to": "fd:///b" }] }`),
    `1:87: sites[0].routes[1].path: Cannot route "/a" twice, for sites[0].routes[0] does; write one route with a list of targets`,
  ],
  [
    inSites(`{ "routes": [{ "path": "/", "match": "^/", "to": "fd:///a" }] }`),
    `1:42: sites[0].routes[0]: Found both "path" and "match"; keep one of them`,
  ],
  [
    inSites(`{ "routes": [{ "match": "^/", "inOrder": true, "to": "fd:///a" }] }`),
    `1:59: sites[0].routes[0].inOrder: Found "inOrder" beside "match", which is always in order; leave it out`,
  ],
  [
    inMatch("^/(a"),
    `1:53: sites[0].routes[0].match: Cannot match paths with "^/(a" (unterminated group); write a regular expression, such as "^/img/(.*)$"`,
  ],
  [
    inMatch("a{2,1}"),
    `1:53: sites[0].routes[0].match: Cannot match paths with "a{2,1}" (numbers out of order in {} quantifier); write a regular expression, such as "^/img/(.*)$"`,
  ],
  [
    inMatch(""),
    `1:53: sites[0].routes[0].match: Cannot match paths with "", which matches all; write "^/" to say so`,
  ],
  [
    inMatch(1),
    `1:53: sites[0].routes[0].match: Found 1; write a regular expression, such as "^/img/(.*)$"`,
  ],
  [
    inSites(`{ "routes": [{ "path": "/a", "to": [] }] }`),
    `1:64: sites[0].routes[0].to: Found an empty list; write a target such as "fd:///run/app.sock", or a list of targets`,
  ],
  [
    inSites(`{ "routes": [{ "path": "/a", "to": null, "sticky": true, "mapTo": "/b" }] }`),
    `1:70: sites[0].routes[0].sticky: Found "sticky" in a route that leads nowhere; leave it out, or write "to"`,
    `1:86: sites[0].routes[0].mapTo: Found "mapTo" in a route that leads nowhere; leave it out, or write "to"`,
  ],

  // Mapped paths
  [inMapTo(1), `1:67: sites[0].routes[0].mapTo: Found 1; write a path such as "/base/"`],
  [
    inMapTo("b"),
    `1:67: sites[0].routes[0].mapTo: Cannot map paths to "b", which does not start with "/"; write "/b"`,
  ],
  [
    inMapTo("/b?c"),
    `1:67: sites[0].routes[0].mapTo: Cannot map paths to "/b?c", for queries stay as they are; write it without "?" and "#"`,
  ],
  [
    inMapTo("/b/%2e."),
    `1:67: sites[0].routes[0].mapTo: Cannot map paths to "/b/%2e.", which has a "." or ".." segment; write the path that it stands for`,
  ],
  [
    inMapTo("/b%"),
    `1:67: sites[0].routes[0].mapTo: Cannot map paths to "/b%", which has a "%" that encodes nothing, or NUL; write "%25" for a percent sign`,
  ],
  [
    inMapTo("/" + "ö".repeat(171)),
    `1:67: sites[0].routes[0].mapTo: Cannot map paths to "/${
      "ö".repeat(59)
    }...", which has 1027 bytes; write at most 1024`,
  ],
  [
    inMapTo("b$1", "^/(.*)"),
    `1:72: sites[0].routes[0].mapTo: Cannot map paths to "b$1", which starts with neither "/" nor a group; write "/b$1"`,
  ],
  [
    inMapTo("/$2", "^/(.*)"),
    `1:72: sites[0].routes[0].mapTo: Cannot map paths to "/$2", for there is no $2: its groups end with $1; write "$0" for all that it matches`,
  ],
  [
    inMapTo("/$$1$1", "^/a"),
    `1:69: sites[0].routes[0].mapTo: Cannot map paths to "/$$1$1", for there is no $1: the expression has no groups; write "$0" for all that it matches`,
  ],

  // Error documents
  [
    inSites(`{ "to": "fd:///a", "errorDocuments": { "404": 1 } }`),
    `1:75: sites[0].errorDocuments.404: Found 1; write a text`,
  ],
  [
    inSites(`{ "to": "fd:///a", "errorDocuments": ["404"] }`),
    `1:66: sites[0].errorDocuments: Found a list; write an object such as {"404": "Nothing here"}`,
  ],
  [
    inSites(`{ "to": "fd:///a", "errorDocuments": { "502": "Sorry" } }`),
    `1:68: sites[0].errorDocuments.502: Cannot answer with the status "502", which the front never gives; write one of 400, 401, 403, 404, 408, 410, 414, 417, 429, 431, 501, 503, 505, 508`,
  ],
  [
    inSites(`{ "to": "fd:///a", "errorDocuments": { "404": "${"x".repeat(16_385)}" } }`),
    `1:75: sites[0].errorDocuments.404: Found 16385 bytes for an answer; write at most 16384`,
  ],
];
