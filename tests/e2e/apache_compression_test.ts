/**
 * The same configurations that have answers compressed, and the same requests, to a real Apache and to fdpass: the same
 * coding, the same content once decoded, the same Vary. What differs on purpose is in docs/apache.md.
 */

import assert from "node:assert/strict";
import { createServer, request as ask } from "node:http";
import type { AddressInfo } from "node:net";
import { brotliDecompressSync, gunzipSync, gzipSync } from "node:zlib";
import { Buffer } from "node:buffer";
import { Apache, noApache } from "../support/apache.ts";
import { freePort } from "../support/ports.ts";
import { startUpFrom, TemporaryDirectory } from "../support/processes.ts";
import { CLIENTS, COMPRESSION_CASES, COMPRESSION_DIFFERENCES } from "./apache/compression_cases.ts";

const MODULES = [
  ..."proxy proxy_http headers alias env setenvif dir mime deflate brotli filter authn_core".split(" "),
];
const LONG = "a line of an answer\n".repeat(1_000);

/** What the server behind answers, by the last part of the path. */
const server = createServer((request, response) => {
  const name = request.url!.split("/").at(-1)!;
  const say = (type: string, content: string | Uint8Array = LONG, fields = {}) => {
    response.writeHead({ error: 500, missing: 404, created: 201 }[name] ?? 200, {
      "Content-Type": type,
      ...name === "chunked" ? {} : { "Content-Length": Buffer.byteLength(content) },
      ...fields,
    });
    response.end(content);
  };
  switch (name) {
    case "json":
      return say("application/json", LONG, { ETag: '"v"' });
    case "image":
    case "a.PNG":
      return say("image/png");
    case "coded":
      return say("text/html", gzipSync(LONG), { "Content-Encoding": "gzip" });
    case "fixed":
      return say("text/html", LONG, { "Cache-Control": "no-transform" });
    case "short":
      return say("text/html", "short");
    case "none":
      return void response.writeHead(204).end();
    case "varying":
      return say("text/html", LONG, { Vary: "Cookie" });
    case "weak":
      return say("text/html", LONG, { ETag: 'W/"v"' });
    case "a.js":
      return say("text/javascript", LONG, { ETag: '"v"' });
    default:
      return say("text/html; charset=utf-8", LONG, { ETag: '"v"' });
  }
});

/** One answer in a line: its status, its coding, what it varies by, its tag without weakness and suffix, its content. */
async function outcome(
  port: number,
  method: string,
  path: string,
  fields: readonly string[],
): Promise<string> {
  const headers = Object.fromEntries(fields.map((field) => field.split(": ") as [string, string]));
  const { response, content } = await new Promise<{ response: Incoming; content: Buffer }>(
    (resolve, reject) => {
      const sent = ask({ port, host: "127.0.0.1", method, path, headers, agent: false }, (response) => {
        const pieces: Buffer[] = [];
        response.on("data", (piece: Buffer) => pieces.push(piece));
        response.on(
          "end",
          () => resolve({ response: response as unknown as Incoming, content: Buffer.concat(pieces) }),
        );
        response.on("error", reject);
      });
      sent.on("error", reject);
      sent.end();
    },
  );
  const { "content-encoding": coding, vary = "", etag = "none" } = response.headers;
  const text = content.length === 0
    ? ""
    : coding === "gzip"
    ? gunzipSync(content).toString()
    : coding === "br"
    ? brotliDecompressSync(content).toString()
    : content.toString();
  const told = response.statusCode < 400 ? `${text === LONG ? "long" : text.length}` : "";
  const varies = vary.toLowerCase().split(",").map((name) => name.trim()).sort().join(",");
  const tag = etag.replace(/^W\//, "").replace(/-(gzip|br)"$/, '"').replace(/^"[^"]{6,}"$/, "some");
  return `${response.statusCode} coding=${coding} vary=${varies} tag=${tag} ${told}`;
}

interface Incoming {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

async function compareAll(): Promise<string[]> {
  using directory = new TemporaryDirectory();
  using runDirectory = new TemporaryDirectory();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    Deno.mkdirSync(directory.join("tree"));
    for (const name of ["long.txt", "long.html", "long.css", "kept.txt", "index.html"]) {
      directory.write(`tree/${name}`, LONG);
    }
    directory.write("tree/short.txt", "short");
    const types = directory.write("mime.types", "text/html html\ntext/plain txt\ntext/css css\n");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const [atApache, atFdpass] = [
      COMPRESSION_CASES.map(() => freePort()),
      COMPRESSION_CASES.map(() => freePort()),
    ];
    const hosts = (ports: readonly number[]) =>
      `TypesConfig ${types}\n` +
      COMPRESSION_CASES.map(({ text }, index) =>
        `Listen 127.0.0.1:${ports[index]}\n<VirtualHost *:${ports[index]}>\nServerName one.test\n${
          text.replaceAll("@", url).replaceAll("TREE", directory.join("tree"))
        }\n</VirtualHost>\n`
      ).join("");
    await using _apache = await Apache.start(directory, MODULES, hosts(atApache));
    await using fdpass = await startUpFrom(
      runDirectory.write("site.conf", `DefaultRuntimeDir "${runDirectory.path}"\n${hosts(atFdpass)}`),
    );
    const wrong: string[] = [];
    const unseen = new Set(Object.keys(COMPRESSION_DIFFERENCES));
    let count = 0;
    const compare = async (index: number, method: string, path: string, fields: readonly string[]) => {
      const name = `${index} ${method} ${path} ${fields.join(", ")}`;
      const apache = await outcome(atApache[index]!, method, path, fields);
      const own = await outcome(atFdpass[index]!, method, path, fields);
      count++;
      if (apache === own) return;
      const compared = { method, path, fields, apache, own };
      const why = Object.keys(COMPRESSION_DIFFERENCES).find((why) => COMPRESSION_DIFFERENCES[why]!(compared));
      if (why === undefined) wrong.push(`${name}\n  ${apache}\n  ${own}`);
      else unseen.delete(why);
    };
    for (const [index, { paths }] of COMPRESSION_CASES.entries()) {
      for (const path of paths) {
        for (const fields of CLIENTS) await compare(index, "GET", path, fields);
        await compare(index, "HEAD", path, ["Accept-Encoding: gzip"]);
        await compare(index, "GET", path, ["Accept-Encoding: gzip", 'If-None-Match: "v"']);
      }
    }
    assert.equal((await fdpass.stop()).code, 0);
    assert.deepEqual([...unseen], [], "differences that are listed and do not occur");
    assert.ok(count > 350, `${count} requests`);
    return wrong;
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

Deno.test({
  name: noApache === undefined
    ? "compression of an Apache configuration: the same as with httpd"
    : `compression of an Apache configuration: left out, for ${noApache}`,
  ignore: noApache !== undefined,
  fn: async () => {
    const wrong = await compareAll();
    assert.equal(wrong.length, 0, `\n${wrong.join("\n")}`);
  },
});
