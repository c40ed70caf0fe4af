import assert from "node:assert/strict";
import { contentType } from "../../../src/backend/static/content_type.ts";
import { fileName } from "../../../src/backend/static/file_name.ts";
import { StaticRequestHandler } from "../../../src/backend/static/static_handler.ts";
import { DEFAULT_LIMITS } from "../../../src/config/config.ts";
import { HttpServer } from "../../../src/backend/http/http_server.ts";
import { Rig, withRig } from "../rig.ts";
import { testSite } from "./site.ts";

const NAMES: readonly (readonly [path: string, name: string | undefined])[] = [
  ["/", ""],
  ["/a.txt", "a.txt"],
  ["/a/b/", "a/b/"],
  ["/a%20b", "a b"],
  ["/%C3%A9", "\xc3\xa9"],
  ["/%ff", "\xff"],
  ["/.well-known/security.txt", ".well-known/security.txt"],
  ["/%2ewell-known/a", ".well-known/a"],
  ["/.well-known/.hidden", undefined],
  ["/a/.well-known/b", undefined],
  ["/.well-known-not", undefined],
  ["/.git/config", undefined],
  ["/a/.hidden", undefined],
  ["/%2ehidden", undefined],
  ["/a%2Fb", undefined],
  ["/a%5Cb", "a\\b"],
  ["/a%00b", undefined],
  ["/a/%2e%2e/b", undefined],
  ["/a.", "a."],
  ["/a..b", "a..b"],
];

for (const [path, name] of NAMES) {
  Deno.test(`fileName("${path}") is ${name === undefined ? "nothing" : JSON.stringify(name)}`, () => {
    assert.equal(fileName(path), name);
  });
}

Deno.test("contentType() goes by the end of the name, and says UTF-8 of text", () => {
  const types = {
    "a.html": "text/html; charset=utf-8",
    "a.js": "text/javascript; charset=utf-8",
    "a.json": "application/json; charset=utf-8",
    "a.svg": "image/svg+xml; charset=utf-8",
    "a.PNG": "image/png",
    "a.wasm": "application/wasm",
    "a.tar.gz": "application/gzip",
    "README": "application/octet-stream",
    "a.unheard-of": "application/octet-stream",
  };
  for (const [name, type] of Object.entries(types)) assert.equal(contentType(name), type, name);
});

// --- over a connection ------------------------------------------------------------------------------------------------

const ANSWERS: readonly (readonly [target: string, answer: RegExp])[] = [
  [
    "/a.txt",
    /^HTTP\/1\.1 200 OK\r\nContent-Type: text\/plain; charset=utf-8\r\n[^]*Content-Length: 5\r\n[^]*hello$/,
  ],
  ["/a.txt?x=y", /hello$/],
  ["/inside.txt", /^HTTP\/1\.1 200 [^]*hello$/],
  ["/empty.txt", /^HTTP\/1\.1 200 [^]*Content-Length: 0\r\n[^]*\r\n\r\n$/],
  ["/", /Content-Type: text\/html; charset=utf-8\r\n[^]*<p>root$/],
  ["/dir/", /<p>dir$/],
  ["/dir", /^HTTP\/1\.1 301 [^]*\r\nLocation: \/dir\/\r\n/],
  ["/dir?x=%20y", /\r\nLocation: \/dir\/\?x=%20y\r\n/],
  ["//evil.test/..//dir", /\r\nLocation: \/dir\/\r\n/],
  ["//dir", /\r\nLocation: \/dir\/\r\n/],
  ["/dir/empty/", /^HTTP\/1\.1 404 /],
  ["/outside.txt", /^HTTP\/1\.1 404 /],
  ["/absolute.txt", /^HTTP\/1\.1 404 /],
  ["/up/secret.txt", /^HTTP\/1\.1 404 /],
  ["/loop", /^HTTP\/1\.1 404 /],
  ["/.git/config", /^HTTP\/1\.1 404 /],
  ["/%2egit/config", /^HTTP\/1\.1 404 /],
  ["/dir/../a.txt", /hello$/],
  ["/a.txt/", /^HTTP\/1\.1 404 /],
  ["/a.txt/b", /^HTTP\/1\.1 404 /],
  ["/none", /^HTTP\/1\.1 404 /],
  [`/${"x".repeat(300)}`, /^HTTP\/1\.1 404 /],
];

