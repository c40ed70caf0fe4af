/** LogFormat beside a real Apache: what the same requests have in the lines of both. */

import assert from "node:assert/strict";
import { Apache, noApache } from "../support/apache.ts";
import { freePort } from "../support/ports.ts";
import { startUpFrom, TemporaryDirectory } from "../support/processes.ts";
import { RawClient } from "../support/raw_client.ts";
import { until } from "../support/waiting.ts";

/** What both write the same for these requests. */
const SAME = [
  ..."%h %a %{c}a %{c}h %A %l %u %m %r %s %>s %<s %b %B %U %q %H %v %V %k %X %I %{X-A}i %{x-a}i %{X-None}i"
    .split(" "),
  ..."%{Content-Type}o %{X-O}o %{Set-Cookie}o %{a}C %{A}C %{b}C %{empty}C %{none}C %{SET}e %{EMPTY}e %{NONE}e"
    .split(" "),
  ..."%{n}n %^FB %{x}^ti %{x}^to %,200{X-A}i %!400,501{X-A}i %400,501{X-A}i %{X-A}!200i %{X-A}200i %!!200{X-A}i"
    .split(" "),
  ..."%200!{X-A}i %{X-A}>i %<{X-A}i %200,404m %!200m %20m %{foo}m %{c}l %{local}p %{Local}p %% %{Content-Length}i"
    .split(" "),
];

/** Numbers and times: of the same shape. */
const ALIKE = [
  ..."%D %T %{s}T %{ms}T %{us}T %{MS}T %P %{pid}P %{remote}p %{sec}t %{msec}t %{usec}t %{msec_frac}t".split(
    " ",
  ),
  ..."%{usec_frac}t %{begin:sec}t %{end:usec_frac}t %t %{begin}t %{end}t %{begin:}t %{end:}t %{}t".split(" "),
  ..."%{begin:%Y}t %{end:%Y-%m}t %{%d/%b/%Y_%T}t %{%z}t %{%-d}t %{%_d}t %{%3d}t %{%^a}t %{%s}t %{%e}t %{%k}t"
    .split(" "),
  ..."%{%c}t %{%x_%X}t %{%D_%F_%R_%r}t %{%h_%C_%y_%G_%g_%V_%U_%W_%u_%w_%j_%p_%P}t %{%Ey_%Od}t %{abc}t".split(
    " ",
  ),
  ..."%{%%}t %{beginning}t %{endless}t %{%010Y}t %{%#p}t %{%5a}t %{%_5j}t %{%-j}t %{%015c}t".split(" "),
];
const FORMAT = [...SAME, ...ALIKE].join("\\t");

const get = (target: string, ...fields: string[]) =>
  [`GET ${target} HTTP/1.1`, "Host: one.test", ...fields, "", ""].join("\r\n");

const REQUESTS = [
  get("/a.txt", "X-A: v1"),
  get("/a.txt?q=1&b=%20", "X-A: v1", "X-A: v2", "Cookie: empty=; a=1; b=2 ; A=3"),
  get("/a.txt?", 'X-A: q"\\\xe4 ').replace("one.test", "ONE.test:1234"),
  get("/app/x?y=z", "X-A:"),
  get("/app/%61//./b%20/../c%20d", "X-A: v"),
  get("/app/204"),
  get("http://two.test:99/a.txt"),
  get("/app/x").replace("GET", "HEAD"),
  "GET /a.txt HTTP/1.0\r\n\r\n",
];

/** What neither takes for a request, and the first line of it. */
const UNREADABLE = [
  ["hello\r\n\r\n", "hello"],
  ["GET\r\n\r\n", "GET"],
  ["GET /a.txt HTTP/1.1\r\n\r\n", "GET /a.txt HTTP/1.1"],
  ['GET /\xe4"\x01 HTTP/1.1\r\nHost: a\r\nbad: \x01\r\n\r\n', 'GET /\\xe4\\"\\x01 HTTP/1.1'],
  ["GET http://two.test/p/%61?q HTTP/1.0\r\nbad\r\n\r\n", "GET http://two.test/p/%61?q HTTP/1.0"],
  ["F@O a HTTP/1.1\r\nHost: one.test\r\n\r\n", "F@O a HTTP/1.1"],
  [
    "POST /a.txt?b HTTP/1.1\r\nHost: one.test\r\nTransfer-Encoding: x\r\n\r\n",
    "POST /a.txt?b HTTP/1.1",
  ],
] as const;

