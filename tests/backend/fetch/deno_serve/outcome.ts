/** One case on one side: what came over the wire, and what the handler saw, in parts with names. */

import { Buffer } from "node:buffer";
import { RawClient } from "../../../support/raw_client.ts";
import { pause } from "../../../support/waiting.ts";
import { type Case, FIELD, NEXT, SEEN } from "./case.ts";
import type { Side } from "./sides.ts";

/** By name, as text. Two outcomes are the same when all parts are. */
export type Outcome = ReadonlyMap<string, string>;

/** Milliseconds in which something must be noted that is waited for: who has not noticed it by then waits for a timer. */
const NOTICED = 5_000;

const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");

/** Plays a case. */
export async function play(side: Side, each: Case): Promise<Outcome> {
  const parts = new Map<string, string>();
  {
    using client = await RawClient.connect(side.port);
    await client.write(Buffer.from(named(each.request, each.name), "latin1"));
    if (each.meanwhile !== undefined) {
      await seenOf(side, each.name, (notes) => Object.keys(notes).length > 0);
      if (each.meanwhile === "end") await client.connection.closeWrite();
      else client.close();
    }
    if (each.meanwhile !== "close") await read(client, each, parts);
  }
  const notes = await seenOf(side, each.name, (notes) => (each.awaits ?? []).every((name) => name in notes));
  for (const name of each.awaits ?? []) notes[name] ??= "(nothing)";
  for (const [what, value] of Object.entries(notes)) {
    parts.set(`saw ${what}`, normal(JSON.stringify(value), side));
  }
  return parts;
}

/** The request with the field that names its case behind its first line. */
function named(request: string, name: string): string {
  return request.replace("\r\n", (end) => `${end}${FIELD}: ${name}\r\n`);
}

async function seenOf(
  side: Side,
  name: string,
  isAll: (notes: Record<string, unknown>) => boolean,
): Promise<Record<string, unknown>> {
  const until = performance.now() + NOTICED;
  for (;;) {
    using client = await RawClient.connect(side.port);
    await client.write(`GET /?${encodeURIComponent(name)} HTTP/1.1\r\nHost: a\r\n${FIELD}: ${SEEN}\r\n\r\n`);
    const notes = JSON.parse((await client.response()).text);
    if (isAll(notes) || performance.now() > until) return notes;
    await pause();
  }
}

/** Reads the response, and asks for another one to see whether the connection goes on. */
async function read(client: RawClient, each: Case, parts: Map<string, string>): Promise<void> {
  const method = each.request.slice(0, each.request.indexOf(" "));
  const head = await readHead(client, parts);
  if (head === undefined) return void parts.set("connection", "ends");
  if (each.then === "leave") return;
  const isWhole = await readContent(client, method, head, parts);
  const goesOn = isWhole && await hasNext(client);
  parts.set("connection", goesOn ? "goes on" : "ends");
}

async function readHead(client: RawClient, parts: Map<string, string>): Promise<string | undefined> {
  for (let interim = 0;; interim++) {
    const head = await client.through("\r\n\r\n").catch(() => undefined);
    if (head === undefined) return undefined;
    const [line, ...rows] = head.slice(0, -4).split("\r\n");
    if (/ 1\d\d /.test(line!) && !/ 101 /.test(line!)) {
      parts.set(`interim ${interim}`, line!);
      continue;
    }
    parts.set("version", line!.slice(0, 8));
    parts.set("status", line!.slice(9, 12));
    parts.set("reason", line!.slice(13));
    const names: string[] = [];
    for (const row of rows) {
      const colon = row.indexOf(":");
      const name = row.slice(0, colon).toLowerCase();
      names.push(name);
      const field = `field ${name}`;
      const value = name === "date" && Date.parse(row.slice(colon + 2)) > 0 ? "(now)" : row.slice(colon + 2);
      parts.set(field, [...parts.has(field) ? [parts.get(field)!] : [], boundless(value)].join(" | "));
    }
    parts.set("order of fields", names.join(", "));
    parts.set("letters of names", rows.map((row) => row.slice(0, row.indexOf(":"))).sort().join(", "));
    return head.toLowerCase();
  }
}

/** Whether it came to its end, and where it has one that is seen without the connection's. */
async function readContent(
  client: RawClient,
  method: string,
  head: string,
  parts: Map<string, string>,
): Promise<boolean> {
  const status = parts.get("status");
  if (method === "HEAD" || ["204", "205", "304"].includes(status!) || status === "101") return true;
  const pieces: string[] = [];
  let isWhole = false;
  try {
    if (head.includes("\r\ntransfer-encoding: chunked\r\n")) {
      for (;;) {
        const piece = latin1(await client.chunk());
        if (piece === "") break;
        pieces.push(piece);
      }
      isWhole = true;
    } else {
      const length = /\r\ncontent-length: (\d+)\r\n/.exec(head)?.[1];
      for (let left = Number(length ?? Infinity); left > 0; left--) {
        pieces.push(latin1(await client.bytes(1)));
      }
      isWhole = true;
    }
  } catch {
    // It has ended before.
  }
  parts.set("content", boundless(pieces.join("")));
  parts.set("end of content", isWhole ? "marked" : "that of the connection");
  if (head.includes("chunked")) parts.set("chunks", pieces.map(({ length }) => length).join(" "));
  return isWhole;
}

async function hasNext(client: RawClient): Promise<boolean> {
  try {
    await client.write(`GET / HTTP/1.1\r\nHost: a\r\n${FIELD}: ${NEXT}\r\n\r\n`);
    return (await client.response()).text === "next";
  } catch {
    return false;
  }
}

/** What differs by chance. */
function normal(text: string, { port }: Side): string {
  return boundless(text).replaceAll(`:${port}`, ":(port)");
}

function boundless(text: string): string {
  return text.replaceAll(/-{4}\d+/g, "(boundary)");
}
