/** Files that lie there compressed as well. */

import assert from "node:assert/strict";
import { contentOf, fieldOf, statusOf, testSite } from "./site.ts";

/** The contents are told apart by their names; nothing here looks into them. */
function writeForms(root: string): void {
  Deno.writeTextFileSync(`${root}/app.js`, "plain app.js");
  for (const suffix of ["br", "zst", "gz"]) {
    Deno.writeTextFileSync(`${root}/app.js.${suffix}`, `the ${suffix} form`);
  }
  Deno.writeTextFileSync(`${root}/dir/index.html.gz`, "the index compressed");
}

const on = { precompressed: true };

testSite("a client gets the form that it likes best, with the type of the file", async ({ get, root }) => {
  writeForms(root);
  for (
    const [accept, coding, content] of [
      ["gzip, deflate, br, zstd", "br", "the br form"],
      ["gzip, zstd", "zstd", "the zst form"],
      ["br;q=0.5, gzip", "gzip", "the gz form"],
      ["deflate", undefined, "plain app.js"],
      ["gzip;q=0", undefined, "plain app.js"],
      [undefined, undefined, "plain app.js"],
    ]
  ) {
    const response = await get("/app.js", accept === undefined ? "" : `Accept-Encoding: ${accept}\r\n`);
    assert.equal(statusOf(response), 200, accept);
    assert.equal(fieldOf(response, "Content-Encoding"), coding, accept);
    assert.equal(contentOf(response), content);
    assert.equal(fieldOf(response, "Content-Length"), String(content!.length));
    assert.equal(fieldOf(response, "Content-Type"), "text/javascript; charset=utf-8");
    assert.equal(fieldOf(response, "Vary"), "Accept-Encoding", accept);
  }
}, on);

testSite("the index of a directory has forms too; what has none has no Vary", async ({ get, root }) => {
  writeForms(root);
  const index = await get("/dir/", "Accept-Encoding: br, gzip\r\n");
  assert.equal(fieldOf(index, "Content-Encoding"), "gzip");
  assert.equal(fieldOf(index, "Content-Type"), "text/html; charset=utf-8");
  const other = await get("/a.txt", "Accept-Encoding: br, gzip\r\n");
  assert.equal(contentOf(other), "hello");
  assert.equal(fieldOf(other, "Vary"), undefined);
}, on);

testSite("a form by its own name is a file like any other", async ({ get, root }) => {
  writeForms(root);
  const response = await get("/app.js.gz", "Accept-Encoding: gzip\r\n");
  assert.equal(fieldOf(response, "Content-Type"), "application/gzip");
  assert.equal(fieldOf(response, "Content-Encoding"), undefined);
}, on);

testSite("what is said of a kept file depends on how it is asked for, each time", async ({ get, root }) => {
  writeForms(root);
  // Of files that have just been written nothing is kept that is said of them.
  for (const name of ["app.js", "app.js.br", "app.js.zst", "app.js.gz"]) {
    Deno.utimeSync(`${root}/${name}`, 1, 1);
  }
  const asked = async (path: string, accept: string) => {
    const response = await get(path, `Accept-Encoding: ${accept}\r\n`);
    return ["Content-Type", "Content-Encoding", "Vary"].map((name) => fieldOf(response, name)).join(" ");
  };
  for (let time = 0; time < 3; time++) {
    assert.equal(await asked("/app.js", "br"), "text/javascript; charset=utf-8 br Accept-Encoding");
    assert.equal(await asked("/app.js.br", "br"), "application/octet-stream  ");
    assert.equal(await asked("/app.js", "identity"), "text/javascript; charset=utf-8  Accept-Encoding");
    assert.equal(await asked("/a.txt", "br"), "text/plain; charset=utf-8  ");
  }
}, on);

testSite("each form has a tag of its own, and ranges are of the form", async ({ get, root }) => {
  writeForms(root);
  const tags = new Map<string, string>();
  for (const coding of ["br", "zstd", "gzip", "identity"]) {
    tags.set(coding, fieldOf(await get("/app.js", `Accept-Encoding: ${coding}\r\n`), "ETag")!);
  }
  assert.equal(new Set(tags.values()).size, 4);
  const fresh = await get("/app.js", `Accept-Encoding: br\r\nIf-None-Match: ${tags.get("br")}\r\n`);
  assert.equal(statusOf(fresh), 304);
  assert.equal(fieldOf(fresh, "Vary"), "Accept-Encoding");
  assert.equal(fieldOf(fresh, "Content-Encoding"), undefined);
  assert.equal(
    statusOf(await get("/app.js", `Accept-Encoding: br\r\nIf-None-Match: ${tags.get("gzip")}\r\n`)),
    200,
  );
  const part = await get("/app.js", "Accept-Encoding: gzip\r\nRange: bytes=4-5\r\n");
  assert.equal(statusOf(part), 206);
  assert.equal(contentOf(part), "gz");
  assert.equal(fieldOf(part, "Content-Range"), "bytes 4-5/11");
  assert.equal(fieldOf(part, "Content-Encoding"), "gzip");
  // The rest of one form is no rest of another.
  const other = await get(
    "/app.js",
    `Accept-Encoding: br\r\nRange: bytes=4-5\r\nIf-Range: ${tags.get("gzip")}\r\n`,
  );
  assert.equal(statusOf(other), 200);
}, on);

testSite("a form without its file is not there, and a directory is no form", async ({ get, root }) => {
  Deno.writeTextFileSync(`${root}/alone.js.gz`, "a form");
  Deno.mkdirSync(`${root}/a.txt.gz`);
  assert.equal(statusOf(await get("/alone.js", "Accept-Encoding: gzip\r\n")), 404);
  assert.equal(contentOf(await get("/a.txt", "Accept-Encoding: gzip\r\n")), "hello");
}, on);

testSite("links between forms are followed as others are", async ({ get, root }) => {
  Deno.symlinkSync("../secret.txt", `${root}/a.txt.gz`);
  assert.equal(contentOf(await get("/a.txt", "Accept-Encoding: gzip\r\n")), "hello");
}, on);

testSite("without being asked to, nobody looks for forms", async ({ get, root }) => {
  writeForms(root);
  const response = await get("/app.js", "Accept-Encoding: gzip, br\r\n");
  assert.equal(contentOf(response), "plain app.js");
  assert.equal(fieldOf(response, "Vary"), undefined);
});
