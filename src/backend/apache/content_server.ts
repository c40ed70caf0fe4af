/** Contents of responses, by a fetch-style handler. Their heads were sent before, and what was asked is not known. */

import { newTraceparent } from "../log/identity.ts";
import type { TcpAddress } from "../connection/address.ts";
import { type Connection, ConnectionLost } from "../connection/connection.ts";
import type { ConnectionServer } from "../connection/connection_server.ts";
import type { FetchHandler, RequestInfo } from "../fetch/handler.ts";
import { wholeBody } from "../fetch/response_parts.ts";
import { abortRequest, servedRequest } from "../fetch/served_request.ts";
import { ApacheConnection } from "./apache_connection.ts";

/** What every handler is asked: a request without a head. */
const REQUEST = {
  method: "GET",
  url: "http://localhost/",
  fields: (): [string, string][] => [],
  content: () => undefined,
};

/** The type that a Response gives a text by itself: a handler that has it said nothing of it. */
const TEXT = "text/plain;charset=UTF-8";

const encoder = new TextEncoder();

/** What is told of what happens. */
export interface ContentServerOptions {
  /** Takes what a handler threw. */
  readonly onError: (error: unknown) => void;
  /** Takes what a handler wanted to say in a response's head, once: `status 404`, `header "location"`. */
  readonly onUnsaid: (what: string) => void;
}

/** Writes the body of the handler's response on each connection, and ends it. */
export class ContentServer implements ConnectionServer {
  #toldUnsaid = false;

  constructor(readonly handler: FetchHandler, readonly options: ContentServerOptions) {}

  serve(connection: Connection): void {
    void this.#serve(connection);
  }

  /** Never rejects: whatever happens ends with the connection. */
  async #serve(connection: Connection): Promise<void> {
    const request = servedRequest(REQUEST);
    const info = new ApacheInfo(connection);
    try {
      connection.onGone(() => abortRequest(request, new ConnectionLost("The client is gone")));
      const response = await this.handler(request, info);
      if (!(response instanceof Response)) {
        throw new TypeError("Cannot respond: the handler returned no Response");
      }
      this.#noteUnsaid(response);
      await sendContent(connection, response);
      connection.onGone(undefined);
      info.end();
      await connection.closeGently();
    } catch (error) {
      connection.onGone(undefined);
      // The client must not take what it has for the whole.
      connection.breakOff();
      abortRequest(request, error);
      info.end(error);
      if (!(error instanceof ConnectionLost)) this.options.onError(error);
    }
  }

  #noteUnsaid(response: Response): void {
    if (this.#toldUnsaid) return;
    const unsaid = unsaidOf(response);
    if (unsaid === undefined) return;
    this.#toldUnsaid = true;
    this.options.onUnsaid(unsaid);
  }

  drain(): void {
    // Nothing here is ever idle.
  }

  returnFailed(connection: Connection): void {
    // Nothing here is ever given back.
    connection.close();
  }
}

/** What a response says that cannot be sent; the first of it. */
function unsaidOf({ status, headers }: Response): string | undefined {
  if (status !== 200) return `status ${status}`;
  for (const [name, value] of headers) {
    if (name !== "content-type" || value !== TEXT) return `header "${name}"`;
  }
  return undefined;
}

async function sendContent(connection: Connection, response: Response): Promise<void> {
  // Before anything else is asked of its content: a stream would be made of it.
  const whole = wholeBody(response);
  if (whole !== undefined) {
    return await connection.sendAll(
      typeof whole === "string" ? encoder.encode(whole) as Uint8Array<ArrayBuffer> : whole,
    );
  }
  if (response.bodyUsed) throw new TypeError("Cannot respond: the body has been read already");
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  const lost = new ConnectionLost("Cannot send the response: the client is gone");
  let gone = false;
  connection.onGone(() => {
    gone = true;
    // Also while the source has nothing to send, which may be for ever. Its own errors there are not ours.
    reader.cancel(lost).catch(() => {});
  });
  try {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      await connection.sendAll(piece.value as Uint8Array<ArrayBuffer>);
    }
    if (gone) throw lost;
  } catch (error) {
    reader.cancel(error).catch(() => {});
    throw error;
  }
}

/** What a handler is told: the addresses. Which site and route it was, Apache does not say. */
class ApacheInfo implements RequestInfo {
  /** Apache has done what there was to do. */
  readonly tls: undefined = undefined;
  readonly site = "";
  readonly route = "";
  readonly path = "/";
  readonly trace: string = newTraceparent();
  readonly #completed = Promise.withResolvers<void>();

  constructor(readonly connection: Connection) {
    // Whoever does not look at it must not be told of its failure as unhandled.
    this.#completed.promise.catch(() => {});
  }

  get requestId(): string {
    return `${this.connection.name}.1`;
  }

  get remoteAddr(): TcpAddress {
    return this.connection.client;
  }

  get localAddr(): TcpAddress {
    return this.connection.local;
  }

  get front(): { readonly name: string; readonly process: number } {
    const { connection } = this;
    return { name: "apache", process: connection instanceof ApacheConnection ? connection.process : 0 };
  }

  get completed(): Promise<void> {
    return this.#completed.promise;
  }

  upgrade(): never {
    throw new TypeError("Cannot upgrade: Apache has answered the request already");
  }

  upgradeWebSocket(): never {
    return this.upgrade();
  }

  /** The response has been sent, or cannot be. */
  end(error?: unknown): void {
    if (error === undefined) this.#completed.resolve();
    else this.#completed.reject(error);
  }
}
