/** What `fdpass check` says of configurations as people write them: how it ends, and the sentences that matter. */

import assert from "node:assert/strict";
import { runCommandLines } from "../support/command_lines.ts";
import { TemporaryDirectory } from "../support/processes.ts";
import { PEOPLE } from "../e2e/apache/people_cases.ts";

interface Expectation {
  readonly name: string;
  /** The configuration itself, where it is none of PEOPLE. */
  readonly text?: string;
  /** 0 where it runs. */
  readonly code: number;
  /** What is on standard output. */
  readonly shows: readonly RegExp[];
  /** Each line on standard error, in its order. */
  readonly warns: readonly RegExp[];
}

/** A host for everything that has no sections of its own. */
const host = (text: string) =>
  `Listen 127.0.0.1:8080
<VirtualHost *:8080>
ServerName one.test
${text}
</VirtualHost>
`;

const EXPECTATIONS: readonly Expectation[] = [
  {
    name: "a forge with rules only",
    code: 0,
    shows: [
      /\n {2}by rewriting {2}relay-127\.0\.0\.1-3000 .* with the client's Host\n/,
      /\n {2}rewriting: 1 rule\n {2}request fields: \/\n$/,
    ],
    warns: [
      /:18: changes answers: ErrorDocument: "\/502\.html" leads nowhere unless a rule takes it, so/,
    ],
  },
  {
    name: "notebooks with sockets",
    code: 0,
    shows: [
      /\n {2}\/ {2,}relay-127\.0\.0\.1-3000 .* with the client's Host\n {2}by rewriting {2}relay-127\.0\.0\.1-3001 /,
      /\n {2}rewriting: 1 rule\n {2}request fields: \/\n {2}response fields: \/\n$/,
    ],
    warns: [],
  },
  {
    name: "what certbot makes of a host in clear text",
    code: 0,
    shows: [/\n {2}\/ \(files of \/var\/www\/html\/\) .*\n {2}rewriting: 1 rule\n/],
    warns: [],
  },
  {
    name: "a registry with passwords",
    code: 0,
    shows: [/\n {2}\/error\/ {2}404 .*nobody serves it\n/, /\n {2}access control: \/v2\n/],
    warns: [],
  },
  {
    name: "an internal tool",
    code: 0,
    shows: [/\n {2}access control: \/, \/admin, ~ "\^\/\(metrics\|debug\)\(\/\|\$\)"\n$/],
    warns: [/no effect here: ProxyPass retry= \(line 20\)$/],
  },
  {
    name: "dashboards that are told who asks",
    code: 0,
    shows: [/\n {2}access control: \/\n {2}rewriting: \/\n {2}request fields: \/\n$/],
    warns: [],
  },
  {
    name: "an application behind a terminator, with headers for browsers",
    code: 0,
    shows: [/\n {2}\/static {2,}404 /, /\n {2}redirects: ~ "\^\/blog\/\?\$"\n/],
    warns: [/no effect here: ProxyPass keepalive= \(line 7\)$/],
  },
  {
    name: "a site that has moved, and one that has not",
    code: 0,
    shows: [/\n {2}~ "\^\/\(api\|ws\)\/" {2}relay/, /\n {2}redirects: \/old-page, /],
    warns: [],
  },
  {
    name: "access lines of 2.2",
    text: host(
      "ProxyPass / @a/\n<Location />\nOrder allow,deny\nAllow from all\nDeny from 10.0.0.1\nSatisfy any\nRequire ip 10\n</Location>",
    ),
    code: 0,
    shows: [/\n {2}access control: \/\n$/],
    warns: [],
  },
  {
    name: "access that cannot be told here",
    text: host(
      'ProxyPass / @a/\n<Location />\nAuthType Basic\nAuthName a\nAuthBasicProvider ldap\nAuthLDAPURL "ldap://a/o=b"\nRequire ldap-group cn=a\n</Location>',
    ),
    code: 0,
    shows: [/\n {2}access control: \/\n$/],
    warns: [
      /:8: changes answers: AuthBasicProvider: ldap is not known here, so who has to show who they are gets 403; /,
      /:10: changes answers: Require: "ldap-group cn=a" is not understood here, so nobody is let in by it; /,
      /no effect here: AuthLDAPURL \(line 9\)$/,
    ],
  },
  {
    name: "a host of certbot's, with a file that is not there",
    text:
      "<IfModule mod_ssl.c>\n<VirtualHost *:443>\nServerName one.test\nProxyPass / @a/\nInclude /none/options-ssl.conf\n</VirtualHost>\n</IfModule>",
    code: 2,
    shows: [],
    warns: [
      /:5:1: Include: Cannot find "\/none\/options-ssl\.conf"; .*IncludeOptional where it may be missing$/,
    ],
  },
  {
    name: "the same where modules are listed, and that one is not",
    text:
      "Listen 127.0.0.1:8080\nLoadModule proxy_module a.so\n<IfModule mod_ssl.c>\n<VirtualHost *:443>\nProxyPass / @a/\n</VirtualHost>\n</IfModule>",
    code: 2,
    shows: [],
    warns: [/Leads nowhere: .*mend <IfModule mod_ssl\.c> in line 3, which does not hold here/],
  },
  {
    name: "a balancer with routes of its members",
    text:
      `<Proxy balancer://t>\nBalancerMember @a route=n1\nBalancerMember @b route=n2\nProxySet stickysession=JSESSIONID|jsessionid\n</Proxy>\n${
        host("ProxyPass / balancer://t/")
      }`,
    code: 0,
    shows: [
      /relay http:\/\/127\.0\.0\.1:3000 \(route n1\) \| http:\/\/127\.0\.0\.1:3001 \(route n2\), sessions by JSESSIONID\n/,
    ],
    warns: [],
  },
  {
    name: "paths as they were sent",
    text: host("AllowEncodedSlashes NoDecode\nProxyPass / @a/ nocanon"),
    code: 0,
    shows: [/\n {2}\/ {2}relay-127\.0\.0\.1-3000 /],
    warns: [],
  },
  {
    name: "files of an alias beside a proxy",
    text: host(
      "DocumentRoot /var/www/html\nAlias /static /srv/app/static\nProxyPass /static !\nProxyPass / @a/",
    ),
    code: 0,
    shows: [/\n {2}\/static \(files of \/srv\/app\/static\) {2}files /],
    warns: [],
  },
  {
    name: "a site of files alone",
    text: `${
      host("ProxyPass / @a/")
    }<VirtualHost *:8080>\nServerName two.test\nDocumentRoot /srv/two\n</VirtualHost>`,
    code: 0,
    shows: [/\nSite two\.test\n {2}\/ \(files of \/srv\/two\/\) {2}files /],
    warns: [],
  },
  {
    name: "a site of nothing",
    text: `${host("ProxyPass / @a/")}<VirtualHost *:8080>\nServerName two.test\n</VirtualHost>`,
    code: 0,
    shows: [/\nSite two\.test\n$/],
    warns: [
      /:6: VirtualHost: leads nowhere: all of its requests get 404; write a ProxyPass or a DocumentRoot in it$/,
    ],
  },
];

