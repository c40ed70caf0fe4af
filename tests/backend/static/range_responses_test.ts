/** Parts of files over a connection: what is around them, and that they are those bytes. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { seededBytes } from "../../support/raw_client.ts";
import { contentOf, fieldOf, type Site, statusOf, testSite } from "./site.ts";

const LETTERS = "abcdefghijklmnopqrstuvwxyz";
/** An hour ago: a date of which the second is over. */
const THEN = Math.floor(Date.now() / 1000) - 3_600;

function writeLetters(root: string): void {
  Deno.writeTextFileSync(`${root}/letters.txt`, LETTERS);
  Deno.utimeSync(`${root}/letters.txt`, THEN, THEN);
}

/** Asks for parts of the letters. */
async function letters({ root, get }: Site, range: string, more = "", method?: string): Promise<string> {
  writeLetters(root);
  return await get("/letters.txt", `Range: ${range}\r\n${more}`, method);
}

testSite("one range is the content of a 206", async (site) => {
  for (
    const [range, content, where] of [
      ["bytes=0-4", "abcde", "bytes 0-4/26"],
      ["bytes=20-", "uvwxyz", "bytes 20-25/26"],
      ["bytes=-3", "xyz", "bytes 23-25/26"],
      ["bytes=20-1000", "uvwxyz", "bytes 20-25/26"],
      // One of two that the file has (15.3.7.2).
      ["bytes=3-3,100-", "d", "bytes 3-3/26"],
    ]
  ) {
    const response = await letters(site, range!);
    assert.match(response, /^HTTP\/1\.1 206 Partial Content\r\n/, range);
    assert.equal(contentOf(response), content, range);
    assert.equal(fieldOf(response, "Content-Range"), where, range);
    assert.equal(fieldOf(response, "Content-Length"), String(content!.length), range);
    assert.equal(fieldOf(response, "Content-Type"), "text/plain; charset=utf-8");
    assert.ok(fieldOf(response, "ETag") !== undefined && fieldOf(response, "Last-Modified") !== undefined);
  }
});

testSite(
  "several ranges are the parts of a multipart/byteranges, in the order of the request",
  async (site) => {
    const response = await letters(site, "bytes=10-11, 0-0, -2");
    assert.equal(statusOf(response), 206);
    const boundary = /^multipart\/byteranges; boundary=([0-9a-v]{20})$/.exec(
      fieldOf(response, "Content-Type")!,
    )![1]!;
    const content = contentOf(response);
    assert.equal(fieldOf(response, "Content-Length"), String(content.length));
    assert.equal(fieldOf(response, "Content-Range"), undefined);
    const part = (where: string, text: string) =>
      `\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes ${where}/26\r\n\r\n${text}`;
    assert.deepEqual(content.split(`\r\n--${boundary}`), [
      "",
      part("10-11", "kl"),
      part("0-0", "a"),
      part("24-25", "yz"),
      "--\r\n",
    ]);
  },
);

testSite("a range that the file does not have is 416, with the file's size", async (site) => {
  const response = await letters(site, "bytes=26-");
  assert.equal(statusOf(response), 416);
  assert.equal(fieldOf(response, "Content-Range"), "bytes */26");
});

testSite("what is no range of bytes, is too much, or stands with HEAD gets the whole file", async (site) => {
  const many = Array.from({ length: 201 }, () => "0-0").join();
  for (const range of ["lines=1-2", "bytes=b-c", "bytes=0-,0-", `bytes=${many}`]) {
    const response = await letters(site, range);
    assert.equal(statusOf(response), 200, range);
    assert.equal(contentOf(response), LETTERS);
    assert.equal(fieldOf(response, "Accept-Ranges"), "bytes");
  }
  const twice = await letters(site, "bytes=0-0", "Range: bytes=1-1\r\n");
  assert.equal(contentOf(twice), LETTERS);
  const head = await letters(site, "bytes=0-0", "", "HEAD");
  assert.equal(statusOf(head), 200);
  assert.equal(fieldOf(head, "Content-Length"), "26");
  assert.equal(contentOf(head), "");
  assert.equal(statusOf(await site.get("/empty.txt", "Range: bytes=0-\r\n")), 200);
});

testSite(
  "If-Range gets the range of the version that the client has, else the whole of the present one",
  async (site) => {
    const whole = await letters(site, "lines=1");
    const tag = fieldOf(whole, "ETag")!;
    const date = fieldOf(whole, "Last-Modified")!;
    const status = async (validator: string) =>
      statusOf(await letters(site, "bytes=1-2", `If-Range: ${validator}\r\n`));
    assert.equal(await status(date), 206);
    const before = new Date((THEN - 1) * 1000).toUTCString();
    assert.equal(await status(before), 200);
    assert.equal(await status(`W/${tag}`), 200);
    assert.equal(await status('"other"'), 200);
    // letters() writes the file anew, and the tag is of the version that is there then.
    const ask = (validator: string) =>
      site.get("/letters.txt", `Range: bytes=1-2\r\nIf-Range: ${validator}\r\n`);
    const present = fieldOf(await site.get("/letters.txt"), "ETag")!;
    const part = await ask(present);
    assert.equal(statusOf(part), 206);
    assert.equal(contentOf(part), "bc");
    Deno.writeTextFileSync(`${site.root}/letters.txt`, LETTERS.toUpperCase());
    const other = await ask(present);
    assert.equal(statusOf(other), 200);
    assert.equal(contentOf(other), LETTERS.toUpperCase());
  },
);

testSite("conditions come before ranges", async (site) => {
  writeLetters(site.root);
  const tag = fieldOf(await site.get("/letters.txt"), "ETag")!;
  const ask = (more: string) => site.get("/letters.txt", `Range: bytes=0-0\r\n${more}`);
  assert.equal(statusOf(await ask(`If-None-Match: ${tag}\r\n`)), 304);
  assert.equal(statusOf(await ask('If-Match: "other"\r\n')), 412);
  assert.equal(statusOf(await ask(`If-Match: ${tag}\r\n`)), 206);
});

testSite(
  "ranges of a large file are those bytes, and the connection goes on behind them",
  async ({ rig, front, root }) => {
    const bytes = seededBytes(300_000, 99);
    Deno.writeFileSync(`${root}/large.bin`, bytes);
    const text = Buffer.from(bytes).toString("latin1");
    const client = front.give("GET /large.bin HTTP/1.1\r\nHost: a\r\nRange: bytes=100000-299998\r\n\r\n");
    await rig.until(() => contentOf(client.received).length >= 199_999, "the range");
    assert.ok(contentOf(client.received) === text.slice(100_000, 299_999));
    const before = client.received.length;
    client.send(
      "GET /large.bin HTTP/1.1\r\nHost: a\r\nRange: bytes=0-99999,200000-299999\r\nConnection: close\r\n\r\n",
    );
    const response = (await rig.rest(client)).slice(before);
    const boundary = /boundary=(\w+)/.exec(response)![1]!;
    const parts = contentOf(response).split(`\r\n--${boundary}`).slice(1, -1).map(contentOf);
    assert.ok(parts.join("") === text.slice(0, 100_000) + text.slice(200_000));
  },
);
