/**
 * Configurations of Apache, and requests that Apache and fdpass are both sent under each. In the text of a
 * configuration `@a` to `@d` are the URLs of servers, and `PORT` and `ADDRESS` are where it is to listen.
 */

import fc from "fast-check";

/** A request: its target and its Host, or the whole of it. */
export type Request = ({ readonly target: string; readonly host?: string } | { readonly raw: string }) & {
  /** How many outcomes it has when it is repeated: 1 unless a balancer has several members. */
  readonly outcomes?: number;
};

/** A configuration with requests for it. */
export interface Configuration {
  readonly name: string;
  /** What stands in the one virtual host, or, with `whole`, outside of everything. */
  readonly text: string;
  readonly whole?: true;
  readonly requests: readonly Request[];
}

/** A virtual host for every address. */
const host = (...lines: readonly string[]): string =>
  ["<VirtualHost *:PORT>", ...lines, "</VirtualHost>", ""].join("\n");

/** Requests for one host. */
const to = (host: string, ...targets: readonly string[]): Request[] =>
  targets.map((target) => ({ target, host }));
/** Requests for the host that the virtual host has. */
const get = (...targets: readonly string[]): Request[] => to("one.test", ...targets);
const raw = (...lines: readonly string[]): Request => ({
  raw: `${lines.join("\r\n")}\r\nConnection: close\r\n\r\n`,
});

const PLAIN = "ProxyPass / @a/";

/** Paths that are written in other ways than their normal form. */
const ODD_PATHS = [
  "//",
  "//a",
  "/a//b",
  "/a///",
  "/./a",
  "/a/.",
  "/a/./b",
  "/a/..",
  "/a/../b",
  "/a/b/..",
  "/a/b/../c/",
  "/..",
  "/../a",
  "/a/../../b",
  "/a/%2e%2e/b",
  "/a/%2E/b",
  "/%2e%2e/a",
  "/a/.%2e/b",
  "/a/...",
  "/a/..b",
  "/a/.b",
  "/a//../b",
  "/%61/b",
  "/%41",
  "/a%2fb",
  "/a%2Fb/c",
  "/a/%2f/b",
  "/a%20b",
  "/%7Eu",
  "/~u",
  "/a%3fb",
  "/a%23b",
  "/a%25b",
  "/a%2525b",
  "/a%00b",
  "/a%",
  "/a%4",
  "/a%zz",
  "/a%c3%a4",
  "/a%ff",
  "/a;x=1/b",
  "/a:b",
  "/a%3Ab",
  "/a@b",
  "/a+b",
  "/a%2Bb",
  "/a,b",
  "/a'b",
  "/a(b)",
  "/a!b*c",
  "/a$b&c=d",
  "/a%26b",
  "/a%5cb",
  "/a%22b",
  "/a%3Cb",
  "/a%7Bb",
  "/a|b",
  "/a{b}",
  "/a\\b",
  '/a"b',
  "/a<b",
  "/a^b",
  "/a`b",
  "/a[b]",
  "/a?",
  "/a?b",
  "/a?b=/../c",
  "/a?b%2f%00",
  "/a??b?",
  "/?a",
  "?a",
  "*",
  "a",
  "/a#b",
];