testSite("each path gets what is there, and nothing from outside", async ({ get }) => {
  for (const [target, answer] of ANSWERS) {
    const text = await get(target);
    assert.match(text, answer, target);
    assert.ok(!text.includes("secret"), target);
  }
});

const AT_PREFIX: readonly (readonly [prefix: string, target: string, answer: RegExp])[] = [
  ["/files", "/files", /^HTTP\/1\.1 301 [^]*\r\nLocation: \/files\/\r\n/],
  ["/files", "/files?x=%20y&z", /^HTTP\/1\.1 301 [^]*\r\nLocation: \/files\/\?x=%20y&z\r\n/],
  ["/files", "//%66iles", /^HTTP\/1\.1 301 [^]*\r\nLocation: \/files\/\r\n/],
  ["/files", "http://a/files", /^HTTP\/1\.1 301 [^]*\r\nLocation: \/files\/\r\n/],
  ["/files", "/files/", /^HTTP\/1\.1 200 [^]*<p>root$/],
  ["/files", "/files/.", /^HTTP\/1\.1 200 [^]*<p>root$/],
  ["/files", "/files/a.txt", /^HTTP\/1\.1 200 [^]*hello$/],
  ["/files", "/files/dir", /^HTTP\/1\.1 301 [^]*\r\nLocation: \/files\/dir\/\r\n/],
  ["/files", "/files/dir/", /^HTTP\/1\.1 200 [^]*<p>dir$/],
  ["/files/", "/files/", /^HTTP\/1\.1 200 [^]*<p>root$/],
  ["/files/", "/files/dir?x", /^HTTP\/1\.1 301 [^]*\r\nLocation: \/files\/dir\/\?x\r\n/],
  ["/", "http://a", /^HTTP\/1\.1 200 [^]*<p>root$/],
];

testSite(
  "below a prefix, a directory's path ends with a slash too, the prefix's own as well",
  async ({ rig, front }) => {
    for (const [route, target, answer] of AT_PREFIX) {
      const client = front.give(`GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`, { route });
      assert.match(await rig.rest(client), answer, `${target} below ${route}`);
      client.close();
    }
  },
);

testSite(
  "a path that climbs out is the front's to answer, also when it is not the first",
  async ({ rig, front }) => {
    const next = "GET /%2e%2e/secret.txt HTTP/1.1\r\nHost: a\r\n\r\n";
    const client = front.give(`GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n${next}`);
    const [returned] = await rig.until(() => front.returned.length > 0 && front.returned, "the RETURN");
    assert.equal(new TextDecoder().decode(returned!.transfer.preread), next);
    assert.match(client.received, /hello$/);
  },
);

testSite("HEAD gets the same head and no content; other methods get 405", async ({ get }) => {
  const head = await get("/a.txt", "", "HEAD");
  assert.match(head, /^HTTP\/1\.1 200 OK\r\n[^]*Content-Length: 5\r\n[^]*\r\n\r\n$/);
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
    assert.match(await get("/a.txt", "", method), /^HTTP\/1\.1 405 [^]*\r\nAllow: GET, HEAD\r\n/);
  }
});

