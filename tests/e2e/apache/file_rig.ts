/** Questions for configurations that serve files, and what becomes of them in one line. */

import { RawClient } from "../../support/raw_client.ts";
import type { FileRequest } from "./file_case.ts";

/** Fields of an answer that count. */
const GIVEN = new Set([
  "content-type",
  "content-range",
  "content-encoding",
  "content-language",
  "content-length",
  "last-modified",
  "etag",
  "accept-ranges",
  "location",
  "vary",
]);

/** Asks. @param tag the entity tag that stands for ETAG */
export async function askForFile(port: number, request: FileRequest, tag: string): Promise<string> {
  const [line = "", ...fields] = request.split("\n");
  const [method, target] = line.startsWith("/") ? ["GET", line] : line.split(" ") as [string, string];
  const content = method === "POST" || method === "PUT" ? ["Content-Length: 3"] : [];
  const head = [
    `${method} ${target} HTTP/1.1`,
    "Host: one.test",
    "Connection: close",
    ...content,
    ...fields.map((field) => field.replace("ETAG", tag)),
  ];
  using client = await RawClient.connect(port, "127.0.0.1");
  const text = `${head.join("\r\n")}\r\n\r\n${content.length > 0 ? "abc" : ""}`;
  await client.write(Uint8Array.from(text, (character) => character.charCodeAt(0)));
  return summary(new TextDecoder("latin1").decode(await client.rest()), method!);
}

/** The status; of an answer that is no error also its fields and its content. */
function summary(text: string, method: string): string {
  const [head = "", ...rest] = text.split("\r\n\r\n");
  const content = rest.join("\r\n\r\n");
  const [line = "", ...fields] = head.split("\r\n");
  const status = line.split(" ")[1] ?? "none";
  const pairs = fields.map((field) => {
    const [, name = "", value = ""] = /^([^:]*):\s*(.*)$/.exec(field) ?? [];
    return [name.toLowerCase(), value] as const;
  });
  const echo = pairs.find(([name]) => name === "x-told")?.[1];
  if (echo !== undefined) {
    const { server, target, method: asked } = JSON.parse(echo);
    return `${status} ${server} ${asked} ${target}`;
  }
  const rules = pairs.filter(([name]) => name.startsWith("x-r-")).map(([name, value]) => `${name}=${value}`);
  // Whoever writes the text of an error, or of a redirect, writes its own; a document of the site is marked.
  const isOwn = Number(status) >= 300 && !/^(own|index of|soon|app|page|told)\b/.test(content);
  const given = pairs.filter(([name]) => GIVEN.has(name)).flatMap(([name, value]) => {
    if (name === "location") return [`location=${value.replace(/^https?:\/\/one\.test(:\d+)?/, "")}`];
    // A page of an error is no version of anything.
    if (Number(status) >= 400 && /^(etag|last-modified|accept-ranges)$/.test(name)) return [];
    if (isOwn && name !== "content-range" && name !== "etag") return [];
    // It is another each time.
    // Of what there is none of.
    if (name === "content-type" && method === "OPTIONS") return [];
    if (name === "content-type") return [`type=${value.replace(/boundary=.*/, "boundary=")}`];
    if (name === "content-length" && /multipart/.test(head)) return [];
    return [`${name}=${value}`];
  });
  const shown = isOwn || method === "OPTIONS"
    ? ""
    : content.replace(/\r\n--[0-9a-z]+/g, "\r\n--").replace(/Content-([tr])/g, (_, letter) =>
      `Content-${letter.toUpperCase()}`);
  return [status, ...rules.sort(), ...given.sort(), JSON.stringify(shown)].join(" | ");
}
