/** DocumentRoot, Alias and sections for files: which routes lead to which names, and what holds for them. */

import assert from "node:assert/strict";
import { HostSettings } from "../../../src/backend/documents/settings.ts";
import type { Documents } from "../../../src/config/documents.ts";
import { faultsOf, parse, warningsOf } from "./parsing.ts";

const ALL = "ProxyPass / http://a/";

/** The routes of the first site, as paths and what they become. */
function routes(text: string): string[] {
  return parse(`Listen 80\n${text}`).listeners[0]!.sites[0]!.routes.map(({ path, mapTo, backends }) =>
    `${path} ${backends[0] ?? "-"}${mapTo === undefined ? "" : ` ${mapTo}`}`
  );
}

function documents(text: string): Documents | undefined {
  const found = parse(`Listen 80\n${text}`).backends.find(({ runs }) => runs?.kind === "documents");
  return found?.runs as Documents | undefined;
}

Deno.test("files get what no ProxyPass takes, and nobody runs for them where that is nothing", () => {
  assert.deepEqual(routes("DocumentRoot /srv/www/"), ["/ files /0/srv/www/"]);
  assert.deepEqual(routes(`DocumentRoot /srv/www\n${ALL}`), ["/ relay-a"]);
  assert.equal(documents(`DocumentRoot /srv/www\nAlias /x /srv/x\n${ALL}`), undefined);
  assert.deepEqual(routes("DocumentRoot /srv/www\nProxyPass /api http://a/"), [
    "/api relay-a /",
    "/ files /0/srv/www/",
  ]);
  assert.deepEqual(routes("DocumentRoot www\nAlias /i /srv/images\nProxyPass /api http://a/"), [
    "/api relay-a /",
    "/i files /0/srv/images",
    "/ files /0/etc/www/",
  ]);
  // An alias below what is proxied is never asked.
  assert.deepEqual(routes("Alias /api/x /srv/x\nProxyPass /api http://a/"), ["/api relay-a /"]);
  assert.deepEqual(routes("DocumentRoot ${UNSET}\n" + ALL), ["/ relay-a"]);
  assert.match(
    faultsOf("Listen 80\nDocumentRoot ${UNSET}")[0]!,
    /DocumentRoot: Cannot find the variable "UNSET"/,
  );
});

Deno.test("what a ProxyPass leaves out is left to files: of the alias around it, and of those below it", () => {
  assert.deepEqual(routes(`DocumentRoot /w\nProxyPass /css/ !\n${ALL}`), [
    "/css/ files /0/w/css/",
    "/ relay-a",
  ]);
  assert.deepEqual(routes(`Alias /s /srv/s\nProxyPass /s/css !\n${ALL}`), [
    "/s/css files /0/srv/s/css",
    "/ relay-a",
  ]);
  assert.deepEqual(routes(`DocumentRoot /w\nAlias /s/a /a\nProxyPass /s !\n${ALL}`), [
    "/s/a files /0/a",
    "/s files /0/w/s",
    "/ relay-a",
  ]);
  assert.deepEqual(routes(`ProxyPass /css/ !\n${ALL}`), ["/css/ -", "/ relay-a"]);
  assert.deepEqual(routes(`Alias "/a b" "/srv/a b%"\nProxyPass "/a b" !\n${ALL}`), [
    "/a%20b files /0/srv/a%20b%25",
    "/ relay-a",
  ]);
});

Deno.test("a virtual host has the files of the main server where it says nothing, and its own number", () => {
  const text = "Listen 80\nDocumentRoot /main\nDirectoryIndex main.html\n" +
    "<VirtualHost *:80>\nServerName a.test\nProxyPass /x http://a/\n</VirtualHost>\n" +
    "<VirtualHost *:80>\nServerName b.test\nDocumentRoot /b\nDirectoryIndex b.html\n</VirtualHost>";
  const { listeners, backends } = parse(text);
  const to = listeners[0]!.sites.map(({ routes }) => routes.at(-1)!.mapTo);
  assert.deepEqual(to, ["/0/main/", "/1/b/"]);
  const { hosts } = backends.find(({ name }) => name === "files")!.runs as Documents;
  assert.deepEqual(hosts.map(({ sections }) => sections.map(({ index }) => index)), [
    [["main.html"]],
    [["main.html"], ["b.html"]],
  ]);
});

