/**
 * Whole sites as people write them, all of them on one real Apache and on one fdpass, and the same requests to both: the same
 * status, the same fields, the same content, and the same words to the servers behind.
 */

import assert from "node:assert/strict";
import { Apache, noApache } from "../support/apache.ts";
import { noPhpFpm, startPhpFpm } from "../support/php_fpm.ts";
import { freePort } from "../support/ports.ts";
import { FrontProgram, TemporaryDirectory, whenReady } from "../support/processes.ts";
import { RawClient } from "../support/raw_client.ts";
import { TellingServers } from "./apache/rule_rig.ts";
import type { SiteCase } from "./apache/site_case.ts";
import { SITE_CASES } from "./apache/site_cases.ts";
import { SITE_DIFFERENCES } from "./apache/site_differences.ts";
import { SITE_FILES } from "./apache/site_files.ts";

const MODULES = [
  ..."proxy proxy_http proxy_fcgi headers expires rewrite alias env setenvif dir mime autoindex authz_host"
    .split(
      " ",
    ),
  ..."authn_core access_compat cgid".split(" "),
];

const TYPES = "text/html html\ntext/plain txt\ntext/css css\ntext/javascript js\nimage/png png\n" +
  "image/svg+xml svg\napplication/xml xml\n";

/** Requests at a time: those for PHP-FPM wait for one of its two processes. */
const TOGETHER = 8;

/** Fields of answers that are compared; entity tags and dates are in the tables of files. */
const COMPARED =
  /^(x-r-.*|content-type|content-length|content-range|cache-control|location|allow|set-cookie|vary)$/;

/** Puts the files of sites into a directory. */
function makeFiles(root: string): void {
  for (const [name, text] of Object.entries(SITE_FILES)) {
    const path = `${root}/${name}`;
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    Deno.writeTextFileSync(path, text);
    if (text.startsWith("#!")) Deno.chmodSync(path, 0o755);
  }
}

/** What becomes of a request, in one line. */
async function outcome(port: number, site: SiteCase, request: string): Promise<string> {
  const [line = "", ...fields] = request.split("\n");
  const [method, target] = line.startsWith("/") ? ["GET", line] : line.split(" ") as [string, string];
  const hasContent = method === "POST" || method === "PUT";
  const head = [
    `${method} ${target} HTTP/1.1`,
    ...fields.some((field) => field.startsWith("Host:")) ? [] : [`Host: ${site.name}`],
    "Connection: close",
    ...hasContent ? ["Content-Length: 3"] : [],
    ...fields,
  ];
  using client = await RawClient.connect(port, "127.0.0.1");
  await client.write(`${head.join("\r\n")}\r\n\r\n${hasContent ? "abc" : ""}`);
  return summary(new TextDecoder("latin1").decode(await client.rest()), port);
}

/** The status, the fields and the content; pages of the servers themselves are their own. */
function summary(text: string, port: number): string {
  const [head = "", ...rest] = text.split("\r\n\r\n");
  const [line = "", ...fields] = head.split("\r\n");
  const status = line.split(" ")[1] ?? "none";
  const pairs = fields.map((field) => {
    const [, name = "", value = ""] = /^([^:]*):\s*(.*)$/.exec(field) ?? [];
    return [name.toLowerCase(), value] as const;
  });
  const chunked = pairs.some(([name, value]) => name === "transfer-encoding" && value === "chunked");
  const content = chunked ? unchunked(rest.join("\r\n\r\n")) : rest.join("\r\n\r\n");
  const told = pairs.find(([name]) => name === "x-told")?.[1];
  if (told !== undefined) {
    const { server, method, host, target, told: seen } = JSON.parse(told);
    const about = seen.filter(([name]: [string]) => !/^x-(request-id|forwarded-server)$/.test(name));
    const given = pairs.filter(([name]) => /^(x-r-|set-cookie|location)/.test(name)).sort();
    return [status, server, method, host, target, JSON.stringify(about), JSON.stringify(given)]
      .join(" | ").replaceAll(/(127\.0\.1\.\d):\d+/g, "$1").replaceAll(`:${port}`, "");
  }
  const isOwn = Number(status) >= 300 && !/^own|^SCRIPT_NAME|^File not found/.test(content);
  // How long it is, a program does not say by itself.
  const left = isOwn
    ? /^content-(type|length)$/
    : /^SCRIPT_NAME|^File not/.test(content) || chunked
    ? /^content-length$/
    : /^$/;
  const given = pairs.filter(([name]) => COMPARED.test(name) && !left.test(name))
    .map(([name, value]) => `${name}=${value.replace(/^https?:\/\/[a-z.]*test(:\d+)?(?=\/)/, "")}`).sort();
  return [status, ...given, isOwn ? "" : JSON.stringify(content)].join(" | ").replaceAll(`:${port}`, "");
}

