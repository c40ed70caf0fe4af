/** Which requests a server is asked, and which become files: aliases, and what a proxy leaves out. */

import { type FileCase, GRANTED } from "./file_case.ts";

export const FILE_ALIAS_CASES: readonly FileCase[] = [
  {
    name: "aliases",
    text: `DocumentRoot TREE/www
${GRANTED}
Alias /static/css TREE/other
Alias /static TREE/static
Alias /slash/ TREE/static/
Alias /robots.txt TREE/static/robots.txt
AliasMatch "^/img/([a-z]+)\\.(png)$" "TREE/static/$1.$2"
Alias "/with space" "TREE/other"
Alias /missing TREE/nowhere`,
    requests: [
      "/static",
      "/static/",
      "/static/logo.png",
      "/static/css/x.txt",
      "/static/css/site.css",
      "/staticx",
      "/slash",
      "/slash/",
      "/slash/logo.png",
      "/slash/css",
      "/robots.txt",
      "/robots.txt/",
      "/robots.txt/x",
      "/robots.txt?x",
      "/img/logo.png",
      "/img/logo.gif",
      "/img/../static/logo.png",
      "/img/nothing.png",
      "/with%20space/x.txt",
      "/missing/a",
      "/a.txt",
      "/static/..%2fa.txt",
      "/static/../a.txt",
      "/static%2flogo.png",
    ],
  },
  {
    name: "what is proxied, and what is left out",
    text: `DocumentRoot TREE/www
${GRANTED}
Alias /static TREE/static
Alias /api/docs TREE/other
ProxyPass /static !
ProxyPass /a.txt !
ProxyPass /sub/ !
ProxyPass /app/api @a/api
ProxyPass /app !
ProxyPass /api/docs !
ProxyPass / @a/`,
    requests: [
      "/",
      "/x",
      "/static/logo.png",
      "/static",
      "/staticx",
      "/a.txt",
      "/a.txtx",
      "/sub",
      "/sub/",
      "/sub/page.html",
      "/sub/missing",
      "/app",
      "/app/",
      "/app/main.js",
      "/app/api/x",
      "/app/other",
      "/api/docs/x.txt",
      "/api/x",
      "/index.html",
      "POST /x",
    ],
  },
  {
    name: "what is proxied, and what is left, without a path for all",
    text: `DocumentRoot TREE/www
${GRANTED}
Alias /api/x TREE/other
ProxyPass /api @a
ProxyPass /sub/deep/ @b/
<Location /app/ws>\nProxyPass @b/ws\n</Location>`,
    requests: [
      "/",
      "/api/x",
      "/api",
      "/apix",
      "/sub/",
      "/sub/deep",
      "/sub/deep/",
      "/app/ws/1",
      "/app/",
      "/a.txt",
      "/missing",
    ],
  },
  {
    name: "expressions that are proxied, and left out",
    text: `DocumentRoot TREE/www
${GRANTED}
Alias /static TREE/static
ProxyPassMatch "\\.(png|css)$" !
ProxyPassMatch "^/sub/.*\\.html$" !
ProxyPassMatch "^/(app|sub)/(.*)$" "@a/$1/$2"`,
    requests: [
      "/picture.png",
      "/style.css",
      "/static/logo.png",
      "/static/css/site.css",
      "/static/robots.txt",
      "/sub/page.html",
      "/sub/x",
      "/app/main.js",
      "/app/x.css",
      "/a.txt",
      "/",
    ],
  },
  {
    name: "a location that is left out",
    text: `DocumentRoot TREE/www
${GRANTED}
<Location />\nProxyPass @a/\n</Location>
<Location /static>\nProxyPass !\n</Location>
<Location /sub>\nProxyPass !\n</Location>
Alias /static TREE/static`,
    requests: ["/", "/static/logo.png", "/sub/page.html", "/a.txt", "/static", "/sub"],
  },
];