Deno.test("sections are merged from the shortest directory to the longest, then expressions, then names", () => {
  const text = `DocumentRoot /srv/www
<Files x.txt>\nForceType a/files\n</Files>
<DirectoryMatch /priv>\nForceType a/match\n</DirectoryMatch>
<Directory /srv/www/a/b>\nForceType a/long\n</Directory>
<Directory /srv>\nForceType a/short\n</Directory>
<Directory /elsewhere>\nForceType a/none\n</Directory>`;
  assert.deepEqual(documents(text)!.hosts[0]!.sections.map(({ place, forceType }) => [forceType, place]), [
    ["a/short", { directory: "/srv/" }],
    ["a/long", { directory: "/srv/www/a/b/" }],
    ["a/match", { pattern: "/priv" }],
    ["a/files", { name: "^x\\.txt$" }],
  ]);
});

Deno.test("the usual denial of everything costs what is served nothing, and what is proxied neither", () => {
  const denied = "<Directory />\nRequire all denied\n</Directory>\n";
  const granted = "<Directory /srv>\nRequire all granted\n</Directory>\n";
  const rules = (text: string) => parse(`Listen 80\n${text}`).listeners[0]!.sites[0]!.rules;
  const access = (text: string) =>
    rules(text)?.sections.filter(({ access }) => access !== undefined).length ?? 0;
  assert.equal(access(`${denied}${granted}DocumentRoot /srv/www`), 0);
  assert.equal(access(`${denied}DocumentRoot /srv/www`), 1);
  // One of two is not covered.
  assert.equal(access(`${denied}${granted}DocumentRoot /srv/www\nAlias /x /var/x`), 2);
  assert.equal(
    access(`${denied}${granted}DocumentRoot /srv/www\n<Directory /srv/www/p>\nRequire ip 10\n</Directory>`),
    2,
  );
});

Deno.test("what is not done with files is named where files are served, and only there", () => {
  const section = "<Directory /srv>\nOptions Indexes MultiViews\nAllowOverride All\n</Directory>\n";
  assert.deepEqual(warningsOf(`Listen 80\n${section}${ALL}`), []);
  const told = warningsOf(`Listen 80\n${section}DocumentRoot /srv/www`).join("\n");
  assert.match(told, /:4: changes answers: AllowOverride: \.htaccess files are not read/);
  assert.match(told, /changes answers: Options MultiViews \(line 3\)/);
  assert.deepEqual(
    warningsOf(
      "Listen 80\n<Directory /srv>\nOptions Indexes ExecCGI\n</Directory>\nDocumentRoot /srv",
    ),
    [],
  );
});

Deno.test("what is wrong with files is told: paths, options, expressions", () => {
  for (
    const [text, fault] of [
      ["Alias static /srv", /Alias: Found the path "static"; write one that starts with "\/"/],
      [
        "DocumentRoot /w\n<Directory /w>\nOptions Nonsense\n</Directory>",
        /Options: Found the option "nonsense"/,
      ],
      [
        "DocumentRoot /w\n<DirectoryMatch (>\n</DirectoryMatch>",
        /DirectoryMatch: Cannot use the expression "\("/,
      ],
      ["DocumentRoot /w\n<Directory /w>\nListen 81\n</Directory>", /Listen: Cannot stand in a <Directory>/],
      ["DocumentRoot /w\nAliasMatch /x/(.*) /srv/$2", /AliasMatch: .* there is no \$2/],
    ] as const
  ) {
    assert.match(faultsOf(`Listen 80\n${text}`).join("\n"), fault, text);
  }
});

Deno.test("rules of a server make names only as they begin themselves, or below DocumentRoot", () => {
  const made = (rules: string, root = "") =>
    parse(`Listen 80\n${root}\nRewriteEngine on\n${rules}\n${ALL}`).listeners[0]!.sites[0]!.rules?.files
      ?.made;
  assert.deepEqual(made("RewriteRule ^/s/(.*) /srv/s/$1"), ["/srv/s/"]);
  assert.deepEqual(made("RewriteRule ^/s/(.*) /srv/s$1"), ["/srv/s"]);
  assert.deepEqual(made("RewriteRule ^/(.*) /$1", "DocumentRoot /w"), ["/w/"]);
  assert.deepEqual(made("RewriteRule ^/(.*) %{DOCUMENT_ROOT}/x/$1", "DocumentRoot /w"), ["/w/x/", "/w/"]);
  // Nothing that the client chooses, and nobody to serve it.
  for (const rule of ["/$1", "/%1/x", "-", "/x [PT]", "/x [R]", "http://a/x", "/x"]) {
    assert.equal(made(`RewriteRule ^/(.*) ${rule}`), undefined, rule);
  }
});