const CASES: readonly Configuration[] = [
  { name: "everything", text: PLAIN, requests: get("/", "/a", "/a/", "/a/b.c", ...ODD_PATHS) },
  {
    name: "a prefix with a slash",
    text: "ProxyPass /a/ @a/",
    requests: get("/", "/a", "/a/", "/a/b", "/ab", "/A/", "/a/b/", "/b/a/", ...ODD_PATHS),
  },
  {
    name: "a prefix without a slash",
    text: "ProxyPass /a @a",
    requests: get("/", "/a", "/a/", "/a/b", "/ab", "/A", "/a.b", "/a/b?c", ...ODD_PATHS),
  },
  {
    name: "a prefix mapped to another path",
    text: "ProxyPass /a/ @a/base/",
    requests: get("/a", "/a/", "/a/b", "/a//b", "/a/../a/b", "/a/b/../c", "/a/..", "/a/%2e%2e/x", "/a/b?c=d"),
  },
  {
    name: "a prefix mapped to the middle of a segment",
    text: "ProxyPass /a/ @a/x",
    requests: get("/a/", "/a/b", "/a//b", "/a/.b", "/a/b/"),
  },
  {
    name: "a slash at the end of the URL only",
    text: "ProxyPass /a @a/",
    requests: get("/a", "/a/", "/a/b", "/a//b", "/ab", "/a?x"),
  },
  {
    name: "a path with a slash at the end of the URL only",
    text: "ProxyPass /a @a/base/",
    requests: get("/a", "/a/", "/a/b", "/a//b", "/ab"),
  },
  {
    name: "no slash at either end, another path",
    text: "ProxyPass /a @a/base",
    requests: get("/a", "/a/", "/a/b", "/a//b", "/ab", "/a/../a"),
  },
  {
    name: "everything mapped to another path",
    text: "ProxyPass / @a/base/",
    requests: get("/", "/a", "/a/", "/../a", "/a/../b", "//a", "?x", "/?x"),
  },
  {
    name: "the longer prefix first",
    text: "ProxyPass /a/b/ @a/\nProxyPass /a/ @b/\nProxyPass / @c/",
    requests: get("/", "/a", "/a/", "/a/b", "/a/b/", "/a/b/c", "/a/bc", "/a/../a/b/", "/a//b//c", "/A/b/"),
  },
  {
    name: "the shorter prefix first",
    text: "ProxyPass / @c/\nProxyPass /a/ @b/\nProxyPass /a/b/ @a/",
    requests: get("/", "/a", "/a/", "/a/b", "/a/b/c"),
  },
  {
    name: "the shorter prefix in the middle",
    text: "ProxyPass /x @a\nProxyPass /a @b\nProxyPass /a/b @c\nProxyPass /b @d",
    requests: get("/", "/x", "/x/a", "/a", "/a/", "/a/b", "/a/b/", "/b", "/b/a", "/c"),
  },
  {
    name: "the same prefix twice",
    text: "ProxyPass /a/ @a/\nProxyPass /a/ @b/",
    requests: get("/a/", "/a/b"),
  },
  {
    name: "one prefix with and without its slash",
    text: "ProxyPass /a/ @a/\nProxyPass /a @b",
    requests: get("/a", "/a/", "/a/b", "/ab", "/a//", "/a/."),
  },
  {
    name: "an exception first",
    text: "ProxyPass /a/ !\nProxyPass / @a/",
    requests: get("/", "/a", "/a/", "/a/b", "/ab", "//a//b", "/x/../a/b", "/%61/b", "/a/../b"),
  },
  {
    name: "an exception after what it is excepted from",
    text: "ProxyPass / @a/\nProxyPass /a/ !",
    requests: get("/", "/a/", "/a/b"),
  },
  {
    name: "an exception of an exception",
    text: "ProxyPass /a/b/c/ @b/\nProxyPass /a/b/ !\nProxyPass /a/ @a/",
    requests: get("/a/", "/a/b", "/a/b/", "/a/b/c", "/a/b/c/", "/a/b/c/d", "/a/b/d", "/b"),
  },
  {
    name: "an exception without a slash",
    text: "ProxyPass /a !\nProxyPass / @a/",
    requests: get("/a", "/a/", "/a/b", "/ab", "/a.b", "/A"),
  },
  {
    name: "prefixes with characters that are escaped",
    text: 'ProxyPass "/a%20b/" @a/\nProxyPass "/c d/" @b/\nProxyPass "/%C3%A4/" @c/\nProxyPass "/ö/" @b/ö/',
    requests: get("/a%20b/x", "/a+b/x", "/c%20d/x", "/c+d/x", "/%c3%a4/x", "/%C3%A4/x", "/%c3%b6/x"),
  },
  {
    name: "prefixes with characters that need not be escaped",
    text: 'ProxyPass /a:b/ @a/\nProxyPass /a+b,d/ @b/\nProxyPass /~a.b-c_d/ @c/\nProxyPass "/a\'(b)!" @a/x:y',
    requests: get(
      "/a:b/x",
      "/a%3Ab/x",
      "/a%3ab/x",
      "/a+b,d/x",
      "/a%2Bb%2Cd/x",
      "/~a.b-c_d/x",
      "/%7ea%2eb%2dc%5fd/x",
      "/a'(b)!/x",
      "/a%27%28b%29%21/x",
    ),
  },
  {
    name: "URLs with characters that are escaped",
    text:
      'ProxyPass /a/ "@a/x%20y/"\nProxyPass /b/ "@a/x y/"\nProxyPass /c/ "@a/ö/"\nProxyPass /d/ "@a/x:y;z/"\n' +
      'ProxyPass /e/ "@a/x//y/"\nProxyPassMatch "^/f/(.*)$" "@a/x%20$1/ö"\nProxyPass /g/ "@a/%7ex/"',
    requests: get("/a/z", "/b/z", "/c/z", "/d/z", "/e/z", "/f/z", "/f/%20", "/g/z"),
  },
  {
    name: "an expression with groups that do not exist, and dollar signs",
    text: 'ProxyPassMatch "^/a/(.*)$" "@a/x$2/$1"\nProxyPassMatch "^/b/(.*)$" "@a/x\\$1/$1"\n' +
      'ProxyPassMatch "^/c/(.*)$" "@a/x$"',
    requests: get("/a/z", "/b/z", "/c/z"),
  },
  {
    name: "an expression",
    text: 'ProxyPassMatch "^/img/(.*)$" "@a/pictures/$1"',
    requests: get(
      "/img",
      "/img/",
      "/img/a",
      "/img/a/b",
      "/img//a",
      "/img/../img/a",
      "/IMG/a",
      "/img/a?b",
      "/a/img/b",
      "/img/%C3%A4",
      "/img/a%20b",
      "/img/a%3fb",
      "/img/a%25b",
      "/img/a%2fb",
      "/img/..",
      "/img/.a",
    ),
  },
  {
    name: "an expression with two groups",
    text: 'ProxyPassMatch "^/([^/]+)/([0-9]+)$" "@a/$2/$1"',
    requests: get("/a/1", "/a/b", "/a/1/", "/a%20b/12", "/a/1?x=y", "/%c3%a4/1"),
  },
  {
    name: "an expression without groups",
    text: 'ProxyPassMatch "[.](gif|png)$" "@a"',
    requests: get("/a.gif", "/a/b.png", "/a.gif/b", "/a.jpg", "/a.gif?x", "//a.gif"),
  },
  {
    name: "an expression without groups, mapped to another path",
    text: 'ProxyPassMatch "[.]gif$" "@a/base"',
    requests: get("/a.gif", "/a/b.gif", "/a.png"),
  },
  {
    name: "an expression for everything",
    text: 'ProxyPassMatch "^(/.*)$" "@a$1"',
    requests: get("/", "/a", "/a/b", "//a", "/a%20b", "/a?b"),
  },
  {
    name: "an exception by expression",
    text: 'ProxyPassMatch "[.]php$" !\nProxyPass / @a/',
    requests: get("/", "/a.php", "/a.php/", "/a%2ephp", "/a.php?x", "/A.PHP"),
  },
  {
    name: "expressions and prefixes that interleave",
    text:
      'ProxyPassMatch "^/a/(.*)[.]x$" "@a/$1"\nProxyPass /a/b/ @b/\nProxyPassMatch "^/a/(.*)$" "@c/$1"\n' +
      "ProxyPass /a/b/c/ @d/\nProxyPass / @d/rest/",
    requests: get("/", "/a/b.x", "/a/b/c.x", "/a/b/c", "/a/b/c/d", "/a/c", "/a", "/a/", "/b/a/c", "/a//b//c"),
  },
  {
    name: "an expression before a prefix and one after it",
    text: 'ProxyPass /static/ !\nProxyPassMatch "^/([a-z]{2})/(.*)$" "@a/$2/$1"\nProxyPass / @b/',
    requests: get("/static/x", "/de/x", "/de/", "/de", "/DE/x", "/den/x", "/", "/de/a/b"),
  },
  {
    name: "a group that takes no part",
    text: 'ProxyPassMatch "^/(a)?(b)?/(.*)$" "@a/$1-$2/$3"',
    requests: get("/a/x", "/b/x", "/ab/x", "//x", "/x"),
  },
  {
    name: "an expression with $0",
    text: 'ProxyPassMatch "/(b|c)/" "@a/x$0y"',
    requests: get("/a/b/c", "/c/", "/a/d/"),
  },
  {
    name: "an expression that ignores case",
    text: 'ProxyPassMatch "(?i)^/docs/(.*)$" "@a/$1"',
    requests: get("/docs/a", "/DOCS/a", "/Docs/A"),
  },
  {
    name: "a location",
    text: "<Location /a/>\nProxyPass @a/\n</Location>\n<Location /b>\nProxyPass @b/base\n</Location>",
    requests: get("/", "/a", "/a/", "/a/x", "/b", "/b/", "/b/x", "/bx"),
  },
  {
    name: "locations within each other",
    text: "<Location /a/>\nProxyPass @a/\n</Location>\n<Location /a/b/>\nProxyPass @b/\n</Location>\n" +
      "<Location /a/b/c/>\nProxyPass !\n</Location>",
    requests: get("/a/", "/a/b", "/a/b/", "/a/b/x", "/a/b/c/", "/a/b/c/x"),
  },
  {
    name: "locations within each other, the inner one first",
    text: "<Location /a/b/>\nProxyPass @b/\n</Location>\n<Location /a/>\nProxyPass @a/\n</Location>",
    requests: get("/a/", "/a/b/", "/a/b/x"),
  },
  {
    name: "a location beside prefixes",
    text: "ProxyPass /a/b/ @a/\nProxyPass / @b/\n<Location /a/>\nProxyPass @c/\n</Location>",
    requests: get("/", "/a", "/a/", "/a/b/", "/a/b/x", "/x"),
  },
  {
    name: "locations without a slash",
    text: "<Location /a>\nProxyPass @a\n</Location>\n<Location /a/b>\nProxyPass @b/base/\n</Location>",
    requests: get("/a", "/a/", "/ab", "/a/b", "/a/b/", "/a/b/c", "/a/bc"),
  },
  {
    name: "a location for everything, with an exception",
    text: "<Location />\nProxyPass @a/\n</Location>\n<Location /a>\nProxyPass !\n</Location>",
    requests: get("/", "/a", "/a/b", "/ab", "/b"),
  },
  {
    name: "two URLs in one location",
    text: "<Location /a/>\nProxyPass @a/\nProxyPass @b/\n</Location>",
    requests: get("/a/", "/a/x"),
  },
  {
    name: "one location twice",
    text: "<Location /a/>\nProxyPass @a/\n</Location>\n<Location /a/>\nProxyPass @b/\n</Location>",
    requests: get("/a/", "/a/x"),
  },
  {
    name: "a location with a tilde",
    text: '<Location ~ "^/(x|y)/">\nProxyPass @a\n</Location>\nProxyPass / @b/',
    requests: get("/x/a", "/y/", "/z/a", "/x"),
  },
  {
    name: "a location by expression",
    text: '<LocationMatch "^/(x|y)/(.*)$">\nProxyPassMatch "@a/$2/$1"\n</LocationMatch>\nProxyPass / @b/',
    requests: get("/x/a", "/y/a/b", "/z/a", "/x/"),
  },
  {
    name: "names",
    whole: true,
    text: host("ServerName one.test", "ServerAlias www.one.test *.sub.test", "ProxyPass / @a/") +
      host("ServerName two.test", "ServerAlias *.two.test deep.sub.test", "ProxyPass / @b/") +
      host("ServerName three.test", "ServerAlias *.deep.two.test *.example", "ProxyPass / @c/"),
    requests: [
      "one.test",
      "ONE.Test",
      "one.test:PORT",
      "one.test:80",
      "one.test:",
      "one.test.",
      "one.test.:PORT",
      "www.one.test",
      "www.two.test",
      "two.test",
      "a.b.two.test",
      "x.deep.two.test",
      "deep.two.test",
      "sub.test",
      "a.sub.test",
      "deep.sub.test",
      "three.test",
      "THREE.TEST:PORT",
      "x.example",
      "example",
      "a.x.example",
      ".example",
      "unknown.test",
      "127.0.0.1",
      "[::1]",
      "xone.test",
    ].map((host) => ({ target: "/x", host })),
  },
  {
    name: "a name in an absolute target",
    whole: true,
    text: host("ServerName one.test", "ProxyPass / @a/") + host("ServerName two.test", "ProxyPass / @b/"),
    requests: [
      ...to(
        "one.test",
        "http://two.test/x",
        "http://TWO.test:PORT/x",
        "http://two.test",
        "http://two.test?x",
        "HTTP://two.test/x",
      ),
      ...to(
        "two.test",
        "http://one.test/../x",
        "http://unknown.test/x",
        "https://two.test/x",
        "ftp://two.test/x",
      ),
      raw("GET http://two.test/x HTTP/1.1"),
      raw("GET http://two.test/x HTTP/1.0"),
      raw("GET http://user@two.test/x HTTP/1.1", "Host: two.test"),
      raw("GET http:///x HTTP/1.1", "Host: two.test"),
      raw("GET http:/x HTTP/1.1", "Host: two.test"),
    ],
  },
  {
    name: "Host fields",
    whole: true,
    text: host("ServerName one.test", "ProxyPass / @a/") + host("ServerName two.test", "ProxyPass / @b/"),
    requests: [
      raw("GET /x HTTP/1.1", "X: y"),
      raw("GET /x HTTP/1.0", "X: y"),
      raw("GET /x HTTP/1.0", "Host: two.test"),
      raw("GET /x HTTP/1.1", "Host: two.test", "Host: two.test"),
      raw("GET /x HTTP/1.1", "Host: one.test", "Host: two.test"),
      raw("GET /x HTTP/1.1", "Host: "),
      raw("GET /x HTTP/1.1", "Host:two.test"),
      raw("GET /x HTTP/1.1", "host:   two.test  "),
      raw("GET /x HTTP/1.1", "Host: two.test:99999"),
      raw("GET /x HTTP/1.1", "Host: two.test:x"),
      raw("GET /x HTTP/1.1", "Host: two test"),
      raw("GET /x HTTP/1.1", "Host: two.test, one.test"),
      raw("GET /x HTTP/1.1", "Host: two.test/"),
      raw("GET /x HTTP/1.1", "Host: user@two.test"),
      raw("GET /x HTTP/1.1", "Host: t%77o.test"),
      raw("GET /x HTTP/1.1", "Host: two..test"),
      raw("GET /x HTTP/1.1", "Host: two_test"),
      raw("GET /x HTTP/1.1", "Host : two.test"),
      raw("GET /x HTTP/2.0", "Host: two.test"),
      raw("GET /x HTTP/1.2", "Host: two.test"),
      raw("GET  /x HTTP/1.1", "Host: two.test"),
      raw("OPTIONS * HTTP/1.1", "Host: two.test"),
      raw("OPTIONS /x HTTP/1.1", "Host: two.test"),
      raw("HEAD /x HTTP/1.1", "Host: one.test"),
      raw("POST /x HTTP/1.1", "Host: two.test", "Content-Length: 0"),
      raw("PURGE /x HTTP/1.1", "Host: two.test"),
    ],
  },
  {
    name: "a default virtual host by address",
    whole: true,
    text: "<VirtualHost _default_:PORT>\nServerName default.test\nProxyPass / @a/\n</VirtualHost>\n" +
      "<VirtualHost ADDRESS:PORT>\nServerName one.test\nProxyPass / @b/\n</VirtualHost>\n" +
      "<VirtualHost ADDRESS:PORT>\nServerName two.test\nProxyPass / @c/\n</VirtualHost>",
    requests: ["default.test", "one.test", "two.test", "unknown.test"].map((host) => ({
      target: "/x",
      host,
    })),
  },
  {
    name: "virtual hosts for every address",
    whole: true,
    text: host("ProxyPass / @a/") + host("ServerName two.test", "ProxyPass / @b/"),
    requests: ["one.test", "two.test", "unknown.test", "TWO.test:1"].map((host) => ({ target: "/x", host })),
  },
  {
    name: "the spellings of a name",
    whole: true,
    text: host("ServerName http://one.test", "ProxyPass / @a/") +
      host("ServerName Two.Test:PORT", "ServerAlias THREE.test", "ProxyPass / @b/"),
    requests: ["one.test", "two.test", "two.test:1", "three.test"].map((host) => ({ target: "/x", host })),
  },
  {
    name: "a name twice",
    whole: true,
    text: host("ServerName one.test", "ProxyPass / @a/") + host("ServerName one.test", "ProxyPass / @b/") +
      host("ServerName two.test", "ServerAlias one.test", "ProxyPass / @c/"),
    requests: ["one.test", "two.test", "three.test"].map((host) => ({ target: "/x", host })),
  },
  {
    name: "a wildcard before names that it covers",
    whole: true,
    text: host("ServerName first.test", "ProxyPass / @a/") +
      host("ServerName second.test", "ServerAlias *.x.test", "ProxyPass / @b/") +
      host("ServerName a.x.test", "ServerAlias b.x.test x.test *.y.x.test", "ProxyPass / @c/"),
    requests: ["a.x.test", "b.x.test", "x.test", "c.x.test", "a.y.x.test", "y.x.test", "xx.test"]
      .map((host) => ({ target: "/x", host })),
  },
  {
    name: "a wildcard after names that it covers",
    whole: true,
    text: host("ServerName a.x.test", "ServerAlias *.y.x.test", "ProxyPass / @a/") +
      host("ServerName b.test", "ServerAlias *.x.test", "ProxyPass / @b/") +
      host("ServerName c.test", "ServerAlias *.test", "ProxyPass / @c/"),
    requests: ["a.x.test", "b.x.test", "x.test", "c.y.x.test", "y.x.test", "z.test", "test", "b.test"]
      .map((host) => ({ target: "/x", host })),
  },
  {
    name: "an alias for every name",
    whole: true,
    text: host("ServerName one.test", "ProxyPass / @a/") +
      host("ServerName two.test", "ServerAlias *", "ProxyPass / @b/") +
      host("ServerName three.test", "ProxyPass / @c/"),
    requests: [
      ...["one.test", "two.test", "three.test", "four.test"].map((host) => ({ target: "/x", host })),
      raw("GET /x HTTP/1.0", "X: y"),
    ],
  },
  {
    name: "a virtual host without a name that is not the first",
    whole: true,
    text: host("ServerName one.test", "ProxyPass / @a/") + host("ProxyPass / @b/") +
      host("ServerName two.test", "ProxyPass / @c/"),
    requests: [
      ...["one.test", "two.test", "three.test"].map((host) => ({ target: "/x", host })),
      raw("GET /x HTTP/1.0", "X: y"),
    ],
  },
  {
    name: "an alias for every name after a virtual host without a name",
    whole: true,
    text: host("ProxyPass / @a/") + host("ServerName two.test", "ServerAlias *", "ProxyPass / @b/"),
    requests: ["one.test", "two.test"].map((host) => ({ target: "/x", host })),
  },
  {
    name: "several addresses of one virtual host",
    whole: true,
    text:
      "<VirtualHost 192.0.2.1:PORT ADDRESS:PORT>\nServerName one.test\nProxyPass / @a/\n</VirtualHost>\n" +
      host("ServerName two.test", "ProxyPass / @b/"),
    requests: ["one.test", "two.test", "three.test"].map((host) => ({ target: "/x", host })),
  },
  {
    name: "a virtual host for every port",
    whole: true,
    text: "<VirtualHost *>\nServerName any.test\nProxyPass / @a/\n</VirtualHost>\n",
    requests: ["any.test", "two.test"].map((host) => ({ target: "/x", host })),
  },
  {
    name: "no route at all",
    text: "",
    requests: get("/", "/a", "/..", "/a%2fb"),
  },
  {
    name: "the Host that the client means",
    text: "ProxyPreserveHost On\nProxyPass /a/ @a/\nProxyPass /b/ @b/base/",
    requests: [...get("/a/x", "/b/x"), ...to("One.Test:PORT", "/a/x")],
  },
  {
    name: "a balancer",
    text:
      '<Proxy "balancer://GROUP">\nBalancerMember @a\nBalancerMember @b\n</Proxy>\nProxyPass /x/ balancer://GROUP/\n' +
      "ProxyPass /y balancer://GROUP/base",
    requests: [
      ...get("/x/a", "/x/", "/y", "/y/a").map((request) => ({ ...request, outcomes: 2 })),
      ...get("/z"),
    ],
  },
  {
    name: "a balancer whose members have paths",
    text: '<Proxy "balancer://GROUP">\nBalancerMember @a/one\nBalancerMember @a/two status=+D\n</Proxy>\n' +
      "ProxyPass /x/ balancer://GROUP/\nProxyPass /y/ balancer://GROUP/z",
    requests: get("/x/a", "/x/", "/y/a"),
  },
  {
    name: "a balancer by expression",
    text:
      '<Proxy "balancer://GROUP">\nBalancerMember @a\n</Proxy>\nProxyPassMatch "^/x/(.*)$" "balancer://GROUP/y/$1"',
    requests: get("/x/a", "/x/", "/x"),
  },
  {
    name: "one member for each balancer",
    text:
      '<Proxy "balancer://GROUPa">\nBalancerMember @a\n</Proxy>\n<Proxy "balancer://GROUPb">\nBalancerMember @b\n</Proxy>\n' +
      "ProxyPass /a balancer://GROUPa\nProxyPass /b balancer://GROUPb",
    requests: get("/a", "/a/x", "/b", "/b/x", "/c"),
  },
];

