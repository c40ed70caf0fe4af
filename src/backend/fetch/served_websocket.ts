/** The WebSocket that handlers get: the web's interface (WHATWG WebSockets) on a connection of `ws`. */

import type { Socket } from "node:net";
import type { Clock } from "../../loop/deadlines.ts";

/** What is used of a WebSocket of `ws` (github.com/websockets/ws, doc/ws.md). */
export interface Peer {
  readonly readyState: number;
  readonly bufferedAmount: number;
  readonly extensions: string;
  readonly protocol: string;
  binaryType: string;
  send(data: unknown): void;
  close(code?: number, reason?: string): void;
  terminate(): void;
  ping(): void;
  on(event: "message", listener: (data: unknown, isBinary: boolean) => void): void;
  on(event: "error", listener: (error: Error) => void): void;
  addEventListener(
    type: "close",
    listener: (event: { code: number; reason: string; wasClean: boolean }) => void,
  ): void;
}

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;

/** Bytes that a reason may have (RFC 6455, 5.5). */
const MAX_REASON = 123;
/** An endpoint that goes away (RFC 6455, 7.4.1). */
const GOING_AWAY = 1001;
/** Bytes of a Ping without content. */
const PING = 2;

const encoder = new TextEncoder();

type Handler = ((event: Event) => unknown) | null;

/** A server's WebSocket. Nothing of it is sent before it is opened: that is when the handler has returned the response. */
class ServerWebSocket extends EventTarget {
  #peer: Peer | undefined;
  #state = CONNECTING;
  #binaryType: BinaryType = "arraybuffer";
  /** Asked to close before it was open. */
  #closing: readonly [code: number | undefined, reason: string | undefined] | undefined;
  #heartbeat: ReturnType<typeof setInterval> | undefined;
  readonly #handlers = new Map<string, Handler>();
  readonly #closed = Promise.withResolvers<void>();

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
    return this.#peer?.extensions ?? "";
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
    if (this.#peer !== undefined) this.#peer.binaryType = type;
  }

  send(data: string | ArrayBufferLike | Blob | ArrayBufferView): void {
    if (this.readyState === CONNECTING) {
      throw new DOMException("Cannot send: the WebSocket is not open yet", "InvalidStateError");
    }
    this.#peer?.send(copyOf(data));
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
          return this.#handlers.get(type) ?? null;
        },
        set(this: ServerWebSocket, handler: unknown) {
          // Whoever was set first keeps its place among the listeners (HTML, 8.1.8.1).
          if (!this.#handlers.has(type)) {
            this.addEventListener(type, (event) => this.#handlers.get(type)?.call(this, event));
          }
          this.#handlers.set(type, typeof handler === "function" ? handler as Handler : null);
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
   * @param socket what the connection of `ws` is on
   * @param idleTimeout seconds; 0 asks for no sign of life
   */
  open(peer: Peer, socket: Socket, idleTimeout: number, clock: Clock): void {
    this.#peer = peer;
    peer.binaryType = this.#binaryType;
    peer.on("message", (data, isBinary) => {
      this.dispatchEvent(new MessageEvent("message", { data: isBinary ? data : String(data) }));
    });
    peer.on("error", (error) => this.#failed(error.message, error));
    peer.addEventListener("close", ({ code, reason, wasClean }) => this.#ended({ code, reason, wasClean }));
    if (idleTimeout > 0) this.#listenForLife(socket, idleTimeout, clock);
    if (this.#closing !== undefined) return this.close(...this.#closing);
    this.dispatchEvent(new Event("open"));
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
    this.close(GOING_AWAY, "Server shutting down");
    return this.#closed.promise;
  }

  #failed(message: string, error?: Error): void {
    this.dispatchEvent(new ErrorEvent("error", { message, error }));
  }

  #ended(how: { readonly code: number; readonly reason: string; readonly wasClean: boolean }): void {
    clearInterval(this.#heartbeat);
    this.#closed.resolve();
    this.dispatchEvent(new CloseEvent("close", how));
  }

  /** Asks a client that has been silent for half of the time, and gives it the other half to answer. */
  #listenForLife(socket: Socket, idleTimeout: number, clock: Clock): void {
    // What the client has taken counts as well: a Pong waits behind the message that it is still receiving.
    const moved = () => socket.bytesRead + socket.bytesWritten - socket.writableLength;
    const half = idleTimeout * 500;
    // The handshake is a sign of life.
    let before = 0;
    let last = clock();
    let asked = false;
    this.#heartbeat = setInterval(() => {
      const [now, time] = [moved(), clock()];
      const silent = now - before <= (asked ? PING : 0);
      // A process that was held up itself has not looked at what the client has sent.
      const late = time - last > half * 1.5;
      [before, last] = [now, time];
      if (silent && asked && !late) {
        this.#failed("The client gives no sign of life");
        return this.#peer?.terminate();
      }
      asked = silent && this.readyState === OPEN;
      if (asked) this.#peer?.ping();
    }, half);
  }
}

/** Codes that a server may close with (RFC 6455, 7.4): all that may be sent, where a browser's scripts have 1000 alone. */
function mayClose(code: number): boolean {
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006 ||
    code >= 3000 && code <= 4999;
}

/** What is to be sent, as it is now: it leaves later, and its memory may be somebody's to use again by then. */
function copyOf(data: unknown): string | Uint8Array | Blob {
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
  if (data instanceof ArrayBuffer || data instanceof SharedArrayBuffer) return new Uint8Array(data).slice();
  return data instanceof Blob ? data : String(data);
}

/** {@linkcode ServerWebSocket} as what it is to handlers as well. */
export type ServedWebSocket = ServerWebSocket & WebSocket;
export const ServedWebSocket = ServerWebSocket as unknown as new () => ServedWebSocket;
