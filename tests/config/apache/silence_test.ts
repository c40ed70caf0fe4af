/** Nothing vanishes without a word: what is left out or not done is told of, every line, the dangerous first. */

import assert from "node:assert/strict";
import { runProgram, TemporaryDirectory } from "../../support/processes.ts";
import { readEnvvars } from "../../../src/config/apache/variables.ts";
import { faultsOf, parse, warningsOf } from "./parsing.ts";

const ALL = { permissions: ["--allow-all"] };
const PASS = "ProxyPass / http://127.0.0.1:1/";

Deno.test("warnings: three sorts, the dangerous first, and every line is named", () => {
  const text =
    `ErrorLogFormat a\nSSLCARevocationCheck chain\nCacheDefaultExpire now\nErrorLogFormat b\n${PASS}\nSSLCARevocationCheck leaf`;
  assert.deepEqual(warningsOf(text), [
    "site.conf: opens what Apache closes: SSLCARevocationCheck (lines 2, 6)",
    "site.conf: changes answers: CacheDefaultExpire (line 3)",
    "site.conf: no effect here: ErrorLogFormat (lines 1, 4)",
  ]);
});

Deno.test("conditions: what one leaves out is told of when it would have an effect", () => {
  for (
    const [text, told] of [
      [
        "<IfModule mod_none.c>\n<VirtualHost *:443>\nServerName a\n</VirtualHost>\n</IfModule>",
        /:1: changes answers: <IfModule mod_none.c>: does not hold here, which leaves out <VirtualHost> in line 2, ServerName/,
      ],
      [
        "<IfModule mod_none.c>\n<IfModule mod_other.c>\nSSLVerifyClient require\n</IfModule>\n</IfModule>",
        /:1: opens what Apache closes: <IfModule mod_none.c>: .* leaves out SSLVerifyClient in line 3/,
      ],
      ["<IfDefine SSL>\nListen 443\n</IfDefine>", /<IfDefine SSL>: .* Listen in line 2/],
      // Debian's serve-cgi-bin.conf: who is kept out would matter, and nothing else.
      [
        '<IfDefine CGI>\nScriptAlias /c/ /c/\n<Directory "/c">\nAllowOverride None\nOptions +ExecCGI\n' +
        "Require all granted\n</Directory>\n</IfDefine>",
        undefined,
      ],
      [
        "<IfDefine CGI>\n<Directory /c>\nRequire user a\n</Directory>\n<Location /c>\nRequire user a\n</Location>\n</IfDefine>",
        /:1: opens what Apache closes: <IfDefine CGI>: .* leaves out Require in line 3, <Location> in line 5, Require in line 6$/m,
      ],
      // Without what lets everybody in, less is open.
      [
        "<Location />\n<IfModule mod_none.c>\nRequire all granted\n</IfModule>\n</Location>",
        /:2: changes answers: <IfModule mod_none.c>: .* leaves out Require in line 3/,
      ],
      ["<IfModule mpm_itk.c>\nMaxClients 5\n</IfModule>", undefined],
      // Debian's ports.conf.
      [
        "<IfModule ssl_module>\nListen 443\n</IfModule>\n<IfModule mod_gnutls.c>\nListen 443\n</IfModule>",
        undefined,
      ],
      ["Listen 443\n<IfModule mod_gnutls.c>\nListen 8443\n</IfModule>", /leaves out Listen in line 3/],
      // A whole configuration loads all that it has.
      [
        "LoadModule mpm_event_module a\nLoadModule authz_core_module a\nLoadModule proxy_module a\n" +
        "LoadModule proxy_http_module a\n<IfModule ssl_module>\nListen 443\n</IfModule>",
        undefined,
      ],
      [
        "LoadModule proxy_module a\nLoadModule proxy_http_module a\n<IfModule ssl_module>\nListen 443\n</IfModule>",
        /leaves out Listen in line 4/,
      ],
      ["<IfVersion < 2.4>\nListen 443\n</IfVersion>", undefined],
      ["<IfModule !mod_proxy.c>\nListen 443\n</IfModule>", undefined],
      ["<IfDirective ProxyPass>\nTimeout 9\n</IfDirective>", undefined],
      ["<IfSection VirtualHost>\nTimeout 9\n</IfSection>", undefined],
      ["<IfDirective Xyz>\nTimeout 9\n</IfDirective>", /<IfDirective Xyz>: .*Timeout in line 2/],
    ] as const
  ) {
    const warnings = warningsOf(`${text}\n${PASS}`);
    if (told === undefined) assert.deepEqual(warnings, [], text);
    else assert.match(warnings.join("\n"), told, text);
  }
});

