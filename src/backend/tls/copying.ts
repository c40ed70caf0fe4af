/** A connection whose TLS stays in this process: records on the client's side, clear text on one end of a Unix stream. */

import {
  close,
  type Descriptor,
  EAGAIN,
  EPOLLERR,
  EPOLLHUP,
  EPOLLIN,
  EPOLLOUT,
  EPOLLPRI,
  EPOLLRDHUP,
  keepAlive,
  libc,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  settle,
  SHUT_WR,
  shutdown,
} from "../../../ffi/mod.ts";
import { BROKEN, type Session, WANTS_READ, WANTS_WRITE } from "../../../ffi/openssl/mod.ts";
import { type Deadlines, Timed } from "../../loop/deadlines.ts";
import type { Loop } from "../../loop/loop.ts";
import type { Source } from "../../loop/poller.ts";
import type { Connection } from "../connection/connection.ts";

const { recv, send } = libc;

/** Bytes taken at a time. Four records, so that one client does not keep the others waiting. */
const PIECE = 65_536;
const PIECE_SIZE = BigInt(PIECE);
/** Records taken in a row before others have their turn. */
const TURNS = 4;
/** Seconds between two questions whether a client that has ended its side is still there. */
const PROBE = 15;

/** Used within one call only: what is left of it is kept by the connection. */
const piece = new Uint8Array(PIECE);
const NOTHING = new Uint8Array(0);

/** How long a client may take. */
export interface CopyingTimes {
  /** To read what waits for it. */
  readonly stall: Deadlines;
  /** To end its side after ours has ended. */
  readonly linger: Deadlines;
}

/**
 * One side's registration with the poller. It changes only when what is waited for does, and there is none while nothing
 * is: the end of the other side would be told of again and again, before anybody can take what came ahead of it.
 */
class Side implements Source {
  #events = 0;

  constructor(readonly loop: Loop, readonly fd: Descriptor, readonly onReady: (events: number) => void) {}

  ready(events: number): void {
    this.onReady(events);
  }

  /** Waits for these, and for errors and hang-ups; 0 waits for nothing. */
  await(events: number): void {
    const before = this.#events;
    if (events === before) return;
    this.#events = events;
    const { poller } = this.loop;
    if (before === 0) poller.add(this.fd, events, this);
    else if (events === 0) poller.remove(this.fd);
    else poller.modify(this.fd, events);
  }
}

/**
 * Copies between a client and whoever has the other end of the stream. Of neither side more is taken than the other
 * takes: one piece waits at most, each way.
 *
 * It owns the session, our end of the stream, and the connection. What ends on one side ends on the other: close_notify
 * is the end of the stream, both ways.
 */
export class Copying extends Timed {
  readonly #client: Side;
  readonly #stream: Side;
  /** Taken from one side, and not taken by the other. */
  #toClient: Uint8Array<ArrayBuffer> = NOTHING;
  #toStream: Uint8Array<ArrayBuffer> = NOTHING;
  /** What the session waits for on the socket in order to send, or to receive. */
  #sendWants = 0;
  #receiveWants = 0;
  #clientEnded = false;
  #streamEnded = false;
  /** Nobody takes what the client sends. */
  #streamClosed = false;
  #over = false;

  /**
   * @param connection the client's, non-blocking, owned from now on
   * @param stream our end, non-blocking, owned from now on
   * @param session owned from now on
   * @param ended called when all of them are closed
   */
  constructor(
    readonly loop: Loop,
    readonly times: CopyingTimes,
    readonly connection: Connection,
    readonly stream: Descriptor,
    readonly session: Session,
    readonly ended: (copying: Copying) => void,
  ) {
    super();
    connection.setNoDelay();
    session.readAhead();
    this.#client = new Side(loop, connection.fd, (events) => this.#clientReady(events));
    this.#stream = new Side(loop, stream, (events) => this.#streamReady(events));
  }

  /** Begins: with its last handshake message the client may have sent more, and OpenSSL has read that already. */
  begin(): void {
    this.#receive();
    this.#watch();
  }

