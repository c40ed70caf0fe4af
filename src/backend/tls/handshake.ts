/** One connection from its hand-off until its handshake is over: looked at, chosen for, shaken hands with, given back. */

import {
  EAGAIN,
  EPOLLERR,
  EPOLLHUP,
  EPOLLOUT,
  EPOLLRDHUP,
  libc,
  MSG_DONTWAIT,
  MSG_PEEK,
  setLowWaterMark,
  setNonblocking,
  settle,
} from "../../../ffi/mod.ts";
import { BROKEN, Session, WANTS_READ } from "../../../ffi/openssl/mod.ts";
import { type Deadlines, Timed } from "../../loop/deadlines.ts";
import type { Loop } from "../../loop/loop.ts";
import { alertRecord, INTERNAL_ERROR, NO_APPLICATION_PROTOCOL, UNRECOGNIZED_NAME } from "../../tls/alerts.ts";
import type { ClientHello, ClientHelloReader } from "../../tls/client_hello.ts";
import type { Connection } from "../connection/connection.ts";
import type { Credentials } from "./credentials.ts";
import { RECEIVING, Watch } from "./watch.ts";

const { recv } = libc;

/** What is spoken here over TLS (RFC 7301, section 6; the IANA registry of protocol ids). */
const SPOKEN = ["http/1.1", "http/1.0"];

/** What there is when a handshake has succeeded: all of it the owner's. */
export interface Established {
  readonly connection: Connection;
  readonly session: Session;
  /** Of the connection; it waits for what the client says. */
  readonly watch: Watch;
  /** The name that the client has asked for; empty when it asked for none. */
  readonly serverName: string;
  /** What was asked of the client. */
  readonly policy: number;
}

/** Who has handshakes done, and takes what comes of them. In each case below the connection is the owner's again. */
export interface HandshakeOwner {
  readonly loop: Loop;
  /** Of a client's first message, and again of the rest. */
  readonly deadlines: Deadlines;
  readonly reader: ClientHelloReader;
  /** Where first messages are looked at: used within one call only. */
  readonly peeked: Uint8Array<ArrayBuffer>;
  readonly peekSize: bigint;
  readonly credentials: Credentials;
  /** It has succeeded. */
  established(established: Established): void;
  /** It is another backend's to do. */
  giveBackUntouched(connection: Connection, serverName: string): void;
  /** It has failed, or cannot begin. @param alert what there is to say that OpenSSL has not said */
  refuse(connection: Connection, alert?: Uint8Array<ArrayBuffer>): void;
  /** The client speaks HTTP in clear text. */
  refuseClearText(connection: Connection): void;
  /** A mistake of ours, for people. */
  failed(error: unknown): void;
  /** The handshake answers for its connection no more. */
  ended(handshake: Handshake): void;
}

/**
 * Where it stands:
 *
 *     hello ──→ shaking ──→ over
 *       ╰──────────┴──────→ over   (refused, given back untouched, or the client has gone)
 *
 * While it is not over, this object watches the connection and answers for it.
 */
type Stage = "hello" | "shaking" | "over";

/** A handshake under way. */
export class Handshake extends Timed {
  #stage: Stage = "hello";
  readonly #watch: Watch;
  #awaited = 1;
  #serverName = "";
  #policy = 0;
  #selfSigned = false;
  #session: Session | undefined;

  constructor(readonly owner: HandshakeOwner, readonly connection: Connection) {
    super();
    this.#watch = new Watch(owner.loop, connection.fd, (events) => this.#ready(events));
  }

  /** Whether the client has said nothing yet. */
  get isSilent(): boolean {
    return this.#stage === "hello" && this.#awaited === 1;
  }

  /** Looks at what is there, and waits for more where that is not all of it. */
  begin(): void {
    this.owner.deadlines.start(this);
    this.#look();
  }

  #ready(events: number): void {
    if (this.#stage === "shaking") return this.#shake();
    const led = this.#look();
    // The client has ended in the middle of its first message: nobody is there to be answered.
    if (!led && events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) this.#drop();
  }

  /** The client takes too long. It has said nothing that could be answered. */
  override expire(): void {
    this.#drop();
  }

