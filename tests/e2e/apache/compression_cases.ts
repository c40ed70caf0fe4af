/** Configurations that have answers compressed, as people write them, and what is asked of each. */

/** A virtual host, and paths that are asked for. `@` is a server behind; TREE a directory of files. */
export interface CompressionCase {
  readonly text: string;
  readonly paths: readonly string[];
}

const BROWSERS = `BrowserMatch ^Mozilla/4 gzip-only-text/html
BrowserMatch ^Mozilla/4\\.0[678] no-gzip
BrowserMatch \\bMSIE !no-gzip !gzip-only-text/html`;

export const COMPRESSION_CASES: readonly CompressionCase[] = [
  {
    // Debian's deflate.conf and brotli.conf, in front of an application.
    text: `<IfModule mod_brotli.c>
  <IfModule mod_filter.c>
    AddOutputFilterByType BROTLI_COMPRESS text/html text/plain text/css
  </IfModule>
</IfModule>
<IfModule mod_deflate.c>
  <IfModule mod_filter.c>
    AddOutputFilterByType DEFLATE text/html text/plain text/xml text/css text/javascript
    AddOutputFilterByType DEFLATE application/x-javascript application/javascript application/json
  </IfModule>
</IfModule>
ProxyPass / @/`,
    paths: [
      "/html",
      "/json",
      "/image",
      "/coded",
      "/fixed",
      "/short",
      "/none",
      "/chunked",
      "/varying",
      "/weak",
      "/error",
      "/missing",
      "/created",
    ],
  },
  {
    // The example of mod_deflate's own documentation.
    text: `SetOutputFilter DEFLATE
${BROWSERS}
SetEnvIfNoCase Request_URI \\.(?:gif|jpe?g|png)$ no-gzip dont-vary
Header append Vary User-Agent env=!dont-vary
DeflateCompressionLevel 9
ProxyPass / @/`,
    paths: ["/html", "/image", "/a.PNG", "/coded", "/varying", "/error", "/missing", "/created"],
  },
  {
    text: `AddOutputFilterByType DEFLATE text/html
<Location /api>
  <IfModule mod_deflate.c>
    AddOutputFilterByType DEFLATE application/json
  </IfModule>
  ProxyPass @
</Location>
<Location /all>
  SetOutputFilter BROTLI_COMPRESS;DEFLATE
</Location>
<LocationMatch "^/x/">
  AddOutputFilterByType BROTLI_COMPRESS;DEFLATE application/json
</LocationMatch>
ProxyPass /all @
ProxyPass /x @
ProxyPass / @/`,
    paths: ["/html", "/json", "/api/html", "/api/json", "/all/image", "/all/html", "/x/json", "/x/html"],
  },
  {
    text: `AddOutputFilter DEFLATE js css
BrotliCompressionQuality 9
BrotliAlterETag NoChange
DeflateAlterETag NoChange
ProxyPass / @/`,
    paths: ["/a.js", "/a.css", "/a.txt", "/html"],
  },
  {
    text: `DocumentRoot TREE
<Directory TREE>
  Require all granted
  AddOutputFilterByType BROTLI_COMPRESS;DEFLATE text/html text/plain
</Directory>
<Files "kept.txt">
  SetEnv no-gzip 1
  SetEnv no-brotli 1
</Files>
DeflateAlterETag Remove`,
    paths: ["/long.txt", "/long.html", "/short.txt", "/long.css", "/nothing", "/"],
  },
];

/** What clients accept, and who they say they are. */
export const CLIENTS: readonly (readonly string[])[] = [
  [],
  ["Accept-Encoding: gzip"],
  ["Accept-Encoding: gzip, deflate, br"],
  ["Accept-Encoding: br"],
  ["Accept-Encoding: identity"],
  ["Accept-Encoding: gzip;q=0"],
  ["Accept-Encoding: GZIP;q=0.5, deflate"],
  ["Accept-Encoding: gzip", "User-Agent: Mozilla/4.08 (X11)"],
  ["Accept-Encoding: gzip", "User-Agent: Mozilla/4.5 (X11)"],
  ["Accept-Encoding: gzip", "User-Agent: Mozilla/4.0 (compatible; MSIE 7.0)"],
];

/** A request, and what became of it at either. */
export interface Compared {
  readonly method: string;
  readonly path: string;
  readonly fields: readonly string[];
  readonly apache: string;
  readonly own: string;
}

/** What differs on purpose, by the lines of docs/apache.md that say why. Each of them occurs. */
export const COMPRESSION_DIFFERENCES: Readonly<Record<string, (compared: Compared) => boolean>> = {
  "HEAD says what GET would get": ({ method }) => method === "HEAD",
  "no-transform is heeded": ({ path, own }) => path === "/fixed" && own.includes("coding=undefined"),
  "content of less than 64 bytes stays as it is": ({ path }) => path.includes("short"),
};
