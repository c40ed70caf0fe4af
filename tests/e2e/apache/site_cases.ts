/**
 * Whole sites as people write them: files, an application, PHP, and what stands around them. In the texts, TREE is a
 * directory with the files of site_files.ts, `@a` and `@b` are URLs of servers that say what they are asked, `@fpm`
 * is PHP-FPM's socket.
 */

import type { SiteCase } from "./site_case.ts";
import { PROXY_SITES } from "./site_proxy_cases.ts";
import { PROGRAM_SITES } from "./site_program_cases.ts";

export const SITE_CASES: readonly SiteCase[] = [
  ...PROGRAM_SITES,
  ...PROXY_SITES,
  {
    name: "spa.test",
    text: `DocumentRoot TREE/spa
ProxyPreserveHost On
ProxyPass /api @a/api
ProxyPassReverse /api @a/api
<Directory TREE/spa>
  Options -Indexes +FollowSymLinks
  AllowOverride None
  Require all granted
  RewriteEngine on
  RewriteBase /
  RewriteRule ^index\\.html$ - [L]
  RewriteCond %{REQUEST_FILENAME} !-f
  RewriteCond %{REQUEST_FILENAME} !-d
  RewriteCond %{REQUEST_FILENAME} !-l
  RewriteRule . /index.html [L]
</Directory>
<LocationMatch "\\.(js|css|png|woff2)$">
  Header set X-R-Cache "public, max-age=31536000, immutable"
</LocationMatch>
<Files index.html>
  Header set X-R-Cache "no-cache"
</Files>`,
    requests: [
      ...[
        "/",
        "/index.html",
        "/users/1",
        "/users/1?tab=2",
        "/deep/er/path/",
        "/assets/app.3f2a.js",
        "/assets",
      ],
      ...[
        "/assets/missing.js",
        "/assets/",
        "/api",
        "/api/users?x=1",
        "/apix",
        "POST /api/users",
        "HEAD /users",
      ],
      ...["/assets/logo.png\nRange: bytes=0-1", "POST /users/1", "PUT /api/1", "/api/a%20b", "/%75sers"],
    ],
  },
  {
    name: "cloud.test",
    text: `ProxyPreserveHost On
AllowEncodedSlashes NoDecode
RewriteEngine On
RewriteRule ^/\\.well-known/carddav https://%{SERVER_NAME}/remote.php/dav/ [R=301,L]
RewriteRule ^/\\.well-known/caldav https://%{SERVER_NAME}/remote.php/dav/ [R=301,L]
RewriteCond %{HTTP:Upgrade} =websocket [NC]
RewriteRule ^/push/(.*) @b/$1 [P,L]
ProxyPass / @a/ nocanon
ProxyPassReverse / @a/
<Files ".ht*">
  Require all denied
</Files>
Header always set X-R-Sts "max-age=15552000; includeSubDomains"
LimitRequestBody 0`,
    requests: [
      ...[
        "/",
        "/remote.php/dav/files/ann/",
        "/.well-known/carddav",
        "/.well-known/caldav/x",
        "/index.php/login",
      ],
      ...[
        "/status.php?x=1",
        "PUT /remote.php/dav/files/ann/a.txt",
        "/push/ws",
        "/ocs/v2.php/apps?format=json",
      ],
      ...[
        "/.htaccess",
        "/apps/x%20y/z",
        "/apps//x",
        "/a/%E4%BD%A0",
        "PROPFIND /remote.php/dav/",
        "MKCOL /remote.php/dav/files/ann/new",
      ],
    ],
  },
  {
    name: "ci.test",
    text: `ProxyRequests Off
ProxyPreserveHost On
AllowEncodedSlashes NoDecode
<Proxy @a/jenkins*>
  Order deny,allow
  Allow from all
</Proxy>
ProxyPass /jenkins @a/jenkins nocanon
ProxyPassReverse /jenkins @a/jenkins
ProxyPassReverse /jenkins http://ci.test/jenkins
RequestHeader set X-Forwarded-Proto "https"
RequestHeader set X-Forwarded-Port "443"
RedirectMatch ^/$ /jenkins/`,
    requests: [
      ...[
        "/",
        "/jenkins",
        "/jenkins/",
        "/jenkins/job/a/1/console",
        "/jenkins/job/a%20b/",
        "/jenkinsx",
        "/other",
      ],
      ...["POST /jenkins/job/a/build?token=x", "/jenkins/api/json?tree=jobs[name]", "HEAD /jenkins/"],
    ],
  },
  {
    name: "www.blog.test",
    text: `ServerAlias blog.test
DocumentRoot TREE/blog
<Directory TREE/blog>
  Options +FollowSymLinks -Indexes
  AllowOverride None
  Require all granted
  DirectoryIndex index.html
</Directory>
<Directory TREE/blog/pub>
  Options +Indexes
  <Files private.txt>
    Require all denied
  </Files>
</Directory>
ErrorDocument 404 /404.html
ErrorDocument 403 /404.html
RewriteEngine On
RewriteCond %{HTTP_HOST} ^blog\\.test [NC]
RewriteRule ^/?(.*)$ http://www.blog.test/$1 [R=301,L]
Redirect permanent /feed /index.xml
RedirectMatch 301 ^/(\\d{4})/(\\d\\d)/(.+)\\.html$ /posts/$3/
Redirect gone /old-shop
<Location /comments/>
  ProxyPass @a/
  ProxyPassReverse @a/
  ProxyPassReverseCookiePath / /comments/
</Location>
<FilesMatch "\\.(css|js)$">
  Header set X-R-Cache "max-age=604800"
</FilesMatch>`,
    requests: [
      ...[
        "/",
        "/index.html",
        "/posts/first/",
        "/posts/first",
        "/posts/",
        "/pub/",
        "/pub",
        "/pub/a%20b.txt",
        "/missing",
        "/feed",
        "/old-shop/x",
      ],
      ...["/2024/05/first.html", "/css/site.css", "/comments/list?post=1", "/comments", "/comments/"],
      ...[
        "POST /comments/new",
        "/\nHost: blog.test",
        "/a/b?c=d\nHost: blog.test",
        "/css",
        "/posts/first/index.html",
      ],
      ...["/comments/fields", "HEAD /missing", "/index.xml", "POST /missing", "/comments/status/404"],
    ],
  },
  {
    name: "netbox.test",
    text: `ProxyPreserveHost On
Alias /static TREE/netbox/static
<Directory TREE/netbox/static>
  Options FollowSymLinks
  AllowOverride None
  Require all granted
</Directory>
<Location /static>
  ProxyPass !
</Location>
RequestHeader set "X-Forwarded-Proto" expr=%{REQUEST_SCHEME}
ProxyPass / @a/
ProxyPassReverse / @a/`,
    requests: [
      ...["/", "/dcim/sites/?q=1", "/static/netbox.css", "/static/img/logo.svg", "/static/", "/static"],
      ...["/static/missing", "/staticx", "/api/dcim/", "POST /login/", "/static/../dcim", "/static/img"],
      ...["/static/netbox.css\nIf-None-Match: *", "/x/static/y", "DELETE /api/dcim/sites/1/", "/fields"],
    ],
  },
  {
    name: "galaxy.test",
    text: `RewriteEngine on
RewriteRule ^/static/style/(.*) TREE/galaxy/static/style/$1 [L]
RewriteRule ^/static/scripts/(.*) TREE/galaxy/static/scripts/packed/$1 [L]
RewriteRule ^/static/(.*) TREE/galaxy/static/$1 [L]
RewriteRule ^/favicon.ico TREE/galaxy/static/favicon.ico [L]
RewriteRule ^/robots.txt TREE/galaxy/robots.txt [L]
RewriteRule ^/galaxy$ /galaxy/ [R,L]
RewriteRule ^(.*) @a$1 [P]
<Directory "TREE/galaxy">
  Require all granted
</Directory>`,
    requests: [
      ...["/", "/galaxy", "/static/style/base.css", "/static/scripts/main.js", "/static/welcome.html"],
      ...["/favicon.ico", "/robots.txt", "/static/missing.css", "/api/histories?limit=1", "POST /api/tools"],
      ...[
        "/static/",
        "/static",
        "/datasets/1/display/?preview=True",
        "/static/style/../welcome.html",
        "HEAD /x",
      ],
    ],
  },
  {
    name: "social.test",
    text: `DocumentRoot TREE/social
<Location "/">
  Require all granted
</Location>
<LocationMatch "^/(assets|avatars|emoji|packs)">
  Header always set X-R-Cache "public, max-age=31536000, immutable"
  Require all granted
</LocationMatch>
ProxyPreserveHost On
RequestHeader set X-Forwarded-Proto "https"
ProxyAddHeaders On
ProxyPass /500.html !
ProxyPass /robots.txt !
ProxyPass /manifest.json !
ProxyPassMatch ^(/.*\\.(png|ico|gif)$) !
ProxyPassMatch ^/(assets|avatars|emoji|packs) !
ProxyPass /api/v1/streaming @b/api/v1/streaming
ProxyPass / @a/
ProxyPassReverse / @a/
ErrorDocument 500 /500.html
ErrorDocument 503 /500.html
<Directory TREE/social>
  Require all granted
</Directory>`,
    requests: [
      ...[
        "/",
        "/@ann/1",
        "/robots.txt",
        "/manifest.json",
        "/packs/js/common.js",
        "/packs/missing.js",
        "/packs",
      ],
      ...[
        "/emoji/1.png",
        "/any/where.png",
        "/api/v1/streaming?stream=user",
        "/api/v1/timelines",
        "/500.html",
      ],
      ...["POST /api/v1/statuses", "/robots.txt/x", "/status/503"],
    ],
  },
  {
    name: "matrix.test",
    text: `Alias /.well-known/matrix TREE/well-known/matrix
<Directory TREE/well-known>
  Require all granted
</Directory>
<Location /.well-known/matrix/>
  ForceType application/json
  Header set X-R-Origin "*"
</Location>
ProxyPreserveHost on
RequestHeader set "X-Forwarded-Proto" expr=%{REQUEST_SCHEME}
ProxyPass /_matrix @a/_matrix nocanon
ProxyPassReverse /_matrix @a/_matrix`,
    requests: [
      ...["/.well-known/matrix/server", "/.well-known/matrix/client", "/_matrix/client/versions", "/"],
      ...["/_matrix/federation/v1/x?y=z", "PUT /_matrix/client/r0/rooms/%21a:b/send", "/.well-known/matrix/"],
    ],
  },
];
