/**
 * Configurations of Apache with rules around ProxyPass, and requests that Apache and fdpass are both sent under each. As in
 * cases.ts, `@a` and `@b` are URLs of servers; `USERS` and `GROUPS` are files with users (ann, bob, eve) and groups.
 */

import type { Configuration, Request } from "./configuration.ts";

const HOST = "one.test";

interface Ask {
  readonly method?: string;
  readonly fields?: Readonly<Record<string, string>>;
}

/** A request, written out: fields are what many rules are about. */
function ask(target: string, { method = "GET", fields = {} }: Ask = {}): Request {
  const all = { Host: HOST, ...fields };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  const length = method === "POST" ? ["Content-Length: 0"] : [];
  return {
    raw: [`${method} ${target} HTTP/1.1`, ...lines, ...length, "Connection: close", "", ""].join("\r\n"),
  };
}

const asks = (targets: readonly string[], how: Ask = {}): Request[] =>
  targets.map((target) => ask(target, how));
const basic = (user: string, password: string): Ask => ({
  fields: { Authorization: `Basic ${btoa(`${user}:${password}`)}` },
});

const PASS = "ProxyPass / @a/";
/** Spellings of paths below /p, and of neighbours. */
const SPELLINGS = [
  "/p",
  "/p/",
  "/p/x",
  "/px",
  "/P/x",
  "//p/x",
  "/%70/x",
  "/./p/x",
  "/q/../p/x",
  "/p/../q",
  "/p/%2e%2e/q",
  "/q/%2e%2e/p/x",
  "/p;a/x",
  "/p?x",
  "/q?/p/",
  "/p%20x",
];
const PLAIN = ["/", "/a", "/a/b?c=d", "/x%20y", "/%c3%a4?%c3%a4", "/a%25b"];

const REDIRECTS: readonly Configuration[] = [
  {
    name: "Redirect behind ProxyPass",
    text: `Redirect /p http://else.test/n\n${PASS}`,
    requests: asks(["/p", "/q"]),
  },
  {
    name: "Redirect of what is left out",
    text: `ProxyPass /p !\nRedirect /p http://else.test/n\n${PASS}`,
    requests: asks([...SPELLINGS, "/p/a%20b?c", "/p/%c3%a4", "/p/a%25b", "/p/a:b@c", "/p/%22%3c"]),
  },
  {
    name: "Redirect without ProxyPass",
    text:
      `Redirect permanent /p http://else.test/n/\nRedirect gone /g\nRedirect seeother /s /t\nRedirect 307 /u ` +
      `http://else.test/v?w\nRedirectTemp /w http://else.test/\nRedirectPermanent /y http://else.test/z\nProxyPass /b @b`,
    requests: asks([
      "/p/x",
      "/p",
      "/g",
      "/g/x?y",
      "/s",
      "/s/x",
      "/u/x",
      "/u/x?y",
      "/w/a",
      "/y/a/b",
      "/b/c",
      "/none",
    ]),
  },
  {
    name: "RedirectMatch",
    text: `RedirectMatch 301 ^/p/(.*)\\.html$ http://else.test/$1.htm\nRedirectMatch ^/q(/|$)(.*) /r/$2\n` +
      `RedirectMatch 403 /\\.git\nRedirectMatch gone ^/g\\d+$\nProxyPass /b @b`,
    requests: asks([
      "/p/a.html",
      "/p/a%20b.html?x=1",
      "/p/a.htm",
      "/q",
      "/q/x?y",
      "/qx",
      "/.git/x",
      "/b/.git",
      "/g12",
      "/gx",
      "/p/%c3%a4.html",
    ]),
  },
  {
    name: "Redirect in a location",
    text: `${PASS}\n<Location /p>\nRedirect 302 http://else.test/all\n</Location>\n` +
      `<Location /q/>\nRedirect permanent /q/x http://else.test/x\n</Location>\n<LocationMatch "^/m/(?<n>.*)">\n` +
      `Redirect http://else.test/match\n</LocationMatch>`,
    requests: asks([...SPELLINGS, "/q/x", "/q/x/y?z", "/q/z", "/m/a", "/m"]),
  },
  {
    name: "everything to https",
    text: `Redirect permanent / https://one.test/`,
    requests: asks([...PLAIN, "/a//b", "/a/../b"]),
  },
];

