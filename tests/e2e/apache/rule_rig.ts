/** Servers and questions for configurations with rules: what a server is told, and what a client gets. */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { RawClient } from "../../support/raw_client.ts";
import type { Request } from "./configuration.ts";

const ADDRESSES: Readonly<Record<string, string>> = { a: "127.0.1.1", b: "127.0.1.2" };

/** Fields that clients and rules speak of; the number that fdpass gives to requests is another for each. */
const TOLD = /^(x-(?!request-id).*|authorization|forwarded|cookie|user-agent|referer|upgrade)$/;
/** Fields of answers that rules speak of; what a server is called is none of them. */
const GIVEN = /^(x-r-.*|location|www-authenticate|set-cookie)$/;

/** Servers that say what they were asked, until the end of a block. */
export class TellingServers {
  readonly #server = createServer((request, response) => {
    const { localAddress } = request.socket;
    const server = Object.keys(ADDRESSES).find((name) => localAddress?.endsWith(ADDRESSES[name]!));
    const told = Object.entries(request.headers).filter(([name]) => TOLD.test(name)).sort();
    response.statusCode = Number(/^\/status\/(\d+)/.exec(request.url!)?.[1] ?? 200);
    response.setHeader("Content-Type", request.url === "/html" ? "text/html" : "text/plain");
    if (request.url === "/fields") {
      for (const name of "ABCDEFGHIK") {
        response.setHeader(`X-R-${name}`, name === "G" ? "xaay" : name === "H" ? "aba" : "s");
      }
      response.setHeader("X-R-D", "four");
      response.setHeader("Set-Cookie", ["a=b", "c=d; Path=/"]);
    }
    response.setHeader(
      "X-Told",
      JSON.stringify({
        server,
        method: request.method,
        host: request.headers.host,
        target: request.url,
        told,
      }),
    );
    response.end();
  });

  static async start(): Promise<TellingServers> {
    const servers = new TellingServers();
    await new Promise<void>((resolve) => servers.#server.listen(0, "0.0.0.0", resolve));
    return servers;
  }

  url(name: string): string {
    return `http://${ADDRESSES[name]}:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}

/** What became of a request, in one line: the status, fields of the answer, and what a server was told. */
export async function outcome(address: string, port: number, request: Request): Promise<string> {
  if (!("raw" in request)) throw new TypeError("A request has to be written out");
  using client = await RawClient.connect(port, address);
  await client.write(Uint8Array.from(request.raw, (character: string) => character.charCodeAt(0)));
  const text = new TextDecoder("latin1").decode(await client.rest());
  return summary(text);
}

/** The same of an answer that is there. */
export function summary(text: string): string {
  const [head = ""] = text.split("\r\n\r\n", 1);
  const [line = "", ...fields] = head.split("\r\n");
  const pairs = fields.map((field) => {
    const [, name = "", value = ""] = /^([^:]*):\s*(.*)$/.exec(field) ?? [];
    return [name.toLowerCase(), value] as const;
  });
  const given = pairs.filter(([name]) => GIVEN.test(name)).map(([name, value]) => `${name}=${value}`).sort();
  const told = pairs.find(([name]) => name === "x-told")?.[1];
  const parts = [line.split(" ")[1] ?? "none", ...given];
  if (told !== undefined) {
    const { server, host, target, told: fields } = JSON.parse(told);
    parts.push(`${server} ${host} ${decoded(target)} ${JSON.stringify(fields)}`);
  }
  return parts.join(" | ").replaceAll(/127\.0\.1\.\d:\d+/g, "SERVER");
}

/** The path in one spelling, whatever is encoded; the query as it is. */
function decoded(target: string): string {
  const [path = "", ...query] = target.split("?");
  const bytes = path.replace(
    /%(?!2f)[0-9a-f]{2}/gi,
    (triple) => String.fromCharCode(Number.parseInt(triple.slice(1), 16)),
  );
  return [bytes, ...query].join("?");
}