// Generated ones: the same in every run.

const SEED = 20_240_401;

const prefix = fc.tuple(fc.array(fc.constantFrom("a", "b", "ab"), { maxLength: 3 }), fc.boolean())
  .map(([segments, slash]) => "/" + segments.join("/") + (slash && segments.length > 0 ? "/" : ""));

const target = fc.tuple(fc.constantFrom("a", "b", "c"), fc.constantFrom("", "", "x", "x/y"));

/** A line mostly with slashes at the ends of both, or of none, as people write it. */
const passLine = fc.tuple(prefix, fc.option(target, { freq: 5 }), fc.nat(4)).map(([prefix, target, odd]) => {
  if (target === null) return `ProxyPass ${prefix} !`;
  const [server, path] = target;
  const below = path === "" ? "" : `/${path}`;
  const slash = prefix.endsWith("/") !== (odd === 0);
  // A host name that goes on with what follows the prefix is none.
  return `ProxyPass ${prefix} @${server}${below}${slash || path === "" && prefix.endsWith("/") ? "/" : ""}`;
});

const matchLine = fc.constantFrom(
  'ProxyPassMatch "^/a/(.*)$" "@a/m/$1"',
  'ProxyPassMatch "^/(a|b)/(b|ab)(/.*)?$" "@b/$2/$1$3"',
  'ProxyPassMatch "^/b(/.*)$" "@c$1"',
  'ProxyPassMatch "/ab$" !',
  'ProxyPassMatch "b/a" "@a/n"',
  'ProxyPassMatch "^/(.*)/b$" "@d/$1"',
);

