/** Who may ask. As in pass_cases.ts, `@a` and `@b` are URLs of servers; USERS, GROUPS and MAP are files. */

import type { Configuration } from "./configuration.ts";

import { ask, asks, basic, PASS, SPELLINGS } from "./rule_requests.ts";

export const ACCESS: readonly Configuration[] = [
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