  /** Looks at the first message. @returns whether it led anywhere */
  #look(): boolean {
    if (this.#stage !== "hello") return true;
    const { owner, connection } = this;
    const { peeked, peekSize } = owner;
    const length = settle(recv(connection.fd, peeked, peekSize, MSG_PEEK | MSG_DONTWAIT));
    if (length === 0 || length < 0 && length !== -EAGAIN) {
      this.#drop();
      return true;
    }
    const verdict = owner.reader.read(peeked, Math.max(0, length));
    switch (verdict.verdict) {
      case "more":
        // Level-triggered: less than is needed wakes nobody, and an end does.
        if (length > 0) this.#await(verdict.needed);
        this.#watch.await(RECEIVING);
        return false;
      case "http":
        this.#end();
        owner.refuseClearText(connection);
        return true;
      case "reject":
        this.#refuse(verdict.alert);
        return true;
      case "hello":
        if (this.#awaited > 1) this.#await(1);
        this.#choose(verdict.hello);
        return true;
    }
  }

  /** The socket counts as readable from so many bytes on. It goes on as it came. */
  #await(bytes: number): void {
    setLowWaterMark(this.connection.fd, bytes);
    this.#awaited = bytes;
  }

  #choose({ serverName, protocols }: ClientHello): void {
    const { owner, connection } = this;
    this.#serverName = serverName ?? "";
    const choice = owner.credentials.choose(connection.transfer.route, serverName);
    if (choice === "nobody") {
      return this.#refuse(UNRECOGNIZED_NAME);
    }
    if (choice === "pass") {
      this.#end();
      return owner.giveBackUntouched(connection, this.#serverName);
    }
    if (protocols !== undefined && !protocols.some((name) => SPOKEN.includes(name))) {
      return this.#refuse(NO_APPLICATION_PROTOCOL);
    }
    this.#policy = choice.policy;
    this.#selfSigned = choice.selfSigned;
    this.#stage = "shaking";
    // The client has as long again: it waits for nobody but us from here on.
    owner.deadlines.start(this);
    try {
      setNonblocking(connection.fd, true);
      this.#session = new Session(choice.context, connection.fd);
    } catch (error) {
      owner.failed(error);
      return this.#refuse(INTERNAL_ERROR);
    }
    this.#shake();
  }

  #shake(): void {
    const session = this.#session!;
    const result = session.accept();
    if (result === 1) {
      if (this.#selfSigned && !this.#showsNobodyElse(session)) return this.#refuseCertificate(session);
      this.#over();
      const serverName = this.#serverName, policy = this.#policy;
      return this.owner.established({
        connection: this.connection,
        session,
        watch: this.#watch,
        serverName,
        policy,
      });
    }
    if (result === 0 || result === BROKEN) {
      this.#end();
      // OpenSSL has sent an alert where one is due.
      return this.owner.refuse(this.connection);
    }
    this.#watch.await(result === WANTS_READ ? RECEIVING : EPOLLOUT);
  }

  /**
   * Whether the client's certificate, if it has shown one, has signed itself: then it is an authority's, or its handshake
   * had failed. Asked of a session that goes on, too.
   */
  #showsNobodyElse(session: Session): boolean {
    const certificate = session.clientCertificate;
    try {
      return certificate === undefined || certificate.isSelfSigned;
    } finally {
      certificate?.free();
    }
  }

  /** The handshake is over, as OpenSSL sees it: nothing can be said but that the connection ends. */
  #refuseCertificate(session: Session): void {
    session.shutdown();
    this.#end();
    this.owner.refuse(this.connection);
  }

  /** Says why in an alert. */
  #refuse(alert: number): void {
    this.#end();
    this.owner.refuse(this.connection, alertRecord(alert));
  }

  /** Ends the connection without a word. */
  #drop(): void {
    if (this.#stage === "shaking") this.connection.home.counters.add("failedHandshakes", 1);
    this.#end();
    this.connection.close();
  }

  /** It has failed, or was not to be: nothing watches the connection, and the session is let go of. */
  #end(): void {
    this.#watch.await(0);
    this.#session?.free();
    this.#session = undefined;
    this.#over();
  }

  /** This object answers for the connection no more. */
  #over(): void {
    this.stopDeadline();
    this.#stage = "over";
    this.owner.ended(this);
  }

  /** Ends it from outside, as its process does: everything is closed. */
  abandon(): void {
    if (this.#stage !== "over") this.#drop();
  }
}