const location = fc.tuple(prefix, target).map(([prefix, [server, path]]) =>
  `<Location ${prefix}>\nProxyPass @${server}/${path}${
    path === "" || !prefix.endsWith("/") ? "" : "/"
  }\n</Location>`
);

const path = fc.array(fc.constantFrom("a", "b", "ab", "a", "b", "", ".", "..", "%61", "%2e%2e", "x"), {
  minLength: 1,
  maxLength: 5,
}).map((segments) => "/" + segments.join("/"));

function generated(name: string, line: fc.Arbitrary<string>, seed: number): Configuration[] {
  const texts = fc.sample(fc.array(line, { minLength: 2, maxLength: 6 }), { seed: SEED + seed, numRuns: 6 });
  return texts.map((lines, index): Configuration => ({
    name: `${name} ${index + 1}`,
    text: lines.join("\n"),
    requests: get(...new Set(fc.sample(path, { seed: SEED + 100 * seed + index, numRuns: 24 }))),
  }));
}

const label = fc.constantFrom("a", "b", "ab");
const name = fc.tuple(fc.array(label, { minLength: 1, maxLength: 2 }), fc.constantFrom("", "", "*."))
  .map(([labels, star]) => `${star}${labels.join(".")}.test`);
const plainName = fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => `${labels.join(".")}.test`);

