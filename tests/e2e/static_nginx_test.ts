/**
 * nginx and a static backend behind a front, on the same directory: the same status, the same content, and the same in the
 * fields that matter. Differences that should be are in the table, with their reasons.
 */

import assert from "node:assert/strict";
import { inspect, isDeepStrictEqual } from "node:util";
import { gzipSync } from "node:zlib";
import { noNginx, OtherServer } from "../support/other_servers.ts";
import { startBackend, startFront, TemporaryDirectory } from "../support/processes.ts";
import { RawClient, type RawResponse } from "../support/raw_client.ts";
import { CASES, COMPRESSED, type Difference, FILES } from "./static_nginx_cases.ts";

/** The fields that are compared in all responses. */
const MATTER = [
  "accept-ranges",
  "cache-control",
  "content-encoding",
  "content-range",
  "last-modified",
  "location",
  "vary",
] as const;

/** These are compared where the content is the file's: error pages and texts of redirects are each server's own. */
const OF_FILES = ["content-type", "content-length"] as const;

/** Types that nginx's table has otherwise than the registry, or without saying that text is UTF-8. */
const TYPES: ReadonlyMap<string, string> = new Map([
  // RFC 9239
  ["application/javascript; charset=utf-8", "text/javascript; charset=utf-8"],
  ["application/json", "application/json; charset=utf-8"],
  ["image/svg+xml", "image/svg+xml; charset=utf-8"],
  ["text/css", "text/css; charset=utf-8"],
  // RFC 7303: the two are the same, and the document says its encoding itself.
  ["text/xml; charset=utf-8", "application/xml"],
]);

const NGINX = `
  default_type application/octet-stream;
  charset utf-8;
  sendfile on;
  gzip_static on;
  gzip_vary on;
  if_modified_since before;
  absolute_redirect off;
`;

/** What of a response is compared, in order. */
type Seen = Record<string, string | undefined>;

function see(response: RawResponse): Seen {
  const { status, fields } = response;
  const seen: Seen = { status: String(status) };
  for (const name of MATTER) seen[name] = fields.get(name);
  // Each server has tags of its own. That there are some is compared here, what they do by the requests that have them.
  seen.etag = fields.has("etag") ? "some" : undefined;
  if (status >= 300 && status !== 304) return seen;
  for (const name of OF_FILES) seen[name] = fields.get(name);
  const boundary = /boundary=(\w+)/.exec(seen["content-type"] ?? "")?.[1];
  const content = latin1.decode(response.body);
  seen.content = boundary === undefined ? content : content.replaceAll(boundary, "BOUNDARY");
  if (boundary !== undefined) seen["content-type"] = seen["content-type"]!.replace(boundary, "BOUNDARY");
  return seen;
}

/** Where two responses differ. What follows from another difference is left out. */
function compare(nginx: Seen, fdpass: Seen): Record<string, Difference> {
  const type = nginx["content-type"];
  const theirs: Seen = { ...nginx, "content-type": type === undefined ? undefined : TYPES.get(type) ?? type };
  const names = theirs.status !== fdpass.status
    ? ["status"]
    : Object.keys({ ...theirs, ...fdpass }).filter((name) =>
      theirs["content-encoding"] === fdpass["content-encoding"] ||
      !["content", "content-length"].includes(name)
    );
  const differs = names.filter((name) => theirs[name] !== fdpass[name]);
  return Object.fromEntries(differs.map((name) => [name, [theirs[name], fdpass[name]]]));
}

const latin1 = new TextDecoder("latin1");

/** Asks a server, whose own tags and dates are put in. */
async function ask(port: number, request: string, lines: readonly string[]): Promise<RawResponse> {
  const [method, target, version = "HTTP/1.1"] = request.split(" ");
  const fields = [...lines];
  if (fields.some((line) => line.includes("{"))) {
    const accept = fields.filter((line) => line.startsWith("Accept-Encoding"));
    const plain = await ask(port, `GET ${target}`, accept);
    fields.forEach((line, index) => {
      fields[index] = line.replace("{etag}", plain.fields.get("etag")!)
        .replace("{modified}", plain.fields.get("last-modified")!);
    });
  }
  using client = await RawClient.connect(port);
  const head = [`${method} ${target} ${version}`, "Host: test", ...fields, "Connection: close"];
  await client.write(`${head.join("\r\n")}\r\n\r\n`);
  return await client.response(method);
}

Deno.test({
  name: "static: nginx on the same directory",
  ignore: noNginx !== undefined,
  async fn() {
    using directory = new TemporaryDirectory();
    using working = new TemporaryDirectory();
    const socket = `${working.path}/app.sock`;
    const root = directory.join("public");
    fill(root);
    await using nginx = await OtherServer.nginx(working, `root ${root};${NGINX}`);
    await using backend = await startBackend(socket, { static: root }, ["--precompressed"]);
    await using front = await startFront({ listen: "127.0.0.1:0", sites: [{ to: `fd://${socket}` }] });
    const wrong: string[] = [];
    for (const { request, fields, differs } of CASES) {
      const [theirs, ours] = await Promise.all([
        ask(nginx.port, request, fields),
        ask(front.port, request, fields),
      ]);
      const found = compare(see(theirs), see(ours));
      if (isDeepStrictEqual(found, differs)) continue;
      wrong.push(`${[request, ...fields].join(" | ")}: ${inspect(found)} rather than ${inspect(differs)}`);
    }
    assert.equal(wrong.length, 0, `nginx and fdpass differ:\n${wrong.join("\n")}`);
    await backend.stopCleanly();
    await front.stopCleanly();
  },
});

function fill(root: string): void {
  for (const [name, content] of Object.entries(FILES)) {
    const path = `${root}/${name}`;
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    Deno.writeTextFileSync(path, content);
    if (COMPRESSED.includes(name)) Deno.writeFileSync(`${path}.gz`, gzipSync(content));
  }
  Deno.writeTextFileSync(`${root}/../secret.txt`, "secret");
  Deno.symlinkSync("a.txt", `${root}/inside.txt`);
  Deno.symlinkSync("../secret.txt", `${root}/outside.txt`);
  Deno.symlinkSync("loop.txt", `${root}/loop.txt`);
  for (const { name, isFile } of Deno.readDirSync(root)) {
    // Dates before this second: a date of the present one tells no versions apart.
    if (isFile) Deno.utimeSync(`${root}/${name}`, 1_700_000_000, 1_700_000_000.5);
  }
}
