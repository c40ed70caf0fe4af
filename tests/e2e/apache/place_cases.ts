/** Configurations of where a directive stands: locations, virtual hosts and their names, balancers. */

import { type Configuration, get, host, raw, to } from "./configuration.ts";

/** Each with requests that it tells apart. */
export const PLACE_CASES: readonly Configuration[] = [
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