/** Waits for one backend after the other: so many processes take their time where others are at work. */
async function backendsOf(program: FrontProgram): Promise<void> {
  try {
    for (const count of [1, 4, 8, 12]) {
      await program.line(new RegExp(`(?:^fdpass backend \\S+ ready on [^]*?){${count}}`, "m"));
    }
  } catch (error) {
    await program[Symbol.asyncDispose]();
    throw error;
  }
}

function unchunked(text: string): string {
  let content = "";
  for (let at = 0; at < text.length;) {
    const end = text.indexOf("\r\n", at);
    const size = Number.parseInt(text.slice(at, end), 16);
    if (!(size > 0)) break;
    content += text.slice(end + 2, end + 2 + size);
    at = end + 4 + size;
  }
  return content;
}

Deno.test({
  name: "sites as people write them have the answers that they have with Apache",
  ignore: noApache !== undefined || noPhpFpm !== undefined,
  fn: async () => {
    await using servers = await TellingServers.start();
    using directory = new TemporaryDirectory();
    using own = new TemporaryDirectory();
    Deno.chmodSync(directory.path, 0o755);
    const tree = directory.join("tree");
    makeFiles(tree);
    const fpm = directory.join("fpm.sock");
    await using _fpm = await startPhpFpm(directory, fpm);
    Deno.chmodSync(fpm, 0o666);
    const types = `TypesConfig ${directory.write("mime.types", TYPES)}\n<Directory />
AllowOverride None\nRequire all denied\n</Directory>\n`;
    const sites = (port: number | "*") =>
      types + SITE_CASES.map(({ name, text }) => {
        const filled = text.replaceAll(/@([ab])/g, (_, letter) => servers.url(letter)).replaceAll("@fpm", fpm)
          .replaceAll("TREE", tree);
        return `<VirtualHost *:${port}>\nServerName ${name}\n${filled}\n</VirtualHost>\n`;
      }).join("");
    await using apache = await Apache.start(directory, MODULES, sites("*"));
    const port = freePort();
    const path = own.write(
      "httpd.conf",
      `DefaultRuntimeDir ${own.path}\nListen 127.0.0.1:${port}\n${sites(port)}`,
    );
    const program = new FrontProgram(["up", path], { permissions: ["--allow-all"] });
    await backendsOf(program);
    await using fdpass = await whenReady(program);
    const pending = SITE_CASES.flatMap((site) => site.requests.map((request) => ({ site, request })));
    const wrong: string[] = [];
    const seen = new Set<string>();
    let count = 0;
    const work = async () => {
      for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
        const { site, request } = next;
        const [expected, found] = [
          await outcome(apache.port, site, request),
          await outcome(port, site, request),
        ];
        count++;
        if (expected === found) continue;
        const known = SITE_DIFFERENCES.filter(({ about }) => about(site.name, request));
        for (const { sentence } of known) seen.add(sentence);
        if (known.length === 0) {
          wrong.push(`${site.name} ${JSON.stringify(request)}\n  Apache: ${expected}\n  fdpass: ${found}`);
        }
      }
    };
    await Promise.all(Array.from({ length: TOGETHER }, work));
    assert.equal(wrong.length, 0, `${wrong.length} of ${count} differ:\n${wrong.join("\n")}`);
    const list = await outcome(port, SITE_CASES.find(({ name }) => name === "www.blog.test")!, "/pub/");
    const links = [...list.matchAll(/href=\\"(.*?)\\"/g)].map(([, href]) => href);
    assert.deepEqual(links, ["../", "./below/", "./a%20b.txt"]);
    assert.deepEqual(SITE_DIFFERENCES.filter(({ sentence }) => !seen.has(sentence)), []);
    assert.equal((await fdpass.stop()).code, 0);
  },
});

Deno.test("every difference with whole sites from Apache is in docs/apache-files.md, and no other", () => {
  const page = Deno.readTextFileSync(new URL("../../docs/apache-files.md", import.meta.url));
  const [, section = ""] = /\n### What is otherwise with whole sites\n([^]*?)\n##/.exec(page)!;
  const items = section.trim().split(/\n- /).slice(1).map((item) => item.replace(/\s+/g, " ").trim());
  assert.deepEqual(items, SITE_DIFFERENCES.map(({ sentence }) => sentence));
});
