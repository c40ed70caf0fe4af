/** Virtual hosts as people write them for what they run. As in pass_cases.ts, `@a` and `@b` are URLs of servers. */

import type { Configuration } from "./configuration.ts";
import { ask, asks, basic } from "./rule_requests.ts";

const PAGES = ["/", "/users/sign_in", "/a/b?c=d", "/assets/x.js", "/api/v4/projects?per_page=2"];

export const PEOPLE: readonly Configuration[] = [
  {
    name: "a forge with rules only",
    text: `ServerSignature Off
ProxyPreserveHost On
AllowEncodedSlashes NoDecode
<Location />
  Require all granted
  ProxyPassReverse @a
  ProxyPassReverse http://one.test/
</Location>
RewriteEngine on
RewriteCond %{DOCUMENT_ROOT}/%{REQUEST_FILENAME} !-f [OR]
RewriteCond %{REQUEST_URI} ^/uploads/.*
RewriteRule .* @a%{REQUEST_URI} [P,QSA,NE]
RequestHeader set X_FORWARDED_PROTO 'https'
RequestHeader set X-Forwarded-Ssl on
ErrorDocument 502 /502.html
LogFormat "%{X-Forwarded-For}i %l %u %t \\"%r\\" %>s %b" common_forwarded`,
    requests: asks([...PAGES, "/uploads/x"]),
  },
  {
    name: "notebooks with sockets",
    text: `RewriteEngine On
RewriteCond %{HTTP:Connection} Upgrade [NC]
RewriteCond %{HTTP:Upgrade} websocket [NC]
RewriteRule /(.*) ws://WS_B/$1 [P,L]
<Location "/">
  ProxyPreserveHost on
  ProxyPass @a/
  ProxyPassReverse @a/
  RequestHeader unset Accept-Encoding
  Header always set X-R-Frame SAMEORIGIN
</Location>`.replace("ws://WS_B", "@b"),
    requests: [
      ...asks([...PAGES, "/user/ann/api/kernels/1/channels?session_id=2"]),
      ask("/hub", { fields: { "Accept-Encoding": "gzip" } }),
    ],
  },
  {
    name: "what certbot makes of a host in clear text",
    text: `ServerAlias www.one.test
ServerAdmin webmaster@localhost
DocumentRoot /var/www/html
RewriteEngine on
RewriteCond %{SERVER_NAME} =www.one.test [OR]
RewriteCond %{SERVER_NAME} =one.test
RewriteRule ^ https://%{SERVER_NAME}%{REQUEST_URI} [END,NE,R=permanent]`,
    requests: [...asks(PAGES), ask("/x?y", { fields: { Host: "www.one.test" } })],
  },
  {
    name: "a registry with passwords",
    text: `Header always set "Docker-Distribution-Api-Version" "registry/2.0"
Header onsuccess set X-R-Api "registry/2.0"
RequestHeader set X-Forwarded-Proto "https"
ProxyRequests off
ProxyPreserveHost on
ProxyPass /error/ !
ProxyPass / @a/
ProxyPassReverse / @a/
<Location /v2>
  Order deny,allow
  Allow from all
  AuthName "Registry Authentication"
  AuthType basic
  AuthUserFile "USERS"
  AuthGroupFile "GROUPS"
  <Limit GET HEAD>
    Require valid-user
  </Limit>
  <LimitExcept GET HEAD>
    Require group team
  </LimitExcept>
</Location>`,
    requests: ["/v2/", "/v2/a/manifests/b", "/", "/v2x"].flatMap((target) => [
      ask(target),
      ask(target, basic("ann", "bcrypt")),
      ask(target, basic("bob", "wrong")),
      ask(target, { method: "PUT", ...basic("ann", "bcrypt") }),
      ask(target, { method: "PUT", ...basic("bob", "apr1") }),
    ]),
  },
  {
    name: "an internal tool",
    text: `<Proxy *>
  Require all granted
</Proxy>
<Location />
  <RequireAny>
    Require ip 10.0.0.0/8 192.168.0.0/16
    Require local
  </RequireAny>
</Location>
<Location /admin>
  Require ip 10.1.2.3
</Location>
<LocationMatch "^/(metrics|debug)(/|$)">
  Order deny,allow
  Deny from all
</LocationMatch>
ProxyPass / @a/ retry=0 timeout=5
ProxyPassReverse / @a/`,
    requests: asks([...PAGES, "/admin", "/admin/x", "/metrics", "/debug/pprof", "/metricsx", "/%6detrics"]),
  },
  {
    name: "dashboards that are told who asks",
    text: `<Proxy *>
  AuthType Basic
  AuthName Dashboards
  AuthBasicProvider file
  AuthUserFile USERS
  Require valid-user
  RewriteEngine On
  RewriteRule .* - [E=PROXY_USER:%{LA-U:REMOTE_USER},NS]
  RequestHeader set X-WEBAUTH-USER "expr=%{REMOTE_USER}"
</Proxy>
RequestHeader unset Authorization
ProxyRequests Off
ProxyPass / @a/
ProxyPassReverse / @a/`,
    requests: [
      ...asks(PAGES),
      ask("/", basic("ann", "bcrypt")),
      ask("/d", { fields: { ...basic("eve", "sha").fields, "X-WEBAUTH-USER": "admin" } }),
      ask("/d", { fields: { "X-WEBAUTH-USER": "admin" } }),
    ],
  },
  {
    name: "an application behind a terminator, with headers for browsers",
    text: `ProxyPreserveHost On
ProxyPass /static !
ProxyPass /server-status !
ProxyPass / @a/ connectiontimeout=5 timeout=300 keepalive=On
ProxyPassReverse / @a/
<IfModule mod_headers.c>
  Header always set X-R-Content-Type-Options nosniff
  Header always set X-R-Hsts "max-age=63072000; includeSubDomains"
  Header unset X-Powered-By
  Header edit Set-Cookie ^(.*)$ $1;HttpOnly;Secure
  RequestHeader set X-Forwarded-Port "443"
  RequestHeader setifempty X-Forwarded-Proto "http"
</IfModule>
SetEnvIf X-Forwarded-Proto https HTTPS=on
BrowserMatch "MSIE [17-9]" ssl-unclean-shutdown
RedirectMatch permanent ^/blog/?$ https://blog.one.test/
<IfModule mod_rewrite.c>
  RewriteEngine On
  RewriteCond %{REQUEST_METHOD} ^(TRACE|TRACK)
  RewriteRule .* - [F]
  RewriteCond %{HTTP_HOST} ^www\\.(.*)$ [NC]
  RewriteRule ^(.*)$ https://%1$1 [R=301,L]
</IfModule>`,
    requests: [
      ...asks([...PAGES, "/fields", "/static/x.css", "/server-status", "/status/404", "/blog/"]),
      ask("/", { fields: { "X-Forwarded-Proto": "https", "User-Agent": "MSIE 7" } }),
      ask("/a?b", { fields: { Host: "WWW.one.test" } }),
      ask("/", { method: "TRACK" }),
    ],
  },
  {
    name: "a site that has moved, and one that has not",
    text: `Redirect 301 /old-page https://one.test/new-page
RedirectMatch 301 ^/archive/(\\d{4})/(\\d\\d)/?$ /posts?year=$1&month=$2
RedirectMatch 404 "\\.(git|svn|env)"
ProxyPassMatch ^/(api|ws)/ @b
ProxyPassReverse /api/ @b/api/`,
    requests: asks([
      "/old-page",
      "/old-page/x?y",
      "/archive/2024/05",
      "/archive/2024/5",
      "/.git/config",
      "/api/x?y",
      "/ws/a",
      "/elsewhere",
    ]),
  },
];
