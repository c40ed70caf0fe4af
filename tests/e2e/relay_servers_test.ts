/**
 * A relay in front of servers that nobody here wrote: what clients get through it is what they get from the server, but
 * for the fields that docs/relay.md lists.
 */

import assert from "node:assert/strict";
import { noNginx, noNode, noPython, OtherServer } from "../support/other_servers.ts";
import { type FrontProgram, startUp, TemporaryDirectory } from "../support/processes.ts";
import { join, RawClient, seededBytes } from "../support/raw_client.ts";
import { PREPARED, REQUESTS, type ServerRequest, UPLOADS } from "./relay_requests.ts";

/** Said by each hop for itself, or by the relay besides what the server says. `Date` may differ by the clock. */
const DIFFER: ReadonlySet<string> = new Set([
  "connection",
  "date",
  "keep-alive",
  "transfer-encoding",
  "via",
]);

/** What counts of a response. */
interface Seen {
  readonly status: number;
  readonly reason: string;
  readonly fields: readonly string[];
  readonly body: Uint8Array;
}

const encoder = new TextEncoder();

/** One way to a server: straight, or by the relay. Uses a connection as long as it is kept. */
class Way {
  #client: RawClient | undefined;

  /**
   * @param port where to connect
   * @param host what the requests are for
   */
  constructor(readonly port: number, readonly host: string) {}

  async ask(request: ServerRequest): Promise<Seen> {
    if (this.#client !== undefined) {
      try {
        return await this.#askOn(this.#client, request);
      } catch {
        // nginx closes after 412 and does not say so: a kept connection may have ended, and then one asks again.
        this.close();
      }
    }
    return await this.#askOn(this.#client = await RawClient.connect(this.port), request);
  }

  async #askOn(client: RawClient, request: ServerRequest): Promise<Seen> {
    const { method, target, minor, fields, content, chunked } = request;
    let head = `${method} ${target} HTTP/1.${minor}\r\nHost: ${this.host}\r\n`;
    for (const field of fields) head += `${field}\r\n`;
    let body = encoder.encode(content ?? "");
    if (chunked) {
      head += "Transfer-Encoding: chunked\r\n";
      body = join(...pieces(body), "0\r\n\r\n");
    } else if (content !== undefined) head += `Content-Length: ${body.length}\r\n`;
    await client.write(join(`${head}\r\n`, body));
    return await this.#response(client, method);
  }

  async #response(client: RawClient, method: string): Promise<Seen> {
    let [line, ...fields]: string[] = [];
    do [line, ...fields] = (await client.through("\r\n\r\n")).slice(0, -4).split("\r\n"); while (
      /^HTTP\/1\.1 1\d\d /.test(line!)
    );
    const [, version, status, reason] = /^HTTP\/1\.([01]) (\d{3}) (.*)$/.exec(line!)!;
    const field = (name: string) =>
      fields.find((one) => one.toLowerCase().startsWith(`${name}:`))?.slice(name.length + 1).trim();
    const length = field("content-length");
    let body: Uint8Array = new Uint8Array(0);
    let kept = version === "1" ? field("connection") !== "close" : field("connection") === "keep-alive";
    if (method !== "HEAD" && status !== "204" && status !== "304") {
      if (field("transfer-encoding") === "chunked") body = await chunks(client);
      else if (length !== undefined) body = await client.bytes(Number(length));
      else {
        body = await client.rest();
        kept = false;
      }
    }
    if (!kept) this.close();
    // The length is said anew by each hop, and in its own spelling.
    const counted = fields.filter(counts).map((one) => one.replace(/^content-length:/i, "Content-Length:"));
    return { status: Number(status), reason: reason!, fields: counted.sort(), body };
  }

  close(): void {
    this.#client?.close();
    this.#client = undefined;
  }
}

function counts(field: string): boolean {
  return !DIFFER.has(field.slice(0, field.indexOf(":")).toLowerCase());
}