/** What both have of these. */
const OF_UNREADABLE = ["%m", "%U", "%q", "%H", "%v", "%s", "%u", "%k", "%X"];

function site(root: string, log: string, upstream: number, port: string): string {
  return `DocumentRoot ${root}
<Directory ${root}>
Require all granted
</Directory>
SetEnvIf Request_URI "." SET=yes EMPTY=
ProxyPass /app/ http://127.0.0.1:${upstream}/
LogFormat "${FORMAT}" all
CustomLog ${log}/all all
CustomLog ${log}/lines "%r"
<VirtualHost *:${port}>
ServerName one.test
ServerAlias *.test
</VirtualHost>
`;
}

Deno.test({
  name: "LogFormat: every directive and modifier writes what a real Apache writes",
  ignore: noApache !== undefined,
  fn: async () => {
    using directory = new TemporaryDirectory();
    using ofApache = new TemporaryDirectory();
    for (const name of ["root", "apache", "fdpass"]) Deno.mkdirSync(directory.join(name));
    for (const path of [directory.path, directory.join("root")]) Deno.chmodSync(path, 0o755);
    Deno.chmodSync(directory.write("root/a.txt", "hello\n"), 0o644);
    const fields: [string, string][] = [
      ...[["X-O", "o"], ["Set-Cookie", "s=1"], ["Set-Cookie", "t=2"]] as [string, string][],
      ["Content-Type", "text/html; charset=utf-8"],
    ];
    await using upstream = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen() {} },
      ({ url }) =>
        url.endsWith("/204") ? new Response(null, { status: 204 }) : new Response("app", { headers: fields }),
    );
    const root = directory.join("root");
    const { port: behind } = upstream.addr;
    const modules = ["setenvif", "mime", "proxy", "proxy_http"];
    await using apache = await Apache.start(
      ofApache,
      modules,
      `TypesConfig /etc/mime.types\n${site(root, directory.join("apache"), behind, "*")}`,
    );
    const port = freePort();
    await using up = await startUpFrom(directory.write(
      "site.conf",
      `ServerRoot ${directory.path}\nListen 127.0.0.1:${port}\n${
        site(root, directory.join("fdpass"), behind, String(port))
      }`,
    ));
    const lines = (name: string, log: string) => {
      try {
        return Deno.readTextFileSync(directory.join(`${name}/${log}`)).split("\n").slice(0, -1);
      } catch {
        return [];
      }
    };
    // One after another, for lines of several processes stand in the order in which they are written.
    const all = [...REQUESTS, ...UNREADABLE.map(([text]) => text)];
    for (const [index, text] of all.entries()) {
      for (const [name, at] of [["apache", apache.port], ["fdpass", port]] as const) {
        using client = await RawClient.connect(at, "127.0.0.1");
        await client.write(Uint8Array.from(text, (character) => character.charCodeAt(0)));
        await until(() => lines(name, "lines").length === index + 1, () => `line ${index + 1} of ${name}`);
      }
    }
    assert.deepEqual(lines("apache", "lines"), lines("fdpass", "lines"));
    assert.deepEqual(lines("fdpass", "lines").slice(REQUESTS.length), UNREADABLE.map(([, line]) => line));
    const cells = (name: string, index: number) => lines(name, "all")[index]!.split("\t");
    for (const [index, request] of REQUESTS.entries()) {
      const [theirs, ours] = [cells("apache", index), cells("fdpass", index)];
      for (const [column, directive] of [...SAME, ...ALIKE].entries()) {
        const alike = column >= SAME.length;
        // The two are asked one after the other: a moment later it may be another second.
        const shape = (cell = "") =>
          (!alike ? cell : /^\d+$/.test(cell) ? "0" : cell.replace(/\d/g, "0"))
            .replaceAll(String(port), "PORT").replaceAll(String(apache.port), "PORT");
        assert.equal(shape(ours[column]), shape(theirs[column]), `${directive} of ${request}`);
      }
    }
    for (const [index, [text]] of UNREADABLE.entries()) {
      const [theirs, ours] = [
        cells("apache", REQUESTS.length + index),
        cells("fdpass", REQUESTS.length + index),
      ];
      for (const directive of OF_UNREADABLE) {
        const column = SAME.indexOf(directive);
        assert.equal(ours[column], theirs[column], `${directive} of ${text}`);
      }
    }
    assert.equal((await up.stop()).code, 0);
  },
});
