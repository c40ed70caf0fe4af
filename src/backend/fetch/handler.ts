/** What a fetch backend's users write: the same handler as for `deno serve`. */

import type { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { TcpAddress } from "../connection/address.ts";

/** A connection that has left HTTP, in the terms of node:http's event "upgrade". */
export interface Upgrade {
  /** The connection. It is the handler's from now on: to answer with 101 or otherwise, and to end. */
  readonly socket: Socket;
  /** What the client has sent behind the request already; mostly empty. It is to be read before what the socket has. */
  readonly head: Buffer;
  /** The request: method, url, headers in lower case, and the socket. */
  readonly request: IncomingMessage;
  /** To be returned by the handler. Nothing of it is sent. */
  readonly response: Response;
}

/** How a WebSocket is served. Those that `Deno.upgradeWebSocket` knows mean the same here. */
export interface WebSocketOptions {
  /** The subprotocol that is spoken: chosen if the client offers it; else there is none. */
  readonly protocol?: string;
  /**
   * Seconds of silence after which the connection counts as broken: when half of them have passed the client is asked for
   * a sign of life (a Ping). 30 unless given; 0 never asks.
   */
  readonly idleTimeout?: number;
  /** Bytes that a message may have; 64 MiB unless given. A longer one ends the connection (1009). */
  readonly maxPayload?: number;
}

/** What {@linkcode RequestInfo.upgradeWebSocket} gives, and `Deno.upgradeWebSocket` too. */
export interface WebSocketUpgrade {
  /** Opens when the handler has returned the response. Its messages can be listened to before. */
  readonly socket: WebSocket;
  /** To be returned by the handler. Fields that are added to its headers are sent with it. */
  readonly response: Response;
}

/** What a TLS handshake has found out. */
export interface TlsInfo {
  /** `TLSv1.2` or `TLSv1.3`. */
  readonly protocol: string;
  /** OpenSSL's name of the cipher suite: `TLS_AES_128_GCM_SHA256`. */
  readonly cipher: string;
  /** The host name that the client asked for, in lower case; empty when it asked for none. */
  readonly serverName: string;
  /** Whether an earlier session of the client went on. */
  readonly resumed: boolean;
  /** The certificate that the client has shown, and that an authority of the site has signed. */
  readonly clientCertificate?: TlsClientCertificate;
}

/** A client's certificate. */
export interface TlsClientCertificate {
  /** Whom it is about and who has signed it, as RFC 2253 writes names: `CN=someone,O=Example`. */
  readonly subject: string;
  readonly issuer: string;
  /** In upper-case hexadecimal. */
  readonly serial: string;
  /** SHA-256, in lower-case hexadecimal. */
  readonly fingerprint: string;
}

/** What a handler is told beside the request. `remoteAddr` and `completed` have the form that they have in `Deno.serve`. */
export interface RequestInfo {
  /**
   * The client's address: the kernel told it to the front that accepted the connection (accept(2)), and the front says it
   * with the hand-off. It comes from no header, and is not asked of the socket again. Of a connection that another
   * backend had before, it is what that one said when it gave it back. The hostname is empty where the front knew none.
   */
  readonly remoteAddr: TcpAddress;
  /** The address that the client connected to, as the hand-off says it. */
  readonly localAddr: TcpAddress;
  /** The site that took the request: its first name, empty for a site without names. */
  readonly site: string;
  /** The path prefix of the route that took it. */
  readonly route: string;
  /** The path below that prefix, normalised and percent-encoded. */
  readonly path: string;
  /** What the client's TLS handshake has found out; undefined for a client that speaks clear text. */
  readonly tls: TlsInfo | undefined;
  /**
   * What the request is called in logs, in what relays say to their servers, and everywhere else: `BOOT-COOKIE.NUMBER`, of
   * which the second part is the kernel's number for the connection (`ss -tne`), or what a trusted client calls it.
   */
  readonly requestId: string;
  /** Its `traceparent` (W3C Trace Context): the client's, or one that begins a trace. */
  readonly trace: string;
  /** Which process accepted the connection, as the front calls itself, with its process number. */
  readonly front: { readonly name: string; readonly process: number };
  /** Settles when the response has been sent, or cannot be. */
  readonly completed: Promise<void>;
  /**
   * Takes the connection out of HTTP, as node:http does for a request with an Upgrade field: from now on it is the
   * handler's, which sends the response with 101 itself, or has a library do it. If the handler throws after that, the
   * socket is destroyed; what it returns is not sent.
   *
   * @throws {TypeError} when the client has not asked for an upgrade (then it gets 400, if nobody catches this), or the
   *   request has been answered or upgraded already
   */
  upgrade(): Upgrade;
  /**
   * Answers the request with a WebSocket, as `Deno.upgradeWebSocket` does.
   *
   * @throws {TypeError} when the client has not asked for one (then it gets 400, if nobody catches this), or the request
   *   has been answered or upgraded already
   */
  upgradeWebSocket(options?: WebSocketOptions): WebSocketUpgrade;
}

/** Answers one request. */
export type FetchHandler = (request: Request, info: RequestInfo) => Response | Promise<Response>;

/** A handed-over connection as it is, before anything has been read from it but what came along with it. */
export interface RawConnection
  extends Pick<RequestInfo, "remoteAddr" | "localAddr" | "site" | "route" | "path" | "tls" | "front"> {
  /**
   * The connection as a socket of node:net. It is the handler's, which ends it. Either side may end before the other, and
   * an error that nobody listens for is no exception.
   */
  readonly socket: Socket;
  /** What the client sends, as a stream of the web. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** What is sent to the client. Closing it ends this side. */
  readonly writable: WritableStream<Uint8Array<ArrayBufferLike>>;
  /** Ends the connection at once. */
  close(): void;
  /** Serves HTTP on it, with the `fetch` beside the handler: for those connections that the handler does not want. */
  answer(): void;
}

/**
 * Takes a connection raw. If it throws or rejects, that is logged and the connection is closed; so it is when it comes to
 * its end without having asked for the socket or a stream.
 */
export type ConnectionHandler = (connection: RawConnection) => void | Promise<void>;

/** What a module for `--fetch` exports by default: this, or a plain {@linkcode FetchHandler}. */
export interface FetchModule {
  fetch: FetchHandler;
}

/** The same with a {@linkcode ConnectionHandler} that gets every connection first. A module may export that by its name. */
export interface ConnectionModule extends Partial<FetchModule> {
  connection: ConnectionHandler;
}
