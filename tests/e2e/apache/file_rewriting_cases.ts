/** Rules that lead to files, and what takes what is no file. */

import { type FileCase, GRANTED } from "./file_case.ts";

export const FILE_REWRITING_CASES: readonly FileCase[] = [
  {
    name: "rules of a server that name files, and proxy the rest",
    text: `${GRANTED}
RewriteEngine on
RewriteRule ^/static/style/(.*) TREE/static/css/$1 [L]
RewriteRule ^/static/(.*) TREE/static/$1 [L]
RewriteRule ^/robots.txt TREE/static/robots.txt [L]
RewriteRule ^/(.*) @a/$1 [P]`,
    requests: [
      "/static/logo.png",
      "/static/style/site.css",
      "/static/",
      "/static/css",
      "/static/missing",
      "/static/../../www/a.txt",
      "/static/%2e%2e/www/a.txt",
      "/robots.txt",
      "/x/y?z=1",
      "/",
      "HEAD /static/logo.png",
    ],
  },
  {
    name: "rules of a server below DocumentRoot",
    text: `DocumentRoot TREE/www
${GRANTED}
RewriteEngine on
RewriteRule ^/short$ /a.txt
RewriteRule ^/letter/([a-z])$ /$1.html
RewriteRule ^/aliased/(.*) /static/$1 [PT]
RewriteRule ^/dir$ /sub
RewriteRule ^/etc/(.*) /$1
Alias /static TREE/static`,
    requests: [
      "/short",
      "/letter/a",
      "/letter/z",
      "/aliased/logo.png",
      "/etc/passwd",
      "/etc/a.txt",
      "/a.txt",
      "/static/logo.png",
    ],
  },
  {
    name: "files that are there, and a front controller for the rest",
    text: `DocumentRoot TREE/www
${GRANTED}
RewriteEngine on
RewriteCond %{DOCUMENT_ROOT}%{REQUEST_URI} !-f
RewriteCond %{DOCUMENT_ROOT}%{REQUEST_URI} !-d
RewriteRule ^/(.*)$ @a/app?path=$1 [P,QSA,L]`,
    requests: ["/a.txt", "/", "/sub", "/sub/page.html", "/pretty/url", "/pretty/url?x=1", "/missing.css"],
  },
  {
    name: "pretty paths, in a directory",
    text: `DocumentRoot TREE/www
<Directory TREE/www>
Require all granted
RewriteEngine on
RewriteBase /
RewriteRule ^index\\.html$ - [L]
RewriteCond %{REQUEST_FILENAME} !-f
RewriteCond %{REQUEST_FILENAME} !-d
RewriteRule . /index.html [L]
</Directory>`,
    requests: [
      "/a.txt",
      "/",
      "/sub/",
      "/pretty",
      "/pretty/deep/url?x",
      "/missing.css",
      "/index.html",
      "/noindex/",
    ],
  },
  {
    name: "relative rules, in a directory",
    text: `DocumentRoot TREE/www
<Directory TREE/www>
Require all granted
RewriteEngine on
RewriteRule ^old/(.*)$ sub/$1 [L]
RewriteRule ^moved$ /a.html [R=302,L]
RewriteRule ^secret - [F]
</Directory>
<Directory TREE/www/app>
RewriteEngine on
RewriteCond %{REQUEST_FILENAME} !-f
RewriteRule ^ index.html [L]
</Directory>`,
    requests: [
      "/old/page.html",
      "/old/missing",
      "/moved",
      "/secret",
      "/app/main.js",
      "/app/route/1",
      "/app/",
      "/sub/page.html",
    ],
  },
  {
    name: "what takes what is no file",
    text: `DocumentRoot TREE/www
${GRANTED}
<Directory TREE/www>\nFallbackResource /index.html\n</Directory>
<Directory TREE/www/app>\nFallbackResource /app/index.html\n</Directory>
<Directory TREE/www/private>\nFallbackResource disabled\n</Directory>
Alias /static TREE/static
ProxyPass /api @a/api`,
    requests: [
      "/",
      "/a.txt",
      "/users/1",
      "/users/1?x=2",
      "/missing.js",
      "/app/",
      "/app/main.js",
      "/app/route",
      "/app/deep/route/",
      "/noindex/",
      "/sub",
      "/private/x",
      "/static/missing",
      "/api/x",
      "POST /users/1",
      "HEAD /users/1",
    ],
  },
  {
    name: "what takes what is no file, and is proxied",
    text: `DocumentRoot TREE/www\n${GRANTED}\nFallbackResource /app.php\nProxyPass /app.php @a/app.php`,
    requests: ["/", "/a.txt", "/any/thing?q=1", "/noindex/", "/app.php", "/app.php/info"],
  },
];