  #clientReady(events: number): void {
    // Broken, or gone: nothing more can be said or heard.
    if (events & EPOLLERR || events & EPOLLHUP && this.#clientEnded) return this.abort();
    if (this.#sendWants !== 0 && events & (this.#sendWants | EPOLLHUP)) this.#sendOn();
    if (!this.#over && events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | this.#receiveWants)) this.#receive();
    this.#watch();
  }

  #streamReady(events: number): void {
    // Out of band: what was sent breaks off, and must not look whole (see Connection.breakOff).
    if (events & EPOLLPRI) return this.abort();
    if (events & EPOLLOUT && this.#toStream.length > 0) this.#giveOn();
    if (!this.#over && events & (EPOLLIN | EPOLLHUP | EPOLLERR)) this.#take();
    this.#watch();
  }

  /** From the client, as long as the stream takes it. */
  #receive(): void {
    this.#receiveWants = 0;
    for (let turn = 0; turn < TURNS && this.#toStream.length === 0 && !this.#clientEnded; turn++) {
      const length = this.session.read(piece);
      if (length === WANTS_READ) return;
      if (length === WANTS_WRITE) {
        this.#receiveWants = EPOLLOUT;
        return;
      }
      if (length === BROKEN) return this.abort();
      if (length === 0) return this.#clientHasEnded();
      const sent = this.#streamClosed ? length : this.#give(piece, length);
      if (sent < 0) return this.#streamIsGone();
      if (sent < length) this.#toStream = piece.slice(sent, length);
    }
    // What the session has read ahead of us fires no event.
    if (this.session.hasPending) setImmediate(this.#again);
  }

  readonly #again = (): void => {
    if (this.#over || this.#toStream.length > 0) return;
    this.#receive();
    this.#watch();
  };

  #give(bytes: Uint8Array<ArrayBuffer>, length: number): number {
    const sent = settle(send(this.stream, bytes, BigInt(length), MSG_DONTWAIT | MSG_NOSIGNAL));
    return sent === -EAGAIN ? 0 : sent;
  }

  #giveOn(): void {
    const sent = this.#give(this.#toStream, this.#toStream.length);
    if (sent < 0) return this.#streamIsGone();
    this.#toStream = this.#toStream.subarray(sent);
    if (this.#toStream.length > 0) return;
    this.#toStream = NOTHING;
    if (this.#clientEnded) shutdown(this.stream, SHUT_WR);
    else this.#receive();
  }

  /** The client says nothing more, by close_notify or by the end of its connection. */
  #clientHasEnded(): void {
    this.#clientEnded = true;
    if (this.#streamEnded) return this.#finish();
    // It may wait for the answer, or be gone: the kernel asks, and a reset tells.
    keepAlive(this.connection.fd, PROBE);
    if (this.#toStream.length === 0) shutdown(this.stream, SHUT_WR);
  }

  /** What had been sent to the client before still goes there; what it sends is read away. */
  #streamIsGone(): void {
    this.#streamClosed = true;
    this.#toStream = NOTHING;
  }

  /** From the stream, as long as the client takes it. */
  #take(): void {
    if (this.#toClient.length > 0 || this.#streamEnded) return;
    const length = settle(recv(this.stream, piece, PIECE_SIZE, MSG_DONTWAIT));
    if (length === -EAGAIN) return;
    // A reset of the stream says that not all was read there, and comes after what was sent here.
    if (length <= 0) return this.#streamHasEnded();
    const sent = this.#send(piece, length);
    if (sent < length && !this.#over) this.#toClient = piece.slice(sent, length);
  }

  /** Bytes that the client took. */
  #send(bytes: Uint8Array<ArrayBuffer>, length: number): number {
    let at = 0;
    this.#sendWants = 0;
    while (at < length) {
      const sent = this.session.write(at === 0 ? bytes : bytes.subarray(at), length - at);
      if (sent > 0) {
        at += sent;
        continue;
      }
      if (sent !== WANTS_WRITE && sent !== WANTS_READ) {
        this.abort();
        return at;
      }
      this.#sendWants = sent === WANTS_WRITE ? EPOLLOUT : EPOLLIN;
      this.times.stall.start(this);
      return at;
    }
    this.stopDeadline();
    return at;
  }

  #sendOn(): void {
    if (this.#toClient.length === 0) return this.#streamEnded ? this.#sayEnd() : undefined;
    const sent = this.#send(this.#toClient, this.#toClient.length);
    this.#toClient = sent < this.#toClient.length ? this.#toClient.subarray(sent) : NOTHING;
    // What the stream holds is told of by the poller, which knows whether that is out of band.
  }

  /** Whoever serves the client says nothing more. */
  #streamHasEnded(): void {
    this.#streamEnded = this.#streamClosed = true;
    this.#toStream = NOTHING;
    this.#sayEnd();
  }

  #sayEnd(): void {
    const result = this.session.shutdown();
    if (result === WANTS_WRITE) {
      this.#sendWants = EPOLLOUT;
      return this.times.stall.start(this);
    }
    this.#sendWants = 0;
    this.connection.endSending();
    if (this.#clientEnded || result === BROKEN) return this.#finish();
    // What it still sends is read away, or a reset would take from it what it has not read yet (RFC 9112, 9.6).
    this.times.linger.start(this);
  }

  /** Waits for what can go on. */
  #watch(): void {
    if (this.#over) return;
    const receiving = this.#toStream.length === 0 && !this.#clientEnded;
    this.#client.await((receiving ? EPOLLIN : 0) | this.#receiveWants | this.#sendWants);
    const taking = this.#toClient.length === 0 && this.#sendWants === 0 && !this.#streamEnded;
    this.#stream.await((taking ? EPOLLIN | EPOLLPRI : 0) | (this.#toStream.length > 0 ? EPOLLOUT : 0));
  }

  /** The client reads nothing, or does not end its side. */
  override expire(): void {
    if (this.#streamEnded && this.#sendWants === 0) this.#finish();
    else this.abort();
  }

  /** Ends both sides at once, so that neither takes what it has for the whole. */
  abort(): void {
    if (this.#over) return;
    this.#close();
    this.connection.breakOff();
    this.ended(this);
  }

  #finish(): void {
    if (this.#over) return;
    this.#close();
    this.connection.close();
    this.ended(this);
  }

  #close(): void {
    this.#over = true;
    this.stopDeadline();
    this.#client.await(0);
    this.#stream.await(0);
    this.session.free();
    close(this.stream);
  }
}
