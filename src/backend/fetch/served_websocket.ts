/** The WebSocket that handlers get: the web's interface (WHATWG WebSockets). */

import { mayClose } from "../../websocket/frames.ts";
import type { Ending, WebSocketConnection, WebSocketOwner } from "./websocket_connection.ts";

const CONNECTING = 0;
const CLOSING = 2;
const CLOSED = 3;

/** Bytes that a reason may have (RFC 6455, 5.5). */
const MAX_REASON = 123;
/** An endpoint that goes away (RFC 6455, 7.4.1). */
const GOING_AWAY = 1001;

const encoder = new TextEncoder();

type Handler = ((event: Event) => unknown) | null;

/** A server's WebSocket. Nothing of it is sent before it is opened: that is when the handler has returned the response. */
class ServerWebSocket extends EventTarget {
  #peer: WebSocketConnection | undefined;
  #state = CONNECTING;
  #binaryType: BinaryType = "arraybuffer";
  /** Asked to close before it was open. */
  #closing: readonly [code: number | undefined, reason: string | undefined] | undefined;
  /** By the types of their events. */
  readonly #handlers: Record<string, Handler> = {};
  /** Told when it has ended, if somebody waits for that. */
  #left: (() => void) | undefined;

  // --- the web's interface ----------------------------------------------------------------------------------------

  get url(): string {
    return "";
  }

  get readyState(): number {
    return this.#peer?.readyState ?? this.#state;
  }

  get bufferedAmount(): number {
    return this.#peer?.bufferedAmount ?? 0;
  }

  get extensions(): string {
    return "";
  }

  get protocol(): string {
    return this.#peer?.protocol ?? "";
  }

  get binaryType(): BinaryType {
    return this.#binaryType;
  }

  set binaryType(type: BinaryType) {
    if (type !== "arraybuffer" && type !== "blob") return;
    this.#binaryType = type;
  }

  send(data: string | ArrayBufferLike | Blob | ArrayBufferView): void {
    if (this.readyState === CONNECTING) {
      throw new DOMException("Cannot send: the WebSocket is not open yet", "InvalidStateError");
    }
    this.#peer?.send(sendable(data));
  }

  close(code?: number, reason?: string): void {
    if (code !== undefined && !mayClose(code)) {
      throw new DOMException(`Cannot close with the code ${code}`, "InvalidAccessError");
    }
    if (reason !== undefined && encoder.encode(reason).length > MAX_REASON) {
      throw new DOMException(`Cannot close: the reason has more than ${MAX_REASON} bytes`, "SyntaxError");
    }
    if (this.#peer !== undefined) {
      return this.#peer.close(code ?? (reason === undefined ? code : 1000), reason);
    }
    if (this.#state !== CONNECTING) return;
    this.#state = CLOSING;
    this.#closing = [code, reason];
  }

  static {
    // The handler properties of its events: `onmessage` and its like.
    for (const type of ["open", "message", "error", "close"]) {
      Object.defineProperty(this.prototype, `on${type}`, {
        configurable: true,
        enumerable: true,
        get(this: ServerWebSocket) {
          return this.#handlers[type] ?? null;
        },
        set(this: ServerWebSocket, handler: unknown) {
          // Whoever was set first keeps its place among the listeners (HTML, 8.1.8.1).
          if (this.#handlers[type] === undefined) {
            this.addEventListener(type, (event) => this.#handlers[type]?.call(this, event));
          }
          this.#handlers[type] = typeof handler === "function" ? handler as Handler : null;
        },
      });
    }
    // For code that asks what it has (instanceof), and for the constants.
    Object.setPrototypeOf(this.prototype, WebSocket.prototype);
  }

  // --- its life ---------------------------------------------------------------------------------------------------

  /**
   * Goes on with a connection on which the handshake is done.
   *
   * @param connect makes the WebSocket connection of it
   * @param head what the client has sent behind its handshake
   */
  open(connect: (owner: WebSocketOwner) => WebSocketConnection, head: Uint8Array<ArrayBuffer>): void {
    const peer = this.#peer = connect({
      message: (content) => this.#message(content),
      failed: (message) => this.#failed(message),
      ended: (ending) => this.#ended(ending),
    });
    if (this.#closing !== undefined) this.close(...this.#closing);
    else this.dispatchEvent(new Event("open"));
    peer.begin(head);
  }

  /** It will never be open. @param reason why, in a sentence */
  abandon(reason: string): void {
    if (this.#peer !== undefined || this.#state === CLOSED) return;
    this.#state = CLOSED;
    this.#failed(reason);
    this.#ended({ code: 1006, reason: "", wasClean: false });
  }

  /** Takes leave of the client. Settles when the connection has ended. */
  leave(): Promise<void> {
    if (this.readyState === CLOSED) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const before = this.#left;
    this.#left = () => {
      before?.();
      resolve();
    };
    this.close(GOING_AWAY, "Server shutting down");
    return promise;
  }

  #message(content: string | Uint8Array<ArrayBuffer>): void {
    const data = typeof content === "string"
      ? content
      : this.#binaryType === "blob"
      ? new Blob([content])
      : content.buffer;
    this.dispatchEvent(new MessageEvent("message", { data }));
  }

  #failed(message: string): void {
    this.dispatchEvent(new ErrorEvent("error", { message, error: new Error(message) }));
  }

  #ended(ending: Ending): void {
    this.#left?.();
    this.dispatchEvent(new CloseEvent("close", ending));
  }
}

/** What is given to be sent, as one of three. */
function sendable(data: unknown): string | Uint8Array | Blob {
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (data instanceof ArrayBuffer || data instanceof SharedArrayBuffer) return new Uint8Array(data);
  return data instanceof Blob ? data : String(data);
}

/** {@linkcode ServerWebSocket} as what it is to handlers as well. */
export type ServedWebSocket = ServerWebSocket & WebSocket;
export const ServedWebSocket = ServerWebSocket as unknown as new () => ServedWebSocket;
