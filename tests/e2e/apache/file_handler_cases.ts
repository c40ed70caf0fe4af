/** Files that are for programs: no source gets out, whoever says what they are for and wherever; others stay files. */

import { type FileCase, GRANTED } from "./file_case.ts";

/** How names of cases begin of which each answer is 403. */
export const KEPT_BACK = "kept back: ";

const ROOT = `DocumentRoot TREE/programs\n${GRANTED}\nRewriteEngine on`;

/** A case with what everybody has in front. */
function keptBack(name: string, text: string, ...requests: readonly string[]): FileCase {
  return { name: KEPT_BACK + name, text: `${ROOT}\n${text}`, requests };
}

export const FILE_HANDLER_CASES: readonly FileCase[] = [
  keptBack(
    "PHP of which nothing is said",
    "DirectoryIndex index.php",
    ...["/", "/a.php", "/a%2ephp", "/A.PHP", "/b.phtml", "/c.phar", "/d.php7", "HEAD /a.php", "POST /a.php"],
    ...["OPTIONS /a.php", "/a.php\nRange: bytes=0-3", "//sub/../a.php"],
  ),
  keptBack(
    "as Debian has PHP",
    `<FilesMatch ".+\\.ph(?:ar|p|tml)$">\nSetHandler application/x-httpd-php\n</FilesMatch>
<FilesMatch ".+\\.phps$">\nSetHandler application/x-httpd-php-source\n</FilesMatch>
<FilesMatch \\.foo$>\n<If "-f %{REQUEST_FILENAME}">
SetHandler "proxy:unix:/run/none.sock|http://localhost"\n</If>\n</FilesMatch>`,
    ...["/a.php", "/b.phtml", "/e.phps", "/x.foo", "/sub/x.foo"],
  ),
  keptBack(
    "AddHandler",
    `AddHandler cgi-script .cgi FOO\n<Directory TREE/programs/sub>\nAddHandler x-mapp-php5 .txt\n</Directory>
DirectoryIndex index.foo index.html`,
    ...["/x.cgi", "/x.foo", "/x.foo.txt", "/", "/sub/a.txt"],
  ),
  keptBack(
    "types that are handlers",
    `AddType application/x-httpd-php .foo\nAddType x-mapp-php5 .cgi
<Files a.txt>\nForceType application/x-httpd-php\n</Files>\nRemoveHandler .foo`,
    ...["/x.foo", "/x.cgi", "/a.txt"],
  ),
  keptBack(
    "Action, and filters that run what is in a file",
    `Action text/css /run\n<Directory TREE/programs/sub>\nSetOutputFilter INCLUDES\n</Directory>
AddOutputFilter INCLUDES;DEFLATE .foo\nAddOutputFilterByType INCLUDES application/json`,
    ...["/x.css", "/sub/a.txt", "/x.foo", "/x.json"],
  ),
  keptBack(
    "paths",
    `<Location /sub>\nSetHandler application/x-httpd-php\n</Location>
<LocationMatch \\.foo$>\nSetHandler perl-script\n</LocationMatch>
<Location />\nAddHandler lua-script cgi\n</Location>
Alias /other TREE/programs\nDirectoryIndex index.foo`,
    ...["/sub/a.txt", "/sub/", "/x.foo", "/other/x.foo", "/x.cgi", "/"],
  ),
  keptBack(
    "conditions",
    `<If "%{REQUEST_URI} =~ /\\.(foo|txt)$/">\nSetHandler application/x-httpd-php\n</If>
<Location /sub>\n<If "true">\nAddHandler cgi-script .cgi\n</If>\n</Location>`,
    ...["/x.foo", "/a.txt", "/sub/x.cgi"],
  ),
  keptBack(
    "rules",
    `RewriteRule ^/run/(.*) TREE/programs/$1
RewriteRule \\.foo$ - [H=application/x-httpd-php]
RewriteRule ^/x\\.css$ - [T=application/x-httpd-php]
<Directory TREE/programs/sub>\nRewriteEngine on\nRewriteRule \\.txt$ - [H=cgi-script]\n</Directory>
FallbackResource /a.php`,
    ...["/run/a.php", "/x.foo", "/x.css", "/sub/a.txt", "/missing", "/sub/missing"],
  ),
  keptBack(
    "a handler that a section below does not take away",
    `<Directory TREE/programs>\nSetHandler None\n</Directory>\nAddHandler php5-script .php
<Directory TREE/programs/sub>\nRemoveHandler .cgi\nSetHandler cgi-script\n</Directory>`,
    ...["/a.php", "/sub/x.cgi"],
  ),
  keptBack(
    "a type of the table that is a handler",
    "SetHandler None",
    ...["/a.php", "/A.PHP"],
  ),
  {
    name: "pages of errors that are programs",
    text: `${ROOT}\nErrorDocument 404 /a.php\nErrorDocument 410 /x.foo\nRedirect 410 /gone
AddHandler cgi-script .foo`,
    requests: ["/gone"],
  },
  {
    name: "files in spite of handlers elsewhere",
    text: `${ROOT}\nAddHandler cgi-script .cgi\nAddType text/plain .phtml\nSetOutputFilter None
<FilesMatch \\.php$>\nSetHandler application/x-httpd-php\n</FilesMatch>
<Directory TREE/programs/sub>\nRemoveHandler .cgi\n</Directory>
<FilesMatch ^source\\.php$>\nSetHandler default-handler\n</FilesMatch>
<Files d.php7>\nForceType text/plain\n</Files>
AddHandler default-handler .phar
<Location /away>\nSetHandler cgi-script\n</Location>
ProxyPass /away @a/away`,
    requests: [
      ...["/a.txt", "/", "/x.css", "/sub/x.cgi", "/source.php", "/b.phtml", "/c.phar", "/d.php7"],
      ...["/missing.php", "/away/x.cgi", "/x.foo"],
    ],
  },
  {
    name: "SetHandler None",
    text: `${ROOT}\nSetHandler cgi-script
<Directory TREE/programs>\nSetHandler None\n</Directory>`,
    requests: ["/a.txt", "/b.phtml", "/x.cgi", "/c.phar"],
  },
];