/** Virtual hosts with names that overlap; the first one has a name of its own, as the default. */
function generatedNames(seed: number): Configuration[] {
  const hosts = fc.array(fc.tuple(plainName, fc.array(name, { minLength: 1, maxLength: 3 })), {
    minLength: 2,
    maxLength: 3,
  });
  return fc.sample(hosts, { seed: SEED + seed, numRuns: 6 }).map((all, index): Configuration => ({
    name: `names at random ${index + 1}`,
    whole: true,
    text: host("ServerName default.test", "ProxyPass / @d/") +
      all.map(([name, aliases], server) =>
        host(`ServerName ${name}`, `ServerAlias ${aliases.join(" ")}`, `ProxyPass / @${"abc"[server]}/`)
      ).join(""),
    requests: [...new Set(fc.sample(plainName, { seed: SEED + 100 * seed + index, numRuns: 16 }))]
      .map((host) => ({ target: "/x", host })),
  }));
}

/** All of them. */
export const CONFIGURATIONS: readonly Configuration[] = [
  ...CASES,
  ...generated("prefixes at random", passLine, 1),
  ...generated("prefixes and expressions at random", fc.oneof(passLine, matchLine), 2),
  ...generated("locations at random", fc.oneof(passLine, location), 3),
  ...generatedNames(4),
];
