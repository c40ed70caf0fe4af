/** Requests to CGI programs, and what comes of them. */

import type { ExecRig } from "../support.ts";

/** A request. @param more fields, each with its CRLF */
export const get = (path = "/", more = ""): string => `GET ${path} HTTP/1.1\r\nHost: test\r\n${more}\r\n`;
/** A request after which the connection ends. */
export const last = (path = "/", more = ""): string => get(path, `Connection: close\r\n${more}`);

/** A response's head and content, the chunks of the latter joined. */
export function parse(
  text: string,
): { readonly status: string; readonly fields: string[]; readonly content: string } {
  const end = text.indexOf("\r\n\r\n");
  const [status, ...fields] = text.slice(0, end).split("\r\n");
  let content = text.slice(end + 4);
  if (fields.includes("Transfer-Encoding: chunked")) {
    let joined = "";
    for (let rest = content;;) {
      const line = rest.indexOf("\r\n");
      const size = parseInt(rest.slice(0, line), 16);
      if (Number.isNaN(size)) throw new Error(`The chunks break off: ${JSON.stringify(rest.slice(0, 100))}`);
      if (size === 0) break;
      joined += rest.slice(line + 2, line + 2 + size);
      rest = rest.slice(line + 4 + size);
    }
    content = joined;
  }
  return {
    status: status!.slice("HTTP/1.1 ".length),
    fields: fields.filter((field) => !/^Date:/.test(field)),
    content,
  };
}

/** The response to one request, after which the connection ends. */
export async function ask(
  { rig, give }: ExecRig,
  request: string,
  change = {},
): Promise<ReturnType<typeof parse>> {
  return parse(await rig.rest(give(request, change)));
}

/** The head of a document, in a shell script. */
export const DOCUMENT = "echo Content-Type: text/plain; echo";
