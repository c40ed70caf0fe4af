/** What handlers are told beside the request, worked out when they ask. */

import type { TcpAddress } from "../connection/address.ts";
import type { Exchange } from "../http/exchange.ts";
import type { RequestInfo, TlsInfo, Upgrade, WebSocketOptions, WebSocketUpgrade } from "./handler.ts";
import { switchingResponse, upgrade } from "./leaving_http.ts";
import { tlsInfo } from "./tls_info.ts";
import { WebSocketSwitch } from "./websocket_handshake.ts";

/** The {@linkcode RequestInfo} of one exchange. */
export class ExchangeInfo implements RequestInfo {
  #completed: PromiseWithResolvers<void> | undefined;
  #outcome: { readonly error?: unknown } | undefined;
  #switch: WebSocketSwitch | undefined;

  readonly #exchange: Exchange;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  get remoteAddr(): TcpAddress {
    return this.#exchange.client;
  }

  get localAddr(): TcpAddress {
    return this.#exchange.connection.local;
  }

  get site(): string {
    return this.#exchange.connection.transfer.site;
  }

  get route(): string {
    return this.#exchange.connection.transfer.route;
  }

  get path(): string {
    return this.#exchange.mappedPath;
  }

  get tls(): TlsInfo | undefined {
    return tlsInfo(this.#exchange.connection);
  }

  get requestId(): string {
    return this.#exchange.requestId;
  }

  get trace(): string {
    return this.#exchange.traceparent;
  }

  get front(): { readonly name: string; readonly process: number } {
    const { name, process } = this.#exchange.connection.channel.front!;
    return { name, process };
  }

  get completed(): Promise<void> {
    if (this.#completed === undefined) {
      this.#completed = Promise.withResolvers<void>();
      // Whoever asks for it and does not look at it must not be told of its failure as unhandled.
      this.#completed.promise.catch(() => {});
      this.#settle();
    }
    return this.#completed.promise;
  }

  upgrade(): Upgrade {
    this.#mayUpgrade();
    return { ...upgrade(this.#exchange), response: switchingResponse() };
  }

  upgradeWebSocket(options: WebSocketOptions = {}): WebSocketUpgrade {
    this.#mayUpgrade();
    this.#switch = new WebSocketSwitch(this.#exchange, options);
    return { socket: this.#switch.socket, response: this.#switch.response };
  }

  #mayUpgrade(): void {
    if (this.#outcome !== undefined) {
      throw new TypeError("Cannot upgrade: the request has been answered already");
    }
    if (this.#switch !== undefined) {
      throw new TypeError("Cannot upgrade: the connection has been upgraded already");
    }
  }

  /** The exchange that it tells of. */
  static exchange(info: ExchangeInfo): Exchange {
    return info.#exchange;
  }

  /** The change to a WebSocket that the handler has begun, if it has. */
  static switching(info: ExchangeInfo): WebSocketSwitch | undefined {
    return info.#switch;
  }

  /** Says how the exchange has ended. @param outcome with an error if the response could not be sent whole */
  static end(info: ExchangeInfo, outcome: { readonly error?: unknown }): void {
    info.#outcome = outcome;
    info.#settle();
  }

  #settle(): void {
    if (this.#completed === undefined || this.#outcome === undefined) return;
    if ("error" in this.#outcome) this.#completed.reject(this.#outcome.error);
    else this.#completed.resolve();
  }
}
