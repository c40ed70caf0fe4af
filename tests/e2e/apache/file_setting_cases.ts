/** Settings of how files are served: indexes, links, types, fields. */

import { type FileCase, GRANTED } from "./file_case.ts";

export const FILE_SETTING_CASES: readonly FileCase[] = [
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
    name: "files with nothing in them but comments",
    text: `DocumentRoot TREE/silent\n<Directory TREE>\nAllowOverride All\nRequire all granted\n</Directory>`,
    requests: ["/page.html", "/empty/page.html"],
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
EnableMMAP Off
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