Deno.test("ErrorDocument: files of the site, whoever answers; what the front finds at a path; what leads nowhere is told of", () => {
  const text = `DocumentRoot /w
Alias /err /srv/errors
ErrorDocument 503 /err/503.html
ErrorDocument 404 "own"
ErrorDocument 403 https://a.test/no
ErrorDocument 500 /api/500?why#x
ErrorDocument 410 "/two words"
ErrorDocument 401 /private/401.html
ProxyErrorOverride On 404
<Directory /w/private>\nRequire all denied\n</Directory>
ProxyPass /api http://a/`;
  const { backends, listeners } = parse(`Listen 80\n${text}`);
  const pages = {
    503: { file: "/srv/errors/503.html" },
    404: { text: "own" },
    403: { url: "https://a.test/no" },
    500: { path: "/api/500?why" },
    401: { path: "/private/401.html" },
    410: { text: "/two words" },
  };
  const relay = backends.find(({ runs }) => runs?.kind === "relay")!.runs;
  assert.ok(relay?.kind === "relay");
  assert.deepEqual([relay.errorPages, relay.errorOverride], [pages, [404]]);
  assert.deepEqual(documents(text)!.hosts[0]!.errors, pages);
  const found = { 500: "/api/500?why", 401: "/private/401.html" };
  assert.deepEqual(listeners[0]!.sites[0]!.rules!.pages, found);
  const nobody =
    "Listen 80\nErrorDocument 503 /x/503.html\nErrorDocument 404 /x/404\nProxyPass /api http://a/";
  const told = warningsOf(nobody).filter((line) => line.includes("ErrorDocument"));
  assert.deepEqual(told.map((line) => line.slice(0, 75)), [
    'site.conf:2: changes answers: ErrorDocument: "/x/503.html" leads nowhere, s',
    'site.conf:3: changes answers: ErrorDocument: "/x/404" leads nowhere, so the',
  ]);
  const rewritten = parse(`${nobody}\nRewriteEngine On\nRewriteRule ^/x/ http://a/ [P]`);
  assert.deepEqual(rewritten.listeners[0]!.sites[0]!.rules!.pages, { 503: "/x/503.html", 404: "/x/404" });
});

Deno.test("ProxyErrorOverride in a location holds for what is proxied there, and is told of where that is nothing", () => {
  const text = `ProxyErrorOverride On
<Location /in>\nProxyErrorOverride Off\nProxyPass http://a:1/\n</Location>
<Location /around>\nProxyErrorOverride On 404 500\n</Location>
<Location /none>\nProxyErrorOverride On\n</Location>
ProxyPass /around/it http://a:2/
ProxyPass /around/ http://a:3/
ProxyPass / http://a:4/`;
  const overrides = parse(`Listen 80\n${text}`).backends.map(({ runs }) =>
    runs?.kind === "relay" ? [runs.upstream, runs.errorOverride] : []
  );
  assert.deepEqual(overrides, [
    ["http://a:1", undefined],
    ["http://a:2", [404, 500]],
    ["http://a:3", [404, 500]],
    ["http://a:4", "all"],
  ]);
  const told = warningsOf(`Listen 80\n${text}`).filter((line) => line.includes("ProxyErrorOverride"));
  assert.equal(told.length, 1, told.join());
  assert.match(told[0]!, /changes answers: ProxyErrorOverride in a <Location> without a ProxyPass/);
  assert.throws(
    () => parse(`Listen 80\n<Location /a>\nProxyErrorOverride Maybe\n</Location>`),
    /Takes On or Off/,
  );
});

Deno.test("what hands files to programs is told of where files are served, with the way out", () => {
  const section =
    "<FilesMatch x$>\nSetHandler application/x-httpd-php\n</FilesMatch>\nAddHandler perl-script .cgi\n" +
    "AddType application/x-httpd-php .y\nSetHandler None\nAddHandler default-handler .z\n";
  assert.deepEqual(warningsOf(`Listen 80\n${section}${ALL}`), []);
  const told = warningsOf(`Listen 80\n${section}DocumentRoot /w`);
  assert.deepEqual(told.map((line) => line.slice(0, line.indexOf(", and not"))), [
    'site.conf:5: changes answers: AddHandler: files are not handed to "perl-script"',
    'site.conf:6: changes answers: AddType: files are not handed to "application/x-httpd-php"',
    'site.conf:3: changes answers: SetHandler: files are not handed to "application/x-httpd-php"',
  ]);
  assert.match(told[1]!, /they get 403; write SetHandler .*fcgi:/);
  // A path may lead to files of any server.
  const path = "<Location /x>\nSetHandler perl-script\nAddType text/plain .t\n</Location>\nDocumentRoot /w";
  assert.match(warningsOf(`Listen 80\n${path}`).join("\n"), /:3: changes answers: SetHandler: files are not/);
  // What else stands under a condition is not left out with it.
  const mixed = "<Files a>\n<If true>\nSetHandler x\nRequire all denied\n</If>\n</Files>\nDocumentRoot /w";
  assert.match(faultsOf(`Listen 80\n${mixed}`)[0]!, /If: Cannot stand in a <Directory>/);
});