Deno.test("check: of what people write it says what an administrator has to know, and no more", async () => {
  assert.deepEqual(
    EXPECTATIONS.filter(({ text }) => text === undefined).map(({ name }) => name),
    PEOPLE.map(({ name }) => name),
  );
  using directory = new TemporaryDirectory();
  const files = EXPECTATIONS.map(({ name, text }, index) => {
    const written = text ?? host(PEOPLE.find((people) => people.name === name)!.text);
    const input = written.replaceAll("@a", "http://127.0.0.1:3000").replaceAll("@b", "http://127.0.0.1:3001")
      .replaceAll(/\b(USERS|GROUPS)\b/g, (file) => directory.join(file));
    return directory.write(`${index}.conf`, `${input}\n`);
  });
  const lines = files.map((file) => ["check", file, "--run-dir", directory.path]);
  const endings = await runCommandLines(lines, ["--allow-all"]);
  for (const [index, { name, code, shows, warns }] of EXPECTATIONS.entries()) {
    const ending = endings[index]!;
    const said = `${name}\n${ending.stdout}${ending.stderr}`;
    assert.equal(ending.code, code, said);
    for (const shown of shows) assert.match(ending.stdout, shown, said);
    // A backend that rules lead to is none without a use.
    assert.doesNotMatch(ending.stdout, /without a route/, said);
    const lines = ending.stderr.split("\n").filter((line) => line !== "");
    assert.equal(lines.length, warns.length, said);
    warns.forEach((warned, index) => assert.match(lines[index]!, warned, said));
  }
});