function* pieces(body: Uint8Array): Iterable<string | Uint8Array> {
  for (let at = 0; at < body.length; at += 1000) {
    const piece = body.subarray(at, at + 1000);
    yield `${piece.length.toString(16)};ext=1\r\n`;
    yield piece;
    yield "\r\n";
  }
}

async function chunks(client: RawClient): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for (let piece = await client.chunk(); piece.length > 0; piece = await client.chunk()) all.push(piece);
  return join(...all);
}

/**
 * What two responses may differ in besides: the boundary between parts, by whose name a redirect goes, and the length in a
 * response to HTTP/1.0, as a relay asks by HTTP/1.1.
 */
function comparable({ status, reason, fields, body }: Seen, origin: string, minor: 0 | 1): object {
  const boundary = fields.map((field) => /boundary=(\S+)/.exec(field)?.[1]).find((found) => found);
  const plain = (text: string) => boundary === undefined ? text : text.replaceAll(boundary, "BOUNDARY");
  const latin1 = new TextDecoder("latin1").decode(body);
  return {
    status,
    reason,
    fields: fields.filter((field) => minor === 1 || !field.startsWith("Content-Length:"))
      .map((field) => plain(field).replace(`Location: ${origin}/`, "Location: /")),
    body: body.length > 100_000 ? [body.length, latin1] : plain(latin1),
  };
}

/** A target as a relay passes it on: its path leads nowhere but where it seems to. */
function normal(target: string): string {
  const [path, ...query] = target.split("?");
  return [new URL(path!, "http://relay").pathname, ...query].join("?");
}

/** Fills a directory with what is asked for. */
function fill(directory: TemporaryDirectory): void {
  // Everybody may read it: a server that root starts changes its user.
  Deno.chmodSync(directory.path, 0o755);
  for (const name of ["sub", "empty-directory", "puts"]) Deno.mkdirSync(directory.join(name));
  Deno.chmodSync(directory.join("puts"), 0o777);
  directory.write("index.html", "<!doctype html>\n<title>index</title>\n");
  directory.write("a.txt", "0123456789".repeat(20));
  directory.write("a b.txt", "a name with a space\n");
  directory.write("caf\u00e9.txt", "a name beyond ASCII\n");
  directory.write("100%.txt", "a name with a percent sign\n");
  directory.write("a+b&c=d.txt", "a name with what queries have\n");
  directory.write("style.css", "body { color: black }\n".repeat(500));
  directory.write("data.json", `{"a": ${"1".repeat(5_000)}}`);
  directory.write("empty", "");
  directory.write("large.bin", seededBytes(2_000_000, 7));
  directory.write("sub/index.html", "<p>below\n");
  directory.write("sub/page.html", "<p>a page\n");
  const past = new Date("2025-01-02T03:04:05Z");
  for (const { name } of Deno.readDirSync(directory.path)) Deno.utimeSync(directory.join(name), past, past);
  for (const name of ["index.html", "page.html"]) Deno.utimeSync(directory.join(`sub/${name}`), past, past);
}

/** Behind a relay, nginx takes a field for a proxy (gzip_proxied), and says by what name it goes in redirects. */
const NGINX = (root: string) => `
    root ${root};
    gzip on; gzip_proxied any; gzip_types text/css application/json;
    location /moved/ { return 301 /sub/; }
    location /elsewhere { return 302 http://other.example/a?b; }
    location /see-other { return 303 sub/page.html; }
    location /teapot { return 418 "short and stout"; }
    location /gone { return 410; }
    location /nothing { return 204; }
    location /cookies { add_header Set-Cookie "a=1; Path=/"; add_header Set-Cookie "b=2"; return 200 "cookies"; }
    location /list/ { alias ${root}/; autoindex on; }
    location /puts/ { dav_methods PUT DELETE MKCOL; create_full_put_path on; }`;