const REWRITES: readonly Configuration[] = [
  {
    name: "only a rule with P",
    text: `RewriteEngine on\nRewriteRule .* @a%{REQUEST_URI} [P,QSA,NE]`,
    requests: asks([...PLAIN, "/a//b", "/a/../b?c"]),
  },
  {
    name: "rules with P and groups",
    text:
      `RewriteEngine On\nRewriteRule ^/x/(.*)$ @b/y/$1 [P,L]\nRewriteRule ^/z/(\\d+)(/.*)?$ "@b/z?id=$1&rest=$2" [P,QSA]\n${PASS}`,
    requests: asks([
      "/x/",
      "/x/a?b=c",
      "/x/a%20b",
      "/x/%c3%a4",
      "/x/a%25b",
      "/x/a;b:c@d",
      "/x",
      "/z/12",
      "/z/12/q?r=s",
      "/z/a",
      "/other",
    ]),
  },
  {
    name: "WebSockets beside pages",
    text: `RewriteEngine On\nRewriteCond %{HTTP:Upgrade} =websocket [NC]\nRewriteRule /(.*) @b/$1 [P,L]\n` +
      `RewriteCond %{HTTP:Upgrade} !=websocket [NC]\nRewriteRule /(.*) @a/$1 [P,L]`,
    requests: [...asks(PLAIN), ...asks(["/ws?a=b"], { fields: { Upgrade: "x" } })],
  },
  {
    name: "redirect to https but for a path",
    text:
      `RewriteEngine On\nRewriteCond %{HTTPS} off\nRewriteCond %{REQUEST_URI} !^/\\.well-known/acme-challenge/\n` +
      `RewriteRule ^(.*)$ https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]\n${PASS}`,
    requests: asks([...PLAIN, "/.well-known/acme-challenge/x", "/.well-known/x", "/a?b=%20c&d"]),
  },
  {
    name: "certbot's",
    text:
      `RewriteEngine on\nRewriteCond %{SERVER_NAME} =one.test [OR]\nRewriteCond %{SERVER_NAME} =www.one.test\n` +
      `RewriteRule ^ https://%{SERVER_NAME}%{REQUEST_URI} [END,NE,R=permanent]`,
    requests: asks([...PLAIN, "/a%3fb", "/a?b=c%20d"]),
  },
  {
    name: "PT and QSA",
    text:
      `RewriteEngine on\nRewriteRule ^/old/(.*)$ /new/$1 [PT]\nRewriteRule ^/q/(.*)$ /new/$1?added=1 [PT,QSA]\n` +
      `RewriteRule ^/d/(.*)$ /new/$1 [PT,QSD]\nRewriteRule ^/r/(.*)$ /new/$1?only=1 [PT]\nRewriteRule ^/e/(.*)$ /new/$1? [PT]\n` +
      `ProxyPass /new/ @b/n/\n${PASS}`,
    requests: asks([
      "/old/a",
      "/old/a?b",
      "/old/a%20b",
      "/q/a",
      "/q/a?b=c",
      "/d/a?b",
      "/r/a?b",
      "/e/a?b",
      "/new/x",
      "/z",
    ]),
  },
  {
    name: "F, G and a dash",
    text:
      `RewriteEngine on\nRewriteRule ^/f - [F]\nRewriteRule ^/g - [G]\nRewriteRule ^/s - [R=404,L]\nRewriteRule ^/l - [L]\n` +
      `RewriteRule ^/l/x /f [F]\nRewriteRule ^/n$ /m [NC,R]\n${PASS}`,
    requests: asks(["/f", "/f/x", "/g", "/s", "/l/x", "/l", "/n", "/N", "/m"]),
  },
  {
    name: "conditions",
    text: `RewriteEngine on\nRewriteCond %{REQUEST_METHOD} ^(PUT|DELETE)$\nRewriteRule . - [F]\n` +
      `RewriteCond %{HTTP_USER_AGENT} bad [NC,OR]\nRewriteCond %{HTTP_REFERER} ^http://evil\\.\nRewriteRule . - [F]\n` +
      `RewriteCond %{QUERY_STRING} (?:^|&)id=(\\d+)\nRewriteRule ^/item$ /items/%1? [R=302,L]\n` +
      `RewriteCond %{HTTP_HOST} ^www\\.(.+)$ [NC]\nRewriteRule ^ http://%1%{REQUEST_URI} [R=301,L,NE]\n` +
      `RewriteCond %{REMOTE_ADDR} !^127\\.\nRewriteRule ^/local - [F]\n` +
      `RewriteCond %{HTTP_COOKIE} \\bsession=([^;]+)\nRewriteRule ^/c$ /c/%1 [PT]\n${PASS}`,
    requests: [
      ask("/a", { method: "PUT" }),
      ask("/a", { method: "DELETE" }),
      ask("/a", { method: "POST" }),
      ask("/a", { fields: { "User-Agent": "a BAD one" } }),
      ask("/a", { fields: { Referer: "http://evil.test/" } }),
      ask("/a", { fields: { Referer: "http://good.test/" } }),
      ...asks(["/item?id=12", "/item?x&id=7&y", "/item?id=x", "/item", "/local", "/c"]),
      ask("/a%20b?c", { fields: { Host: "www.one.test" } }),
      ask("/c", { fields: { Cookie: "a=b; session=xyz; c" } }),
    ],
  },
  {
    name: "variables, chains and skips",
    text:
      `RewriteEngine on\nRewriteRule ^/v/(.*) - [E=PART:$1]\nRewriteCond %{ENV:PART} ^yes\nRewriteRule ^ - [F]\n` +
      `RewriteRule ^/k/(.*) /k1/$1 [C]\nRewriteRule ^/k1/a(.*) /k2/$1 [PT]\nRewriteRule ^/s/ - [S=1]\n` +
      `RewriteRule . - [E=SEEN:1]\nRequestHeader set X-Seen %{SEEN}e env=SEEN\nRequestHeader set X-Part %{PART}e env=PART\n${PASS}`,
    requests: asks(["/v/no", "/v/yes", "/k/abc", "/s/x", "/t"]),
  },
  {
    name: "a table",
    text:
      `RewriteEngine on\nRewriteMap to "txt:MAP"\nRewriteMap lc int:tolower\nRewriteRule ^/m/([^/]+)(.*)$ /\${to:$1|none}$2 [PT]\n` +
      `RewriteCond \${lc:%{HTTP:X-Word}} =yes\nRewriteRule ^ - [F]\n${PASS}`,
    requests: [...asks(["/m/one/x", "/m/two", "/m/three/y?z"]), ask("/a", { fields: { "X-Word": "YES" } })],
  },
  {
    name: "a rule in a location",
    text:
      `${PASS}\n<Location /p>\nRewriteEngine on\nRewriteCond %{REQUEST_METHOD} =POST\nRewriteRule .* - [F]\n</Location>`,
    requests: [...asks(["/p/x", "/q"]), ...asks(["/p/x", "/q"], { method: "POST" })],
  },
];

