/** What clients see in the place of errors. */

import { type FileCase, GRANTED } from "./file_case.ts";

export const FILE_ERROR_CASES: readonly FileCase[] = [
  {
    name: "pages of errors that are files",
    text: `DocumentRoot TREE/www
${GRANTED}
<Directory TREE/www/private>\nRequire all denied\n</Directory>
ErrorDocument 404 /error/404.html
ErrorDocument 403 /error/403.html
ErrorDocument 500 /error/missing.html
ErrorDocument 405 "own text"
Header always set X-R-Always always
Header set X-R-Once once`,
    requests: [
      "/missing",
      "/missing/deeper?x",
      "HEAD /missing",
      "POST /missing",
      "/private/secret.txt",
      "/private/",
      "/noindex/",
      "/a.txt",
      "/error/404.html",
      "PUT /a.txt",
      "GET /missing\nRange: bytes=0-1",
      "GET /missing\nIf-None-Match: *",
      "/sub%2Fx",
    ],
  },
  {
    name: "pages of errors elsewhere, and the usual ones",
    text: `DocumentRoot TREE/www
${GRANTED}
<Directory TREE/www/private>\nRequire all denied\n</Directory>
ErrorDocument 404 http://elsewhere.test/lost
ErrorDocument 403 default`,
    requests: ["/missing", "/noindex/", "/private/x", "/a.txt"],
  },
  {
    name: "a page while the server behind is away",
    text: `DocumentRoot TREE/www
${GRANTED}
ErrorDocument 503 /maintenance.html
ProxyPass /maintenance.html !
ProxyPass /a @a
ProxyPass / http://127.0.0.1:9/`,
    requests: ["/maintenance.html", "/x", "HEAD /x", "POST /x", "/a/status/404", "/a/status/503"],
  },
  {
    name: "errors of the server behind that are replaced",
    text: `DocumentRoot TREE/www
${GRANTED}
ProxyErrorOverride On
ErrorDocument 404 /error/404.html
ErrorDocument 500 "own text"
ProxyPass /error !
ProxyPass / @a/`,
    requests: [
      "/status/404",
      "/status/500",
      "/status/410",
      "/status/200",
      "/status/302",
      "HEAD /status/404",
      "POST /status/404",
    ],
  },
  {
    name: "pages of errors that are proxied",
    text: `DocumentRoot TREE/www
${GRANTED}
<Directory TREE/www/private>\nRequire all denied\n</Directory>
ProxyErrorOverride On 404 502
ErrorDocument 404 /behind/lost?why=404&x
ErrorDocument 403 /behind/status/302
ErrorDocument 503 /behind/down
ErrorDocument 405 /private/secret.txt
ErrorDocument 410 /behind/status/500
ErrorDocument 406 /moved
Redirect gone /gone
Redirect 406 /not
Redirect /moved http://elsewhere.test/
ProxyPass /behind @b
ProxyPass /down http://127.0.0.1:9/`,
    requests: [
      ...[
        "/missing",
        "POST /missing?a",
        "HEAD /missing",
        "/private/secret.txt?q",
        "/noindex/",
      ],
      ...["/behind/status/404", "POST /behind/status/404", "/behind/status/500", "/down/x", "POST /down/x?y"],
      ...["PUT /a.txt", "/gone", "/not", "/sub%2Fx", "/missing\nIf-None-Match: *", "/behind/lost"],
    ],
  },
  {
    name: "some errors that are replaced",
    text: `DocumentRoot TREE/www
${GRANTED}
ProxyErrorOverride On 404 502
ErrorDocument 404 /error/404.html
ErrorDocument 500 /error/404.html
ProxyPass /error !
ProxyPass / @a/`,
    requests: ["/status/404", "/status/500", "/x"],
  },
];
