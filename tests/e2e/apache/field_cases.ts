/** Fields of requests and responses, and variables. As in pass_cases.ts, `@a` and `@b` are URLs of servers; USERS, GROUPS and MAP are files. */

import type { Configuration } from "./configuration.ts";

import { ask, asks, basic, PASS, SPELLINGS } from "./rule_requests.ts";

export const FIELDS: readonly Configuration[] = [
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