testSite("a client that has the file already gets 304, until the file changes", async ({ get, root }) => {
  const first = await get("/a.txt");
  const tag = /\r\nETag: ("[^"]+")\r\n/.exec(first)![1]!;
  const date = /\r\nLast-Modified: ([^\r]+)\r\n/.exec(first)![1]!;
  const fresh = await get("/a.txt", `If-None-Match: ${tag}\r\n`);
  assert.match(fresh, /^HTTP\/1\.1 304 Not Modified\r\n[^]*\r\n\r\n$/);
  assert.ok(fresh.includes(tag) && !fresh.includes("Content-Length: 5"));
  assert.match(await get("/a.txt", `If-Modified-Since: ${date}\r\n`), /^HTTP\/1\.1 304 /);
  Deno.writeTextFileSync(`${root}/a.txt`, "changed");
  assert.match(await get("/a.txt", `If-None-Match: ${tag}\r\n`), /changed$/);
});

testSite("a large file arrives whole, and the connection goes on", async ({ rig, front, root }) => {
  const size = 3_000_000;
  Deno.writeFileSync(`${root}/large.bin`, new Uint8Array(size).fill(0x62));
  const client = front.give("GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\n");
  await rig.until(() => client.received.length > size, "all of it");
  client.send("GET /a.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const text = await rig.rest(client);
  const body = text.slice(text.indexOf("\r\n\r\n") + 4);
  assert.equal(body.indexOf("HTTP/1.1 200 OK"), size);
  assert.match(body, /hello$/);
});

Deno.test("a file that shrinks while it is sent breaks the connection off, and is said", async () => {
  const base = Deno.makeTempDirSync({ prefix: "fdpass-" });
  const size = 40_000_000;
  Deno.writeFileSync(`${base}/large.bin`, new Uint8Array(1));
  Deno.truncateSync(`${base}/large.bin`, size);
  const errors: unknown[] = [];
  const handler = new StaticRequestHandler(base);
  const server = new HttpServer(handler, { limits: DEFAULT_LIMITS, onError: (error) => errors.push(error) });
  await withRig(() => new Rig(server), async (rig) => {
    const front = await rig.front();
    const client = front.give("GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\n");
    await rig.until(() => client.received.length > 0, "the beginning");
    Deno.truncateSync(`${base}/large.bin`, 1_000_000);
    const text = await rig.rest(client);
    assert.ok(text.length < size);
    assert.match(String(errors[0]), /it has become shorter/);
  });
  handler.close();
  Deno.removeSync(base, { recursive: true });
});

testSite("of a file that grows while it is sent, what was promised is sent", async ({ rig, front, root }) => {
  const size = 40_000_000;
  Deno.writeTextFileSync(`${root}/large.bin`, "");
  Deno.truncateSync(`${root}/large.bin`, size);
  const client = front.give("GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\n");
  await rig.until(() => client.received.length > 0, "the beginning");
  Deno.writeTextFileSync(`${root}/large.bin`, "more", { append: true });
  client.send("GET /a.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const text = await rig.rest(client);
  const body = text.slice(text.indexOf("\r\n\r\n") + 4);
  assert.equal(body.indexOf("HTTP/1.1 200 OK"), size);
  assert.match(body, /hello$/);
});

testSite(
  "a connection that has sent a file is given back in the mode in which it came",
  async ({ rig, front }) => {
    const client = front.give("GET /a.txt HTTP/1.1\r\nHost: a\r\n\r\n");
    await rig.until(() => client.received.endsWith("hello"), "the file");
    void rig.backend.drain();
    const [returned] = await rig.until(() => front.returned.length > 0 && front.returned, "the RETURN");
    const flags = /^flags:\s*([0-7]+)$/m.exec(
      Deno.readTextFileSync(`/proc/self/fdinfo/${returned!.fd}`),
    )![1]!;
    assert.equal(parseInt(flags, 8) & 0o4000, 0);
  },
);

Deno.test("a directory that is not there, or is a file, is named", () => {
  assert.throws(
    () => new StaticRequestHandler("/no/such/place"),
    /Cannot serve the directory "\/no\/such\/place": /,
  );
  assert.throws(
    () => new StaticRequestHandler("/etc/hostname"),
    /Cannot serve the directory "\/etc\/hostname": not a/,
  );
});