const ACCESS: readonly Configuration[] = [
  {
    name: "Require ip elsewhere",
    text: `${PASS}\n<Location /p>\nRequire ip 192.0.2.0/24\n</Location>`,
    requests: asks(SPELLINGS),
  },
  {
    name: "a location with a slash",
    text: `${PASS}\n<Location /p/>\nRequire all denied\n</Location>`,
    requests: asks(SPELLINGS),
  },
  {
    name: "an expression for paths",
    text: `${PASS}\n<LocationMatch "^/p(/|$)">\nRequire all denied\n</LocationMatch>`,
    requests: asks(SPELLINGS),
  },
  {
    name: "a pattern of paths",
    text: `${PASS}\n<Location "/p*">\nRequire all denied\n</Location>`,
    requests: asks(SPELLINGS.filter((target) => !target.startsWith("/p/"))),
  },
  {
    name: "what is required, one by one",
    text: [
      PASS,
      ...[
        ["/1", "Require ip 127"],
        ["/2", "Require not ip 127.0.0.0/8\nRequire all granted"],
        ["/3", "<RequireAll>\nRequire all granted\nRequire not ip 127.0.0.1\n</RequireAll>"],
        ["/4", "Require local"],
        ["/5", "Require method GET POST"],
        [
          "/6",
          "<RequireAll>\n<RequireNone>\nRequire method POST\n</RequireNone>\nRequire all granted\n</RequireAll>",
        ],
        ["/7", "Require ip 10.0.0.0/8 127.0.0.0/255.0.0.0"],
        [
          "/8",
          "<RequireAny>\nRequire all denied\n<RequireAll>\nRequire method GET\nRequire local\n</RequireAll>\n</RequireAny>",
        ],
        ["/9", "SetEnvIf X-Key ^letmein$ OK\nRequire env OK"],
        ["/10", "Require expr \"%{HTTP_USER_AGENT} =~ /curl/ && %{REQUEST_METHOD} == 'GET'\""],
        ["/11", "<Limit POST>\nRequire all denied\n</Limit>"],
        ["/12", "<LimitExcept GET>\nRequire all denied\n</LimitExcept>"],
        ["/13", "Require ip ::1"],
        ["/14", "Require all granted"],
      ].filter(([path]) => path !== "/2").map(([path, rules]) => `<Location ${path}>\n${rules}\n</Location>`),
    ].join("\n"),
    requests: [1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14].flatMap((number) => [
      ask(`/${number}`),
      ask(`/${number}/x`, { method: "POST" }),
      ask(`/${number}/x`, { fields: { "X-Key": "letmein", "User-Agent": "curl/8" } }),
      ask(`/${number}/x`, { method: "HEAD" }),
    ]),
  },
  {
    name: "inner sections take the place of outer ones",
    text:
      `${PASS}\n<Location />\nRequire all denied\n</Location>\n<Location /p>\nRequire all granted\n</Location>\n` +
      `<Location /p/x>\nRequire ip 192.0.2.1\n</Location>\n<Location /p/x/y>\nRequire all granted\n</Location>`,
    requests: asks([...SPELLINGS, "/p/x/y", "/p/x/y/z", "/p/x/yz"]),
  },
  {
    name: "Order, Allow, Deny",
    text: [
      PASS,
      ...[
        ["/1", "Order allow,deny\nAllow from all\nDeny from 127.0.0.1"],
        ["/2", "Order deny,allow\nDeny from all\nAllow from 127"],
        ["/3", "Order allow,deny\nAllow from 10.0.0.0/8"],
        ["/4", "Order deny,allow"],
        ["/5", "Order allow,deny"],
        ["/6", "SetEnvIf X-Key good OK\nOrder deny,allow\nDeny from all\nAllow from env=OK"],
        ["/7", "Order mutual-failure\nAllow from 127.0.0.0/8"],
        ["/8", "<Limit POST>\nOrder deny,allow\nDeny from all\n</Limit>"],
        ["/9", "Deny from 127.0.0.0/255.0.0.0"],
        ["/10", "Order deny,allow\nDeny from all\nAllow from env=!OTHER"],
      ].map(([path, rules]) => `<Location ${path}>\n${rules}\n</Location>`),
    ].join("\n"),
    requests: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].flatMap((number) => [
      ask(`/${number}/x`),
      ask(`/${number}/x`, { method: "POST" }),
      ask(`/${number}/x`, { fields: { "X-Key": "good" } }),
    ]),
  },
  {
    name: "passwords",
    text:
      `${PASS}\n<Location /p>\nAuthType Basic\nAuthName "Members only"\nAuthUserFile USERS\nAuthGroupFile GROUPS\n` +
      `Require valid-user\n</Location>\n<Location /p/ann>\nRequire user ann\n</Location>\n<Location /p/team>\nRequire group team\n` +
      `</Location>\n<Location /p/open>\nRequire all granted\n</Location>`,
    requests: [
      ...asks(SPELLINGS),
      ...["/p/x", "/p/ann", "/p/team", "/p/open", "/q"].flatMap((target) => [
        ask(target),
        ask(target, basic("ann", "bcrypt")),
        ask(target, basic("bob", "apr1")),
        ask(target, basic("eve", "sha")),
        ask(target, basic("ann", "wrong")),
        ask(target, basic("nobody", "x")),
        ask(target, basic("", "")),
      ]),
      ask("/p/x", { fields: { Authorization: "Basic !!" } }),
      ask("/p/x", { fields: { Authorization: "Bearer abc" } }),
      ask("/p/x", { fields: { Authorization: `basic ${btoa("ann:bcrypt")}` } }),
    ],
  },
  {
    name: "a password or an address",
    text:
      `${PASS}\n<Location /p>\nAuthType Basic\nAuthName x\nAuthUserFile USERS\nRequire valid-user\nOrder deny,allow\n` +
      `Deny from all\nAllow from 127.0.0.1\nSatisfy any\n</Location>\n<Location /q>\nAuthType Basic\nAuthName x\n` +
      `AuthUserFile USERS\nRequire valid-user\nOrder deny,allow\nDeny from all\nAllow from 10.0.0.1\nSatisfy any\n</Location>\n` +
      `<Location /r>\nAuthType Basic\nAuthName x\nAuthUserFile USERS\n<RequireAny>\nRequire ip 10\nRequire valid-user\n` +
      `</RequireAny>\n</Location>\n<Location /s>\nAuthType Basic\nAuthName x\nAuthUserFile USERS\n<RequireAll>\n` +
      `Require ip 10\nRequire valid-user\n</RequireAll>\n</Location>`,
    requests: ["/p", "/q", "/r", "/s"].flatMap((
      target,
    ) => [ask(target), ask(target, basic("ann", "bcrypt"))]),
  },
  {
    name: "all that is proxied",
    text:
      `<Proxy *>\nOrder deny,allow\nDeny from all\n</Proxy>\n${PASS}\n<Location /open>\nOrder allow,deny\nAllow from all\n</Location>`,
    requests: asks(["/", "/open", "/open/x"]),
  },
  {
    name: "under a condition",
    text:
      `${PASS}\n<If "%{HTTP:X-Admin} == '1'">\nRequire all denied\n</If>\n<ElseIf "-n %{QUERY_STRING}">\n` +
      `Header set X-R-Query yes\n</ElseIf>\n<Else>\nHeader set X-R-Else yes\n</Else>`,
    requests: [
      ask("/", { fields: { "X-Admin": "1" } }),
      ask("/"),
      ask("/?q"),
      ask("/?q", { fields: { "X-Admin": "0" } }),
    ],
  },
];