Deno.test("a configuration that leads nowhere is an error, which names what a condition has left out", () => {
  assert.match(
    faultsOf("Listen 80")[0]!,
    /^site\.conf: Leads nowhere: every request would get 404; write ProxyPass/,
  );
  assert.match(
    faultsOf(
      `Listen 80\n<IfModule mod_none.c>\n<VirtualHost *:80>\n${PASS}\n</VirtualHost>\n</IfModule>`,
    )[0]!,
    /, or mend <IfModule mod_none\.c> in line 2, which does not hold here and has one in it$/,
  );
});

Deno.test("directives that httpd registers in lower case are known, and those of other modules named", () => {
  assert.deepEqual(
    faultsOf(`<Location />\norder deny,allow\nallow from all\nDeny from 10.0.0.1\n</Location>\n${PASS}`),
    [],
  );
  assert.match(
    warningsOf(`SecRuleEngine On\n${PASS}`)[0]!,
    /opens what Apache closes: SecRuleEngine of mod_security/,
  );
  assert.match(warningsOf(`php_value a b\n${PASS}`)[0]!, /no effect here: php_value of mod_php/);
  // No silly nearest names.
  assert.match(faultsOf("FooBarBaz on")[0]!, /Unknown directive; remove it/);
});

Deno.test("directives stand where httpd takes them", () => {
  const text =
    `<Proxy *>\nProxyPreserveHost On\n</Proxy>\n<LocationMatch ^/x>\nProxyPassReverse http://a/\n` +
    `</LocationMatch>\n${PASS}`;
  assert.deepEqual(faultsOf(text), []);
  assert.match(warningsOf(text)[0]!, /ProxyPassReverse: rewrites nothing in <LocationMatch>/);
  const { backends } = parse(text);
  assert.equal((backends[0]!.runs as { preserveHost?: boolean }).preserveHost, true);
});

Deno.test("variables: those of Debian's envvars beside the configuration are set", () => {
  const envvars = `unset HOME\nif [ x ] ; then\n\tSUFFIX="-x"\nelse\n\tSUFFIX=\nfi\n` +
    `export APACHE_RUN_DIR=/var/run/apache2$SUFFIX\nexport A="\${APACHE_RUN_DIR}/a" # b\nexport B='$A'\nexport C=\${D:-e}`;
  assert.deepEqual([...readEnvvars(envvars)], [
    ["APACHE_RUN_DIR", "/var/run/apache2"],
    ["A", "/var/run/apache2/a"],
    ["B", "$A"],
    ["C", "e"],
  ]);
  const { backends } = parse(`DefaultRuntimeDir \${APACHE_RUN_DIR}\n${PASS}`, {
    files: { "/etc/envvars": envvars },
  });
  assert.match(backends[0]!.socket, /^\/var\/run\/apache2\//);
});

Deno.test("check --json gives what is wrong, and what to know, to programs", async () => {
  using directory = new TemporaryDirectory();
  const good = directory.write(
    "good.conf",
    `DefaultRuntimeDir ${directory.path}\nCacheDefaultExpire a\n${PASS}\n`,
  );
  const checked = await runProgram(["check", "--json", good], ALL);
  assert.equal(checked.code, 0, checked.stderr + checked.stdout);
  assert.deepEqual(JSON.parse(checked.stdout), {
    valid: true,
    problems: [],
    warnings: [{ sort: "changes", source: good, line: 2, subject: "CacheDefaultExpire", message: "" }],
  });
  const bad = directory.write("bad.conf", "Listne 80\n");
  const refused = await runProgram(["check", "--json", bad], ALL);
  assert.equal(refused.code, 2);
  const { valid, problems } = JSON.parse(refused.stdout);
  assert.equal(valid, false);
  assert.deepEqual([problems[0].source, problems[0].line, problems[0].path], [bad, 1, "Listne"]);
});
