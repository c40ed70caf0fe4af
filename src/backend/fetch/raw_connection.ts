/** Connections that a module takes as they are, for protocols other than HTTP. */

import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import type { TcpAddress } from "../connection/address.ts";
import type { Connection } from "../connection/connection.ts";
import type { ConnectionServer } from "../connection/connection_server.ts";
import { takeSocket } from "../connection/taken_socket.ts";
import type { ConnectionHandler, RawConnection, TlsInfo } from "./handler.ts";
import { tlsInfo } from "./tls_info.ts";

type Streams = Pick<RawConnection, "readable" | "writable">;

/** The {@linkcode RawConnection} of one connection. */
class HandedConnection implements RawConnection {
  readonly #connection: Connection;
  readonly #http: ConnectionServer | undefined;
  #socket: Socket | undefined;
  #streams: Streams | undefined;
  #answered = false;
  #lost = false;

  constructor(connection: Connection, http: ConnectionServer | undefined) {
    this.#connection = connection;
    this.#http = http;
  }

  get remoteAddr(): TcpAddress {
    return this.#connection.client;
  }

  get localAddr(): TcpAddress {
    return this.#connection.local;
  }

  get site(): string {
    return this.#connection.transfer.site;
  }

  get route(): string {
    return this.#connection.transfer.route;
  }

  get path(): string {
    return this.#connection.transfer.path;
  }

  get tls(): TlsInfo | undefined {
    return tlsInfo(this.#connection);
  }

  get front(): { readonly name: string; readonly process: number } {
    const { name, process } = this.#connection.channel.front!;
    return { name, process };
  }

  get socket(): Socket {
    if (this.#socket !== undefined) return this.#socket;
    if (this.#answered) throw new TypeError("Cannot take the connection: HTTP is served on it already");
    const socket = takeSocket(this.#connection);
    const { preread } = this.#connection.transfer;
    if (preread.length > 0) socket.unshift(preread.slice());
    socket.once("error", () => this.#lost = true);
    return this.#socket = socket;
  }

  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#bothWays.readable;
  }

  get writable(): WritableStream<Uint8Array<ArrayBufferLike>> {
    return this.#bothWays.writable;
  }

  get #bothWays(): Streams {
    // The types of node:stream/web are others than those of the web, for the same objects.
    return this.#streams ??= Duplex.toWeb(this.socket) as unknown as Streams;
  }

  close(): void {
    this.#connection.close();
  }

  answer(): void {
    if (this.#http === undefined) {
      throw new TypeError("Cannot answer: the module has no default export { fetch(request, info) }");
    }
    if (this.#answered || this.#connection.closed) {
      throw new TypeError("Cannot answer: the connection has been taken already");
    }
    this.#answered = true;
    this.#http.serve(this.#connection);
  }

  /** Whether nobody has it. */
  static isUntaken(raw: HandedConnection): boolean {
    return raw.#socket === undefined && !raw.#answered;
  }

  /** Whether the client has broken it off. */
  static isLost(raw: HandedConnection): boolean {
    return raw.#lost;
  }
}

/** Serves connections with a module's `connection`, and its `fetch` where that hands them on. */
export class RawServer implements ConnectionServer {
  /**
   * @param http serves HTTP with the module's `fetch`, where it has one
   * @param onError takes what the handler threw
   */
  constructor(
    readonly handler: ConnectionHandler,
    readonly http: ConnectionServer | undefined,
    readonly onError: (error: unknown) => void,
  ) {}

  serve(connection: Connection): void {
    void this.#serve(connection);
  }

  async #serve(connection: Connection): Promise<void> {
    const raw = new HandedConnection(connection, this.http);
    try {
      await this.handler(raw);
      // Nobody would ever close it.
      if (HandedConnection.isUntaken(raw)) connection.close();
    } catch (error) {
      connection.close();
      // That a client breaks off is no fault of the handler's, whatever the streams make of it.
      if (!HandedConnection.isLost(raw)) this.onError(error);
    }
  }

  /** Connections of other protocols know no moment at which nothing is under way: they end when their handlers say so. */
  drain(): void {
    this.http?.drain();
  }

  returnFailed(connection: Connection): void {
    if (this.http === undefined) connection.close();
    else this.http.returnFailed(connection);
  }
}