Deno.test("SetHandler with the URL of an application that speaks FastCGI: files are run, others kept back", () => {
  const text = (handler: string) =>
    `DocumentRoot /w\n<FilesMatch x$>\nSetHandler "${handler}"\n</FilesMatch>\n<Files y>\nSetHandler None\n</Files>`;
  const site = parse(`Listen 80\n${text("proxy:unix:/run/f.sock|fcgi://localhost/")}`).listeners[0]!
    .sites[0]!;
  assert.deepEqual(site.rules!.sections.flatMap(({ handler }) => handler ?? []), [0, false]);
  assert.deepEqual(site.targets!.map(({ backends, mapTo }) => [backends, mapTo]), [
    [["fastcgi-run-f.sock"], undefined],
  ]);
  assert.deepEqual(warningsOf(`Listen 80\n${text("proxy:fcgi://127.0.0.1:9000")}`), []);
  for (const other of ["proxy:http://a/", "proxy:fcgi://a:1/dir", "proxy:balancer://b", "fcgi://a:1"]) {
    assert.match(warningsOf(`Listen 80\n${text(other)}`).join(), /:4: .*they get 403/, other);
  }
});

Deno.test("ScriptAlias and cgi-script: programs are run by a process of their own, files beside them are not", () => {
  const text = `DocumentRoot /w
ScriptAlias /cgi-bin/ /usr/lib/cgi-bin/
Options FollowSymLinks
<Directory /srv/scripts/>
Options +ExecCGI
AddHandler cgi-script .cgi
</Directory>
Alias /scripts /srv/scripts
<Files all.cgi>
SetHandler cgi-script
</Files>`;
  const { backends, listeners } = parse(`Listen 80\n${text}`);
  const site = listeners[0]!.sites[0]!;
  assert.deepEqual(
    backends.find(({ name }) => name === "programs")?.runs,
    { kind: "exec", cgi: true, command: [] },
  );
  assert.deepEqual(site.targets!.map(({ backends }) => backends), [["programs"]]);
  const said = site.rules!.sections.flatMap(({ place, handler, handlesAll, executed, executes }) =>
    handler === undefined && executes === undefined
      ? []
      : [[place, handler, handlesAll ?? executed, executes]]
  );
  assert.deepEqual(said, [
    [{ path: "/cgi-bin/", file: { directory: "/usr/lib/cgi-bin/" } }, 0, true, undefined],
    [{ file: {} }, undefined, undefined, false],
    [{ file: { directory: "/srv/scripts/" } }, undefined, undefined, true],
    [{ file: { directory: "/srv/scripts/", name: "\\.(?i:cgi)(?:\\.|$)" } }, 0, true, undefined],
    [{ file: { name: "^all\\.cgi$" } }, 0, true, undefined],
  ]);
  assert.deepEqual(warningsOf(`Listen 80\n${text}`), []);
  // Where nobody asks for it there is none.
  assert.deepEqual(parse("Listen 80\nDocumentRoot /w").backends.map(({ name }) => name), ["files"]);
});

Deno.test("EnableMMAP says which files are kept, of a host and of a directory", () => {
  const found = documents(
    "DocumentRoot /srv/www\nEnableMMAP Off\n<Directory /srv/www/b>\nEnableMMAP on\n</Directory>",
  );
  const settings = new HostSettings(found!.hosts[0]!);
  assert.equal(settings.of("/srv/www/a").kept, false);
  assert.equal(settings.of("/srv/www/b/a").kept, true);
  assert.equal(new HostSettings(documents("DocumentRoot /srv/www")!.hosts[0]!).of("/srv/www/a").kept, true);
  assert.deepEqual(warningsOf("Listen 80\nDocumentRoot /srv/www\nEnableMMAP Off"), []);
});
