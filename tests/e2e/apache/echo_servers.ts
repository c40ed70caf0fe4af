/** Servers that answer with what they were asked: one program, told apart by the addresses that it is reached at. */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** What a server was asked. */
export interface Echo {
  /** The server's name: `a`, `b`, `c` or `d`. */
  readonly server: string;
  readonly host: string;
  /** The target of the request, query and all. */
  readonly target: string;
}

/** Addresses of this host by the name of the server. */
const ADDRESSES: Readonly<Record<string, string>> = {
  a: "127.0.1.1",
  b: "127.0.1.2",
  c: "127.0.1.3",
  d: "127.0.1.4",
};

/** The servers, until the end of a block. */
export class EchoServers {
  readonly #server = createServer((request, response) => {
    const { localAddress } = request.socket;
    const server = Object.keys(ADDRESSES).find((name) => localAddress?.endsWith(ADDRESSES[name]!));
    const { host = "" } = request.headers;
    const echo: Echo = { server: server ?? "", host, target: request.url! };
    // A field, which the answer to a HEAD has too.
    response.setHeader("X-Echo", JSON.stringify(echo));
    response.end();
  });

  /** Starts them. */
  static async start(): Promise<EchoServers> {
    const echo = new EchoServers();
    await new Promise<void>((resolve) => echo.#server.listen(0, "0.0.0.0", resolve));
    return echo;
  }

  /** `http://127.0.1.1:40000`: no slash at its end. */
  url(name: string): string {
    return `http://${ADDRESSES[name]}:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}
