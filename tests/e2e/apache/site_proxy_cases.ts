/** More sites as people write them, that are mostly proxied: see site_cases.ts. */

import type { SiteCase } from "./site_case.ts";

export const PROXY_SITES: readonly SiteCase[] = [
  {
    name: "forge.test",
    text: `ServerSignature Off
ProxyPreserveHost On
AllowEncodedSlashes NoDecode
<Location />
  Require all granted
  ProxyPassReverse @a
  ProxyPassReverse http://forge.test/
</Location>
RewriteEngine on
RewriteRule ^/-/gone$ - [R=204,L]
RewriteRule .* @a%{REQUEST_URI} [P,QSA,NE]`,
    requests: ["/", "/api/v4/projects/group%2Fproj?x=1", "/g/p/-/raw/main/a%2Fb.txt", "/-/gone"],
  },
  {
    name: "hub.test",
    text: `RewriteEngine On
RewriteCond %{HTTP:X-Sock} ^yes$ [NC]
RewriteRule /(.*) @b/$1 [P,L]
<Location "/">
  ProxyPreserveHost on
  ProxyPass @a/
  ProxyPassReverse @a/
  RequestHeader set X-R-Scheme expr=%{REQUEST_SCHEME}
</Location>`,
    requests: ["/hub", "/user/ann/api/kernels/1/channels\nX-Sock: yes", "/a b", "POST /hub/login"],
  },
  {
    name: "repo.test",
    text: `AllowEncodedSlashes NoDecode
ProxyPreserveHost On
ProxyPass /nexus @a/nexus nocanon
ProxyPassReverse /nexus @a/nexus
<LocationMatch "^/nexus/service/(admin|internal)">
  Require all denied
</LocationMatch>
Header always append X-R-Frame SAMEORIGIN`,
    requests: [
      ...["/nexus/repository/a%2Fb", "/nexus/repository/%40a%2fb/-/b.tgz", "/nexus/service/admin"],
      ...["/nexus//service/internal/x", "/nexus/service/metrics"],
    ],
  },
  {
    name: "aged.test",
    text: `DocumentRoot TREE/spa
<Directory TREE/spa>
  AllowOverride None
  Require all granted
  FallbackResource /index.html
</Directory>
ProxyPass /api @a/api
ExpiresActive On
ExpiresDefault "access plus 1 month"
ExpiresByType text/html "access plus 0 seconds"
ExpiresByType text/javascript A31536000
ExpiresByType image/* "modification plus 1 second"
<FilesMatch "\\.js$">
  Header append Cache-Control public
</FilesMatch>
<Location /api/live>
  ExpiresActive Off
</Location>`,
    requests: [
      "/",
      "/deep/link",
      "/assets/app.3f2a.js",
      "/assets/logo.png",
      "HEAD /index.html",
      "/api/live/x",
    ],
  },
];
