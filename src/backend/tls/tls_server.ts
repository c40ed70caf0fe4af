/** The kind `tls`: does the handshakes of connections that nobody has looked at, and gives them back. */

import {
  type Descriptor,
  EMFILE,
  ErrnoError,
  hasKernelTls,
  setNonblocking,
  setOption,
  SO_SNDBUF,
  SOCK_STREAM,
  SOL_SOCKET,
  unixSocketPair,
} from "../../../ffi/mod.ts";
import type { Session } from "../../../ffi/openssl/mod.ts";
import type { Tls } from "../../config/tls.ts";
import { answer } from "../../http/answers.ts";
import { httpDate } from "../../http/response_head.ts";
import type { Deadlines } from "../../loop/deadlines.ts";
import type { Loop } from "../../loop/loop.ts";
import { RETURN_TLS, SCOPE_RAW } from "../../protocol/messages.ts";
import { encodeTls } from "../../protocol/tls_field.ts";
import { ClientHelloReader, MAX_HELLO_RECORDS } from "../../tls/client_hello.ts";
import { Connection, type ConnectionHome, ConnectionLost } from "../connection/connection.ts";
import type { ConnectionServer } from "../connection/connection_server.ts";
import { Copying, type CopyingTimes } from "./copying.ts";
import type { CertificateFact } from "./site_context.ts";
import { Credentials } from "./credentials.ts";
import { type Established, Handshake, type HandshakeOwner } from "./handshake.ts";
import { KnownFields, untouched } from "./state.ts";
import { Unasked, type UnaskedOwner } from "./unasked.ts";

const NOTHING = new Uint8Array(0);

/**
 * Bytes that a stream takes from whoever serves a client before that waits: twice as many, as the kernel counts, and at
 * most what it allows (socket(7), wmem_max). So much goes from one process to the other at a time when it is a large file.
 */
const STREAM_BUFFER = 524_288;

/** What handshakes tell people. */
export type TlsEvent =
  /** Said once for each way that is in use. */
  | { readonly type: "way"; readonly way: "kernel" | "pair"; readonly why: string }
  | { readonly type: "not-raw" }
  | { readonly type: "descriptors" }
  | { readonly type: "error"; readonly error: unknown };

/** What a server of this kind is made with. */
export interface TlsServerOptions {
  readonly settings: Tls;
  /** Encrypt the tickets of sessions; {@linkcode TICKET_KEYS} bytes. */
  readonly ticketKeys: Uint8Array<ArrayBuffer>;
  readonly report: (event: TlsEvent) => void;
  /** Whether the kernel knows TLS; it is asked unless given. */
  readonly kernel?: boolean;
}

/** What the process has one of, known from the first connection on. */
interface Shared {
  readonly loop: Loop;
  readonly deadlines: Deadlines;
  readonly copying: CopyingTimes;
}

/** Does handshakes. */
export class TlsServer implements ConnectionServer, HandshakeOwner, UnaskedOwner {
  readonly selfContained = true;
  readonly reader: ClientHelloReader = new ClientHelloReader();
  readonly peeked: Uint8Array<ArrayBuffer> = new Uint8Array(MAX_HELLO_RECORDS);
  readonly peekSize: bigint = BigInt(MAX_HELLO_RECORDS);
  readonly report: (event: TlsEvent) => void;
  credentials: Credentials;
  readonly #kernel: boolean;
  #settings: Tls;
  #shared: Shared | undefined;
  readonly #handshakes = new Set<Handshake>();
  readonly #unasked = new Set<Unasked>();
  readonly #copying = new Set<Copying>();
  readonly #fields = new KnownFields();
  readonly #told = new Set<string>();
  #pairTold = false;
  #draining = false;

  /** @throws {OpenSslError} when a key or certificate cannot be used */
  constructor({ settings, ticketKeys, report, kernel = hasKernelTls() }: TlsServerOptions) {
    this.#settings = settings;
    this.#kernel = kernel;
    this.report = report;
    this.credentials = new Credentials(settings, { ticketKeys, kernel });
  }

  /** What is true of the certificates in use. */
  get facts(): readonly CertificateFact[] {
    return this.credentials.facts;
  }

  /** What people should know of the authorities of clients. */
  get warnings(): readonly string[] {
    return this.credentials.warnings;
  }

