/** Sites with PHP, and with programs by CGI. */

import type { SiteCase } from "./site_case.ts";

export const PROGRAM_SITES: readonly SiteCase[] = [
  {
    name: "blog.wp.test",
    text: `DocumentRoot TREE/wp
DirectoryIndex index.php index.html
<Directory TREE/wp>
  Options FollowSymLinks
  AllowOverride None
  Require all granted
  RewriteEngine On
  RewriteBase /
  RewriteRule .* - [E=HTTP_AUTHORIZATION:%{HTTP:Authorization}]
  RewriteRule ^index\\.php$ - [L]
  RewriteCond %{REQUEST_FILENAME} !-f
  RewriteCond %{REQUEST_FILENAME} !-d
  RewriteRule . /index.php [L]
</Directory>
<Directory TREE/wp/wp-content/uploads>
  <FilesMatch "\\.php$">
    Require all denied
  </FilesMatch>
</Directory>
<FilesMatch "^(wp-config\\.php|xmlrpc\\.php)$">
  Require all denied
</FilesMatch>
<FilesMatch "\\.ph(?:ar|p|tml)$">
  SetHandler "proxy:unix:@fpm|fcgi://localhost"
</FilesMatch>`,
    requests: [
      ...["/", "/index.php", "/?p=1", "/2024/05/hello-world/", "/category/news?paged=2", "/wp-login.php"],
      ...["/wp-admin/", "/wp-admin", "/wp-config.php", "/xmlrpc.php", "POST /xmlrpc.php", "/readme.html"],
      ...["/wp-content/uploads/2024/a.png", "/wp-content/uploads/2024/evil.php", "/wp-content/missing.png"],
      ...[
        "/wp-content/themes/x/style.css",
        "POST /wp-login.php",
        "HEAD /",
        "/missing.php",
        "/index.php/2024/x",
      ],
      ...[
        "/wp-json/wp/v2/posts?per_page=3",
        "/?s=a%20b",
        "/wp-json/x\nAuthorization: Basic YTpi",
        "/a%20b/c",
      ],
      ...["/feed/", "/wp-admin/missing", "/wp-config.php/x", "POST /2024/05/hello-world/"],
    ],
  },
  {
    name: "fall.test",
    text: `DocumentRoot TREE/fall
DirectoryIndex index.php
SetEnvIf Authorization "(.*)" HTTP_AUTHORIZATION=$1
<Proxy "unix:@fpm|fcgi://localhost/" timeout=30 max=10>
</Proxy>
ProxyPassMatch "^/(.*\\.php(/.*)?)$" "unix:@fpm|fcgi://localhostTREE/fall/$1"
<Directory TREE/fall>
  AllowOverride None
  Require all granted
  FallbackResource /index.php
</Directory>
<Location /index.php/private>
  Require all denied
</Location>`,
    requests: [
      ...["/index.php", "/index.php/a/b?c=d", "/robots.txt", "/pretty/path?x=1", "/missing.php", "/"],
      ...["POST /index.php", "/index.php\nAuthorization: Basic YTpi", "/missing.txt", "HEAD /index.php"],
      ...["/index.php/private", "/index.php//private/x", "/index.php/%70rivate", "/index.php/privatex"],
    ],
  },
  {
    name: "lost.test",
    text: `DocumentRoot TREE/wp
DirectoryIndex index.php index.html
<Directory TREE/wp>
  AllowOverride None
  Require all granted
  RewriteEngine On
  RewriteRule ^ci/(.*)$ /lost.php/$1 [L]
</Directory>
<Directory TREE/wp/wp-admin>
  Require all denied
</Directory>
<FilesMatch "\\.ph(?:ar|p|tml)$">
  SetHandler "proxy:unix:@fpm|fcgi://localhost"
</FilesMatch>
Redirect gone /gone
ErrorDocument 404 /lost.php?why=lost
ErrorDocument 403 /lost.php/forbidden
ErrorDocument 405 /wp-admin/index.php
ErrorDocument 410 /own.php
ErrorDocument 503 /lost.php?why=down
ProxyPass /down http://127.0.0.1:9/`,
    requests: [
      ...["/missing", "/missing/deeper?x=1&y=%2F", "HEAD /missing", "POST /missing", "/missing.php?a"],
      ...["/wp-admin/", "/wp-admin/index.php?b", "POST /wp-admin/", "HEAD /wp-admin/", "/wp-content/"],
      ...["/gone?c", "/ci/some/thing?x", "POST /gone", "/down/x?d=e", "POST /down/x", "HEAD /down/x"],
      ...[
        "PUT /wp-login.php",
        "/%6dissing%20blank",
        "/missing\nRange: bytes=0-1",
        "/missing\nIf-None-Match: *",
      ],
    ],
  },
  {
    name: "lists.test",
    text: `DocumentRoot TREE/lists
ErrorDocument 404 /cgi-bin/error.cgi/info?why=lost
ErrorDocument 410 /cgi-bin/status.cgi
ErrorDocument 403 /cgi-bin/secret.cgi
Redirect gone /gone
<Directory TREE/lists>
  Require all granted
</Directory>
ScriptAlias /cgi-bin/ TREE/cgi-bin/
ScriptAlias /git TREE/one/gateway
<Directory TREE/cgi-bin>
  AllowOverride None
  Options +ExecCGI -MultiViews +SymLinksIfOwnerMatch
  Require all granted
</Directory>
<Directory TREE/one>
  Require all granted
</Directory>
Alias /scripts TREE/scripts
<Directory TREE/scripts>
  Options +ExecCGI
  AddHandler cgi-script .cgi .pl
  DirectoryIndex index.cgi
  Require all granted
</Directory>
Alias /noexec TREE/noexec
<Directory TREE/noexec>
  AddHandler cgi-script .cgi
  Require all granted
</Directory>
<Directory TREE/scripts/uploads>
  RemoveHandler .cgi
</Directory>
<Files secret.cgi>
  Require all denied
</Files>
SetEnv LIST_HOME /var/lib/lists
ProxyPass /hyperkitty @a/hyperkitty`,
    requests: [
      ...[
        "/",
        "/cgi-bin/hello.cgi",
        "/cgi-bin/hello.cgi/a/b%20c?d=e%26f",
        "/cgi-bin/sub/deep.cgi",
        "/cgi-bin/",
      ],
      ...["/cgi-bin/missing.cgi", "/cgi-bin/sub", "/cgi-bin/status.cgi", "/cgi-bin/broken.cgi", "/cgi-bin"],
      ...[
        "/cgi-bin/plain.txt",
        "/cgi-bin/local.cgi",
        "/git/repo.git/info/refs?service=git-upload-pack",
        "/git",
        "/gitx",
        "/scripts/",
      ],
      ...[
        "/scripts/run.cgi/x",
        "/scripts/notes.txt",
        "/scripts/index.cgi?a",
        "/noexec/run.cgi",
        "/gone",
        "/missing?x",
        "POST /missing",
        "HEAD /missing",
        "/scripts/uploads/x.cgi",
        "/hyperkitty/x",
      ],
      ...[
        "POST /cgi-bin/hello.cgi",
        "HEAD /cgi-bin/hello.cgi",
        "/cgi-bin/../cgi-bin/hello.cgi",
        "POST /git/x",
      ],
      ...["/cgi-bin/hello.cgi\nAuthorization: Basic YTpi", "/cgi-bin//hello.cgi", "/cgi-bin/secret.cgi"],
    ],
  },
];