const FIELDS: readonly Configuration[] = [
  {
    name: "fields of requests",
    text:
      `${PASS}\nRequestHeader set X-A one\nRequestHeader append X-B two\nRequestHeader add X-C three\nRequestHeader merge X-D four\n` +
      `RequestHeader unset X-E\nRequestHeader setifempty X-F six\nRequestHeader edit X-G a+ b\nRequestHeader edit* X-H a b\n` +
      `RequestHeader set X-I "%{X_VAR}e"\nRequestHeader set X-J "expr=%{REQUEST_URI}?%{QUERY_STRING}"\nSetEnv X_VAR value\n` +
      `RequestHeader set X-K yes env=WANTED\nRequestHeader set X-L no env=!WANTED\nSetEnvIf X-Want ^y WANTED\n` +
      `RequestHeader set X-M "100%%" "expr=%{REQUEST_METHOD} == 'GET'"\nRequestHeader set X-Forwarded-Proto https`,
    requests: [
      ask("/"),
      ask("/a?b"),
      ask("/", {
        fields: {
          "X-A": "c",
          "X-B": "c",
          "X-C": "c",
          "X-D": "c",
          "X-E": "c",
          "X-F": "c",
          "X-G": "xaay",
          "X-H": "aba",
        },
      }),
      ask("/", {
        fields: {
          "X-D": "a, four",
          "X-Want": "yes",
          "X-Forwarded-Proto": "http",
          "X-Forwarded-For": "1.2.3.4",
        },
      }),
      ask("/", { method: "POST", fields: { "X-Want": "no" } }),
    ],
  },
  {
    name: "fields of responses",
    text:
      `${PASS}\nHeader set X-R-A one\nHeader append X-R-B two\nHeader add X-R-C three\nHeader merge X-R-D four\nHeader unset X-R-E\n` +
      `Header setifempty X-R-F six\nHeader edit X-R-G a+ b\nHeader edit* X-R-H a b\nHeader always set X-R-I always\n` +
      `Header set X-R-J "%{X_VAR}e" env=X_VAR\nSetEnvIf Request_URI "^/v" X_VAR=from-uri\nHeader always append X-R-K k\n` +
      `Header edit Set-Cookie ^(.*)$ "$1; Secure"\nHeader set X-R-L yes "expr=%{REQUEST_STATUS} == 404"\n` +
      `Header set X-R-M yes "expr=%{resp:Content-Type} =~ m#text/html#"`,
    requests: [
      ...asks(["/", "/v", "/status/404", "/status/500", "/html", "/none"]),
      ask("/fields"),
      ask("/", { method: "HEAD" }),
    ],
  },
  {
    name: "fields of answers of the server's own",
    text:
      `Header set X-R-S onsuccess\nHeader always set X-R-T always\nProxyPass /p !\nRedirect /p http://else.test/\n` +
      `<Location /d>\nRequire all denied\nHeader always set X-R-U inner\n</Location>\nRewriteEngine on\nRewriteRule ^/r$ http://else.test/ [R]\n` +
      `RewriteRule ^/f$ - [F]\n${PASS}`,
    requests: asks(["/p", "/d", "/r", "/f", "/", "/status/404"]),
  },
  {
    name: "fields of locations",
    text:
      `Header set X-R-A outer\nRequestHeader set X-A outer\n<Location /p>\nHeader set X-R-A inner\nHeader set X-R-B p\n` +
      `RequestHeader set X-A inner\n</Location>\n<Location /p/x>\nHeader unset X-R-B\nRequestHeader unset X-A\n</Location>\n${PASS}`,
    requests: asks(SPELLINGS),
  },
  {
    name: "variables",
    text:
      `SetEnvIf User-Agent "MSIE ([0-9])" ie=$1\nSetEnvIfNoCase X-Word ^YES$ word\nBrowserMatch ^Robot robot=1\n` +
      `SetEnvIf Remote_Addr ^127 near !far\nSetEnvIf Request_Method POST post=yes\nSetEnvIfExpr "%{REQUEST_URI} =~ m#^/e#" expr=1\n` +
      `RequestHeader set X-Ie %{ie}e\nRequestHeader set X-Word2 %{word}e env=word\nRequestHeader set X-Robot %{robot}e env=robot\n` +
      `RequestHeader set X-Near %{near}e\nRequestHeader set X-Post %{post}e env=post\nRequestHeader set X-Expr %{expr}e env=expr\n${PASS}`,
    requests: [
      ask("/", { fields: { "User-Agent": "x MSIE 6.0" } }),
      ask("/", { fields: { "User-Agent": "Robot", "X-Word": "yes" } }),
      ask("/e"),
      ask("/", { method: "POST" }),
    ],
  },
  {
    name: "who a user is, told to the server",
    text: `${PASS}\n<Location />\nAuthType Basic\nAuthName x\nAuthUserFile USERS\nRequire valid-user\n` +
      `RequestHeader set X-WEBAUTH-USER expr=%{REMOTE_USER}\nRequestHeader unset Authorization\n</Location>`,
    requests: [
      ask("/", basic("ann", "bcrypt")),
      ask("/", { fields: { ...basic("bob", "apr1").fields, "X-WEBAUTH-USER": "admin" } }),
      ask("/", { fields: { "X-WEBAUTH-USER": "admin" } }),
    ],
  },
  {
    name: "what is added for who asks",
    text: `${PASS}\nProxyPreserveHost On\nProxyAddHeaders Off`,
    requests: [ask("/"), ask("/", { fields: { "X-Forwarded-For": "9.9.9.9", "X-Forwarded-Host": "h" } })],
  },
  {
    name: "what is added, unless it is said not to be",
    text: PASS,
    requests: [
      ask("/"),
      ask("/", {
        fields: {
          "X-Forwarded-For": "9.9.9.9",
          "X-Forwarded-Host": "h",
          "X-Forwarded-Proto": "https",
          "X-Forwarded-Server": "s",
          Forwarded: "for=1",
        },
      }),
    ],
  },
];

export const RULE_CONFIGURATIONS: readonly Configuration[] = [
  ...REDIRECTS,
  ...REWRITES,
  ...ACCESS,
  ...FIELDS,
];