  /**
   * Goes on with other settings, or with the same files read again: handshakes that begin from now on. Those under way go
   * on with what they began with.
   *
   * @throws {OpenSslError} when one cannot be used: everything stays as it was then
   */
  follow(settings: Tls, ticketKeys: Uint8Array<ArrayBuffer>): void {
    const next = new Credentials(settings, { ticketKeys, kernel: this.#kernel });
    this.credentials.free();
    this.credentials = next;
    this.#settings = settings;
    if (this.#shared !== undefined) this.#shared.deadlines.milliseconds = settings.timeout;
  }

  get loop(): Loop {
    return this.#shared!.loop;
  }

  get deadlines(): Deadlines {
    return this.#shared!.deadlines;
  }

  serve(connection: Connection): void {
    const { transfer: { detail }, home } = connection;
    this.#shared ??= this.#share(home);
    if (detail !== SCOPE_RAW) {
      this.#tellOnce({ type: "not-raw" });
      return connection.close();
    }
    const handshake = new Handshake(this, connection);
    this.#handshakes.add(handshake);
    handshake.begin();
  }

  #share({ loop, times: { stall, linger } }: ConnectionHome): Shared {
    const { deadlines } = loop;
    return {
      loop,
      deadlines: deadlines.list(this.#settings.timeout),
      copying: { stall, linger, nextTurn: deadlines.list(0) },
    };
  }

  failed(error: unknown): void {
    this.report({ type: "error", error });
  }

  ended(handshake: Handshake): void {
    this.#handshakes.delete(handshake);
  }

  established(established: Established): void {
    const { connection: { home: { counters } }, session } = established;
    counters.add("handshakes", 1);
    if (session.resumed) counters.add("resumed", 1);
    if (this.#kernel && session.kernelSends && session.kernelReceives) return this.#passOn(established);
    this.#tellOfPair(session);
    // Where it is let go of, it is at once: nobody waits for it here.
    if (this.#draining) return this.asked(established);
    const unasked = new Unasked(this, established);
    this.#unasked.add(unasked);
    unasked.begin();
  }

  over(unasked: Unasked): void {
    this.#unasked.delete(unasked);
  }

  /** The kernel goes on with it: nothing of it stays here. */
  #passOn(established: Established): void {
    const { connection, session, watch } = established;
    this.#tellOnce({ type: "way", way: "kernel", why: "the kernel goes on where a handshake has ended" });
    const tls = this.#fields.of("kernel", established);
    watch.await(0);
    session.leaveConnection();
    session.free();
    setNonblocking(connection.fd, false);
    this.#giveBack(connection, tls);
  }

  /** It stays here, and its client asks: whoever serves that gets one end of a stream. */
  asked(established: Established): void {
    const { connection, session, watch } = established;
    let ends: [Descriptor, Descriptor];
    try {
      // Nothing here waits at our end, and theirs is to be as clients' sockets come.
      ends = unixSocketPair(SOCK_STREAM, 0);
    } catch (error) {
      watch.await(0);
      session.free();
      connection.close();
      return this.#shortOf(error);
    }
    const [stream, theirs] = ends;
    setOption(theirs, SOL_SOCKET, SO_SNDBUF, STREAM_BUFFER);
    const tls = this.#fields.of("pair", established);
    const { home, channel, transfer } = connection;
    const { copying: times } = this.#shared!;
    const copying = new Copying(times, connection, watch, stream, session, this.#copied);
    this.#copying.add(copying);
    copying.begin();
    // It is a connection of its own from here on: the client's stays.
    const leaving = new Connection(home, theirs, channel, { ...transfer, tls });
    this.#giveBack(leaving, tls);
  }

  readonly #copied = (copying: Copying): void => void this.#copying.delete(copying);

  #tellOfPair(session: Session): void {
    // Without such a kernel there is one reason for all.
    if (!this.#kernel && this.#pairTold) return;
    this.#pairTold = true;
    this.#tellOnce({ type: "way", way: "pair", why: this.#whyPair(session) });
  }

  #whyPair(session: Session): string {
    if (!this.#kernel) return "the kernel does not know TLS (the module tls is not loaded)";
    const { version } = session.agreement;
    return session.kernelSends
      ? `OpenSSL does not let the kernel receive ${version === 0x0304 ? "TLS 1.3" : "TLS 1.2"}`
      : `the kernel does not know ${session.cipherName}`;
  }

  giveBackUntouched(connection: Connection, serverName: string): void {
    this.#giveBack(connection, encodeTls(untouched(serverName)));
  }

  #giveBack(connection: Connection, tls: Uint8Array<ArrayBuffer>): void {
    const leaving = { connection, requests: 0, reason: RETURN_TLS, preread: NOTHING, tls };
    if (!connection.channel.giveBack(leaving)) connection.close();
  }

  /** The front has gone: nobody is there to look at what the client asks. */
  returnFailed(connection: Connection): void {
    connection.close();
  }

  refuse(connection: Connection, alert: Uint8Array<ArrayBuffer> = NOTHING): void {
    connection.home.counters.add("failedHandshakes", 1);
    this.#say(connection, alert);
  }

  refuseClearText(connection: Connection): void {
    connection.home.counters.add("failedHandshakes", 1);
    const why = "this port speaks HTTPS: the address begins with https://";
    this.#say(connection, answer(400, { why, date: httpDate(Date.now()) }) as Uint8Array<ArrayBuffer>);
  }

  async #say(connection: Connection, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    try {
      await connection.sendAll(bytes);
      await connection.closeGently();
    } catch (error) {
      connection.close();
      if (!(error instanceof ConnectionLost)) this.report({ type: "error", error });
    }
  }

  #shortOf(error: unknown): void {
    const short = error instanceof ErrnoError && error.errno === EMFILE;
    this.report(short ? { type: "descriptors" } : { type: "error", error });
  }

  #tellOnce(event: TlsEvent & { readonly type: "way" | "not-raw" }): void {
    const key = JSON.stringify(event);
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.report(event);
  }

  /** Whoever asks for nothing gives way, the one that has done so for longest first. */
  makeRoom(): boolean {
    const [oldest] = this.#unasked;
    oldest?.abandon();
    return oldest !== undefined;
  }

  /** Handshakes come to their end, and what is copied goes on. Who has said nothing is owed nothing. */
  drain(): void {
    this.#draining = true;
    for (const handshake of [...this.#handshakes]) if (handshake.isSilent) handshake.abandon();
    // The front knows whether it ends as well, or goes on and waits for what is asked.
    for (const unasked of [...this.#unasked]) unasked.letGo();
  }

  /** Closes everything that clients' connections do not own. */
  forget(): void {
    for (const handshake of [...this.#handshakes]) handshake.abandon();
    for (const unasked of [...this.#unasked]) unasked.abandon();
    for (const copying of [...this.#copying]) copying.abort();
    this.credentials.free();
  }
}
