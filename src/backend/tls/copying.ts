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
import type { Connection } from "../connection/connection.ts";
import { RECEIVING, Watch } from "./watch.ts";

const { recv, send } = libc;

/** Bytes taken at a time: four records. */
const PIECE = 65_536;
const PIECE_SIZE = BigInt(PIECE);
/** Bytes of a record at most (RFC 8446, 5.1). */
const RECORD = 16_384;
/** Pieces taken in a row before others have their turn. */
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
  /** Until its next turn: no time at all. */
  readonly nextTurn: Deadlines;
}

/** Goes on in the next turn with what the session has read already: that fires no event. */
class NextTurn extends Timed {
  constructor(readonly goOn: () => void) {
    super();
  }

  override expire(): void {
    this.goOn();
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
  readonly #client: Watch;
  readonly #stream: Watch;
  #nextTurn: NextTurn | undefined;
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
   * @param client the connection's watch, which goes on here
   * @param stream our end, owned from now on
   * @param session owned from now on
   * @param ended called when all of them are closed
   */
  constructor(
    readonly times: CopyingTimes,
    readonly connection: Connection,
    client: Watch,
    readonly stream: Descriptor,
    readonly session: Session,
    readonly ended: (copying: Copying) => void,
  ) {
    super();
    connection.setNoDelay();
    session.readAhead();
    client.onReady = (events) => this.#clientReady(events);
    this.#client = client;
    this.#stream = new Watch(client.loop, stream, (events) => this.#streamReady(events));
  }

  /** Begins: what the client has sent first OpenSSL has mostly read already. */
  begin(): void {
    if (this.session.hasPending) this.#receive();
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
    // It was closed there, so that nothing out of band comes any more: the end may be all that is left.
    if (!this.#over && events & EPOLLHUP) this.#take();
    this.#watch();
  }

  /** From the client, as long as the stream takes it. */
  #receive(): void {
    this.#receiveWants = 0;
    for (let turn = 0; turn < TURNS; turn++) {
      if (this.#toStream.length > 0 || this.#clientEnded || this.#over) return;
      const outcome = this.#receivePiece();
      if (outcome === WANTS_READ) return;
      if (outcome === WANTS_WRITE) {
        this.#receiveWants = EPOLLOUT;
        return;
      }
      if (outcome === BROKEN) return this.abort();
      if (outcome === 0) return this.#clientHasEnded();
    }
    this.#nextTurn ??= new NextTurn(() => {
      this.#receive();
      this.#watch();
    });
    this.times.nextTurn.start(this.#nextTurn);
  }

  /**
   * Takes what there is, up to a piece, and gives it on.
   *
   * @returns more than 0 when there may be more at once, else why not: {@linkcode WANTS_READ} also where the socket has not
   *   been asked, for it says when there is more
   */
  #receivePiece(): number {
    const { session } = this;
    let length = 0;
    let outcome: number;
    do {
      outcome = session.read(length === 0 ? piece : piece.subarray(length));
      if (outcome > 0) length += outcome;
    } while (outcome > 0 && length + RECORD <= PIECE && session.hasPending);
    if (length > 0 && !this.#streamClosed) {
      const sent = this.#give(piece, length);
      if (sent < 0) this.#streamIsGone();
      else if (sent < length) this.#toStream = piece.slice(sent, length);
    }
    return outcome > 0 && !session.hasPending ? WANTS_READ : outcome;
  }

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

  /** From the stream, if the client takes it. Once for each event: what is out of band is not seen by who just goes on. */
  #take(): void {
    if (this.#toClient.length > 0 || this.#streamEnded) return;
    const length = settle(recv(this.stream, piece, PIECE_SIZE, MSG_DONTWAIT));
    if (length === -EAGAIN) return;
    // A reset of the stream says that not all was read there, and comes after what was sent here.
    if (length <= 0) return this.#streamHasEnded();
    if (!this.#send(piece, length) && !this.#over) this.#toClient = piece.slice(0, length);
  }

  /** Whether the client has taken all of it. What it has not taken is to be sent again as it is: OpenSSL knows where it is. */
  #send(bytes: Uint8Array<ArrayBuffer>, length: number): boolean {
    const sent = this.session.write(bytes, length);
    if (sent > 0) {
      if (this.#sendWants === 0) return true;
      this.#sendWants = 0;
      this.stopDeadline();
      return true;
    }
    if (sent !== WANTS_WRITE && sent !== WANTS_READ) {
      this.abort();
      return false;
    }
    this.#sendWants = sent === WANTS_WRITE ? EPOLLOUT : EPOLLIN;
    this.times.stall.start(this);
    return false;
  }

  #sendOn(): void {
    if (this.#toClient.length === 0) return this.#streamEnded ? this.#sayEnd() : undefined;
    if (this.#send(this.#toClient, this.#toClient.length)) this.#toClient = NOTHING;
    // What the stream holds is told of by the poller, which knows whether that is out of band.
  }

  /** Whoever serves the client says nothing more. */
  #streamHasEnded(): void {
    this.#streamEnded = this.#streamClosed = true;
    this.#toStream = NOTHING;
    this.#closeStream();
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
    this.#client.await((receiving ? RECEIVING : 0) | this.#receiveWants | this.#sendWants);
    if (this.#streamEnded) return;
    const taking = this.#toClient.length === 0 && this.#sendWants === 0;
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
    this.#nextTurn?.stopDeadline();
    this.#client.await(0);
    if (!this.#streamEnded) this.#closeStream();
    this.session.free();
  }

  /** Ours alone: the other end is a socket of its own. */
  #closeStream(): void {
    this.#stream.endClosing();
    close(this.stream);
  }
}
