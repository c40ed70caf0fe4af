/** Configurations that serve files, and what is asked of each. */

/** A request: a target, or a method and a target, and fields behind it, each in a line. */
export type FileRequest = string;

/** What stands in a virtual host, or all of it where it has one itself; TREE, @a and PORT are filled in. */
export interface FileCase {
  readonly name: string;
  readonly text: string;
  readonly requests: readonly FileRequest[];
}

const GRANTED = `<Directory TREE>\nRequire all granted\n</Directory>`;

export const FILE_CASES: readonly FileCase[] = [
  {
    name: "a directory",
    text: `DocumentRoot TREE/www\n${GRANTED}`,
    requests: [
      "/",
      "/index.html",
      "/a.html",
      "/a.txt",
      "/b.js",
      "/style.css",
      "/data.json",
      "/picture.png",
      "/none",
      "/strange.xyzzy",
      "/page.html.de",
      "/archive.tar.gz",
      "/UPPER.HTML",
      "/.hidden",
      "/with%20space.txt",
      "/%C3%BCmlaut.txt",
      "/per%25cent.txt",
      "/empty.txt",
      "/sub",
      "/sub?q=1",
      "/sub/",
      "/sub/?q=1",
      "/sub/page.html",
      "/sub/page.html/",
      "/sub/page.html/more",
      "/sub/deep",
      "/sub/deep/",
      "/noindex",
      "/noindex/",
      "/noindex/file.txt",
      "/emptydir/",
      "/missing",
      "/missing/",
      "/missing/deeper.html",
      "/a.txt?query=string",
      "/a%2etxt",
      "/sub/../a.txt",
      "/sub/./page.html",
      "/sub//page.html",
      "//a.txt",
      "/sub/%2e%2e/a.txt",
      "/../a.txt",
      "/%2e%2e/static/logo.png",
      "/sub%2Fpage.html",
      "/a.txt%00",
      "/a.txt%00.html",
      "/sub\\page.html",
      "/link.txt",
      "/linked/logo.png",
      "/linked",
      "/broken.txt",
      "/absolute.png",
      "HEAD /a.txt",
      "HEAD /missing",
      "HEAD /sub",
      "POST /a.txt",
      "POST /missing",
      "OPTIONS /a.txt",
      "PUT /a.txt",
      "DELETE /a.txt",
      "PROPFIND /a.txt",
      "GET /a.txt\nRange: bytes=0-3",
      "GET /a.txt\nRange: bytes=-3",
      "GET /a.txt\nRange: bytes=5-",
      "GET /a.txt\nRange: bytes=99-",
      "GET /a.txt\nRange: bytes=0-0,2-2",
      "GET /a.txt\nRange: lines=1",
      "GET /a.txt\nRange: bytes=3-1",
      "HEAD /a.txt\nRange: bytes=0-3",
      "GET /a.txt\nIf-Modified-Since: Fri, 21 Feb 2020 00:00:00 GMT",
      "GET /a.txt\nIf-Modified-Since: Wed, 19 Feb 2020 00:00:00 GMT",
      "GET /a.txt\nIf-Unmodified-Since: Wed, 19 Feb 2020 00:00:00 GMT",
      "GET /a.txt\nIf-None-Match: ETAG",
      "GET /a.txt\nIf-None-Match: *",
      'GET /a.txt\nIf-None-Match: "other"',
      'GET /a.txt\nIf-Match: "other"',
      "GET /a.txt\nIf-Match: ETAG",
      "GET /a.txt\nIf-Range: ETAG\nRange: bytes=0-1",
      'GET /a.txt\nIf-Range: "other"\nRange: bytes=0-1',
      "POST /a.txt\nIf-None-Match: ETAG",
      "GET /empty.txt\nRange: bytes=0-0",
    ],
  },
  {
    name: "who may ask, by directory",
    text: `<Directory />\nRequire all denied\n</Directory>
DocumentRoot TREE/www
<Directory TREE/www>\nRequire all granted\n</Directory>
<Directory TREE/www/private>\nRequire all denied\n</Directory>
<Directory TREE/www/private/open/>\nRequire all granted\n</Directory>
<FilesMatch "^\\.ht">\nRequire all denied\n</FilesMatch>
<Files "*.json">\nRequire all denied\n</Files>
Alias /static TREE/static
Alias /other TREE/other/`,
    requests: [
      "/",
      "/a.txt",
      "/private/secret.txt",
      "/private/",
      "/private",
      "/private/missing",
      "/private/open/file.txt",
      "/private/../a.txt",
      "/sub/../private/secret.txt",
      "/%70rivate/secret.txt",
      "//private//secret.txt",
      "/private%2fsecret.txt",
      "/.htpasswd",
      "/sub/.htmissing",
      "/data.json",
      "/missing.json",
      "/static/logo.png",
      "/static/",
      "/static",
      "/static/missing",
      "/linked/logo.png",
      "/other/x.txt",
      "POST /private/secret.txt",
      "OPTIONS /private/secret.txt",
      "HEAD /private/secret.txt",
    ],
  },
  {
    name: "who may ask, by address and by the old words",
    text: `DocumentRoot TREE/www
<Directory TREE/www>\nOrder allow,deny\nAllow from all\n</Directory>
<Directory TREE/www/private>\nOrder deny,allow\nDeny from all\nAllow from 192.0.2.1\n</Directory>
<Directory TREE/www/sub>\nRequire ip 127.0.0.0/8\n</Directory>
<Directory TREE/www/app>\nRequire ip 192.0.2.0/24\n</Directory>
<Location /noindex>\nRequire all denied\n</Location>
<Directory TREE/www/noindex>\nRequire all granted\n</Directory>`,
    requests: [
      "/",
      "/private/secret.txt",
      "/sub/page.html",
      "/app/main.js",
      "/app/",
      "/noindex/file.txt",
      "/noindex",
    ],
  },
  {
    name: "patterns of directories and names",
    text: `DocumentRoot TREE/www
${GRANTED}
<Directory "TREE/www/*/deep">\nRequire all denied\n</Directory>
<DirectoryMatch "/priv[a-z]+">\nRequire all denied\n</DirectoryMatch>
<Directory ~ "/www/no.*">\nRequire all denied\n</Directory>
<Files ~ "\\.(css|js)$">\nRequire all denied\n</Files>
<Directory TREE/www/sub>\n<Files page.html>\nRequire all denied\n</Files>\n</Directory>`,
    requests: [
      "/a.txt",
      "/sub/",
      "/sub/deep/",
      "/sub/deep/index.htm",
      "/private/secret.txt",
      "/private/open/file.txt",
      "/noindex/file.txt",
      "/style.css",
      "/b.js",
      "/app/main.js",
      "/sub/page.html",
      "/page.html",
      "/sub/page.html?x",
    ],
  },
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
  {
    name: "indexes",
    text: `DocumentRoot TREE/www
${GRANTED}
DirectoryIndex index.htm none.html
DirectoryIndex index.html
<Directory TREE/www/app>\nDirectoryIndex disabled\n</Directory>
<Directory TREE/www/noindex>\nDirectoryIndex file.txt\n</Directory>
<Directory TREE/www/private>\nDirectorySlash Off\n</Directory>`,
    requests: [
      "/",
      "/sub/",
      "/sub/deep/",
      "/sub/deep",
      "/app/",
      "/noindex/",
      "/noindex",
      "/private",
      "/private/",
    ],
  },
  {
    name: "links that are not followed",
    text: `DocumentRoot TREE/www
<Directory TREE>\nRequire all granted\n</Directory>
<Directory TREE/www>\nOptions None\n</Directory>`,
    requests: [
      "/link.txt",
      "/linked/logo.png",
      "/linked/",
      "/absolute.png",
      "/a.txt",
      "/broken.txt",
      "/sub/page.html",
    ],
  },
  {
    name: "links, options that are added and taken",
    text: `DocumentRoot TREE/www
<Directory TREE>\nOptions FollowSymLinks\nRequire all granted\n</Directory>
<Directory TREE/www>\nOptions -FollowSymLinks\n</Directory>
Alias /o TREE/www
Alias /s TREE/static`,
    requests: ["/link.txt", "/a.txt", "/linked/logo.png", "/s/logo.png"],
  },
  {
    name: "files that say how others are served",
    text: `DocumentRoot TREE/overridden\n${GRANTED}\nAlias /ok TREE/www
<Directory TREE/overridden/deep>\nAllowOverride None\n</Directory>
Alias /none TREE/overridden
<Directory TREE>\nDirectoryIndex index.html\n</Directory>`,
    requests: ["/page.html", "/deep/page.html", "/ok/a.txt", "/missing", "/"],
  },
  {
    name: "files that say nothing",
    text:
      `DocumentRoot TREE/overridden\n<Directory TREE>\nAllowOverride None\nRequire all granted\n</Directory>`,
    requests: ["/page.html", "/deep/page.html"],
  },
  {
    name: "types",
    text: `DocumentRoot TREE/www
${GRANTED}
AddType text/x-strange .xyzzy
AddType application/x-own txt
AddCharset utf-8 .js .css
AddLanguage de .de
AddEncoding gzip .gz
AddDefaultCharset utf-8
<Files none>\nForceType text/plain\n</Files>
<Directory TREE/www/sub>\nAddDefaultCharset Off\nAddType text/plain .html\n</Directory>
FileETag None
<Files data.json>\nFileETag Size\n</Files>`,
    requests: [
      "/",
      "/a.html",
      "/a.txt",
      "/b.js",
      "/style.css",
      "/strange.xyzzy",
      "/page.html.de",
      "/archive.tar.gz",
      "/none",
      "/sub/page.html",
      "/data.json",
      "/picture.png",
    ],
  },
  {
    name: "fields and redirects around files",
    text: `DocumentRoot TREE/www
${GRANTED}
Header set X-R-All all
Header always set X-R-Always always
<FilesMatch "\\.(css|js)$">\nHeader set X-R-Cache long\n</FilesMatch>
<Directory TREE/www/sub>\nHeader set X-R-Sub sub\n</Directory>
Redirect /old /a.html
RedirectMatch ^/gone/(.*) /sub/$1
Redirect 410 /never
ProxyPass /old/proxied/ @a/`,
    requests: [
      "/",
      "/style.css",
      "/sub/page.html",
      "/sub",
      "/missing",
      "/old",
      "/old/x?y",
      "/old/proxied/z",
      "/gone/page.html",
      "/never",
    ],
  },
  {
    name: "no files at all below a proxy",
    text: `ProxyPass /static !\nProxyPass / @a/`,
    requests: ["/static/x", "/static", "/x"],
  },
];