const SERVERS = {
  nginx: {
    missing: noNginx,
    start: (own: TemporaryDirectory, root: string) => {
      Deno.chmodSync(own.path, 0o755);
      return OtherServer.nginx(own, NGINX(root));
    },
  },
  "Python's http.server": {
    missing: noPython,
    start: (_own: TemporaryDirectory, root: string) => OtherServer.python(root),
  },
  "http-server on Node": {
    missing: noNode,
    start: (own: TemporaryDirectory, root: string) => OtherServer.node(own, root),
  },
} as const;

/** The server's own ways to say when a file was changed, for requests that depend on it. */
async function validators(way: Way): Promise<Readonly<Record<string, string>>> {
  const { fields } = await way.ask({ method: "HEAD", target: "/a.txt", minor: 1, fields: [] });
  const value = (name: string) =>
    fields.find((field) => field.toLowerCase().startsWith(`${name}:`))?.slice(name.length + 1).trim();
  return {
    ETAG: value("etag") ?? '"none"',
    MODIFIED: value("last-modified") ?? "Thu, 02 Jan 2025 03:04:05 GMT",
  };
}

for (const [name, { missing, start }] of Object.entries(SERVERS)) {
  Deno.test({
    name: `${name} says the same by a relay as when it is asked itself` +
      (missing === undefined ? "" : ` (left out: ${missing})`),
    ignore: missing !== undefined,
    async fn() {
      using root = new TemporaryDirectory();
      using own = new TemporaryDirectory();
      fill(root);
      await using server = await start(own, root.path);
      const upstream = `http://127.0.0.1:${server.port}`;
      await using front: FrontProgram = await startUp({
        listen: "127.0.0.1:0",
        sites: [{ to: "app" }],
        backends: { app: { socket: own.join("app.sock"), upstream } },
      });
      const straight = new Way(server.port, `127.0.0.1:${server.port}`);
      const relayed = new Way(front.port, "site.example");
      const known = await validators(straight);
      const filled = (text: string) => text.replace(/ETAG|MODIFIED/, (word) => known[word]!);
      let count = 0;
      const statuses = new Set<number>();
      for (const request of [...REQUESTS, ...PREPARED]) {
        const asked = { ...request, fields: request.fields.map(filled) };
        const theirs = await straight.ask({ ...asked, target: normal(asked.target) });
        const ours = await relayed.ask(asked);
        assert.deepEqual(
          comparable(ours, upstream, asked.minor),
          comparable(theirs, upstream, asked.minor),
          JSON.stringify({ ...asked, content: asked.content?.slice(0, 80) }),
        );
        count++;
        statuses.add(theirs.status);
      }
      if (name === "nginx") await upload(straight, relayed, upstream);
      assert.ok(count >= 200, `${count} requests`);
      for (const status of [200, 404]) assert.ok(statuses.has(status), `a response of ${status}`);
      straight.close();
      relayed.close();
      assert.equal((await front.stop()).code, 0);
    },
  });
}

/** Changes files by both ways, each its own, and looks whether they have become the same. */
async function upload(straight: Way, relayed: Way, origin: string): Promise<void> {
  for (const [index, request] of UPLOADS.entries()) {
    const named = (way: string) => ({ ...request, target: `/puts/${way}${index}.bin` });
    const theirs = await straight.ask(named("s"));
    const ours = await relayed.ask(named("r"));
    const where = ({ fields, ...rest }: Seen) => ({
      ...rest,
      fields: fields.map((field) => field.replace(/\/puts\/[rs]/, "/puts/")),
    });
    assert.deepEqual(
      comparable(where(ours), origin, request.minor),
      comparable(where(theirs), origin, request.minor),
    );
    const get = { method: "GET", minor: 1, fields: [] } as const;
    const kept = await straight.ask({ ...get, target: `/puts/r${index}.bin` });
    assert.equal(new TextDecoder().decode(kept.body), request.content);
    const gone = { method: "DELETE", target: `/puts/r${index}.bin`, minor: 1, fields: [] } as const;
    assert.equal((await relayed.ask(gone)).status, 204);
    assert.equal((await straight.ask({ ...get, target: `/puts/r${index}.bin` })).status, 404);
  }
}
