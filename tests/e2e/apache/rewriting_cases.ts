/** Redirects and rewriting. As in pass_cases.ts, `@a` and `@b` are URLs of servers; USERS, GROUPS and MAP are files. */

import type { Configuration } from "./configuration.ts";

import { ask, asks, PASS, PLAIN, SPELLINGS } from "./rule_requests.ts";

export const REDIRECTS: readonly Configuration[] = [
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

export const REWRITES: readonly Configuration[] = [
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
