/** A connection on which WebSocket is spoken: frames to and from it, and how it ends. */

import { EAGAIN } from "../../../ffi/mod.ts";
import { Timed } from "../../loop/deadlines.ts";
import { FrameReader, type FrameSink } from "../../websocket/frame_reader.ts";
import { ABNORMAL, BINARY, CLOSE, closeContent, NO_STATUS, PING, TEXT } from "../../websocket/frames.ts";
import type { Connection } from "../connection/connection.ts";
import { FrameSender } from "./frame_sender.ts";

/** How a WebSocket has ended: as the web's `CloseEvent` says it. */
export interface Ending {
  readonly code: number;
  readonly reason: string;
  /** Whether both sides have said that they close. */
  readonly wasClean: boolean;
}

/** Who is told of what happens on it. Must not throw. */
export interface WebSocketOwner {
  message(content: string | Uint8Array<ArrayBuffer>): void;
  /** Something went wrong; the end follows. */
  failed(message: string): void;
  /** It is over: told once. */
  ended(ending: Ending): void;
}

/** Of a WebSocket: what a client may do with it. */
export interface WebSocketTerms {
  /** Bytes that a message may have. */
  readonly maxPayload: number;
  /** Seconds of silence after which a client counts as gone; 0 asks for no sign of life. */
  readonly idleTimeout: number;
  /** The subprotocol; empty where there is none. */
  readonly protocol: string;
}

/** Bytes of a Ping without content. */
const PING_SIZE = 2;
/** Milliseconds that a client has to answer a Close frame. */
const CLOSING = 30_000;

const encoder = new TextEncoder();
const NOTHING = new Uint8Array(0);

/** What waits behind a Blob that is being read. */
interface Waiting {
  readonly opcode: number;
  readonly content: Uint8Array<ArrayBuffer> | Blob;
}

/**
 * Owns the connection from the handshake on. An idle one is this object, what its reader remembers, and a place in a list
 * of deadlines: buffers are had while something comes or goes.
 */
export class WebSocketConnection extends Timed implements FrameSink {
  readonly #connection: Connection;
  readonly #owner: WebSocketOwner;
  readonly #terms: WebSocketTerms;
  readonly #reader: FrameReader;
  /** Made once, since there is a wait for every piece. */
  readonly #came = (): void => this.#receive();
  readonly #sender: FrameSender;
  /** In order behind a Blob, which is the first; undefined where there is none. */
  #waiting: Waiting[] | undefined;
  #waitingBytes = 0;
  #said = false;
  #heard: { readonly code: number; readonly reason: string } | undefined;
  #ending = false;
  #over = false;
  /** Bytes that had come and gone when it was looked last, and when that was. */
  #before = 0;
  #looked = 0;
  #asked = false;

  /** @param connection this object's from now on; the handshake has been answered */
  constructor(connection: Connection, owner: WebSocketOwner, terms: WebSocketTerms) {
    super();
    this.#connection = connection;
    this.#owner = owner;
    this.#terms = terms;
    this.#reader = new FrameReader(terms.maxPayload, this);
    this.#sender = new FrameSender(connection);
    connection.onGone(undefined);
    connection.setNoDelay();
  }

  get protocol(): string {
    return this.#terms.protocol;
  }

  /** As the web counts: 1 open, 2 closing, 3 closed. */
  get readyState(): number {
    if (this.#over) return 3;
    return this.#said || this.#ending || this.#waitsToClose ? 2 : 1;
  }

  get #waitsToClose(): boolean {
    return this.#waiting?.at(-1)?.opcode === CLOSE;
  }

  /** Bytes that were to be sent and have not left this process. */
  get bufferedAmount(): number {
    return this.#sender.unsent + this.#waitingBytes;
  }

  /** Listens to the client. @param head what it has sent behind its handshake */
  begin(head: Uint8Array<ArrayBuffer>): void {
    this.#look();
    if (head.length > 0) this.#reader.read(head, head.length);
    this.#receive();
  }

  // --- sending ----------------------------------------------------------------------------------------------------

  /** Sends a message. What is given may be changed afterwards. */
  send(content: string | Uint8Array | Blob): void {
    if (this.readyState !== 1) return;
    if (content instanceof Blob) return this.#wait(BINARY, content);
    if (typeof content === "string") {
      if (this.#waiting !== undefined) return this.#wait(TEXT, encoder.encode(content));
      return this.#sender.sendText(content);
    }
    if (this.#waiting !== undefined) return this.#wait(BINARY, content.slice() as Uint8Array<ArrayBuffer>);
    this.#sender.send(BINARY, content);
  }

  /** Says that it closes. The end comes when the client has answered, or has not for too long. */
  close(code?: number, reason?: string): void {
    if (this.readyState !== 1) return;
    const content = closeContent(code, reason) as Uint8Array<ArrayBuffer>;
    if (this.#waiting !== undefined) this.#wait(CLOSE, content);
    else this.#sayClose(content);
  }

  /** Ends it at once. */
  terminate(): void {
    this.#connection.close();
    this.#conclude();
  }

  #sayClose(content: Uint8Array): void {
    this.#said = true;
    this.#sender.send(CLOSE, content);
    const { loop, times } = this.#connection.home;
    if (this.#heard === undefined) times.silence(CLOSING).start(this, loop.clock());
  }

  /** Has something wait behind a Blob, or begins to wait for one. */
  #wait(opcode: number, content: Uint8Array<ArrayBuffer> | Blob): void {
    this.#waitingBytes += content instanceof Blob ? content.size : content.byteLength;
    if (this.#waiting !== undefined) return void this.#waiting.push({ opcode, content });
    this.#waiting = [{ opcode, content }];
    void this.#sendWaiting(this.#waiting);
  }

  async #sendWaiting(waiting: Waiting[]): Promise<void> {
    for (let first = waiting[0]; first !== undefined && !this.#over; first = waiting[0]) {
      const { opcode, content } = first;
      let bytes: Uint8Array<ArrayBuffer>;
      if (content instanceof Blob) {
        try {
          bytes = new Uint8Array(await content.arrayBuffer());
        } catch (error) {
          this.#owner.failed(`A Blob cannot be read: ${error instanceof Error ? error.message : error}`);
          this.terminate();
          return;
        }
      } else bytes = content;
      this.#waitingBytes -= bytes.byteLength;
      waiting.shift();
      if (waiting.length === 0) this.#waiting = undefined;
      if (this.#over || this.#said) continue;
      if (opcode === CLOSE) this.#sayClose(bytes);
      else this.#sender.send(opcode, bytes);
    }
    this.#waiting = undefined;
    this.#waitingBytes = 0;
  }

  // --- receiving --------------------------------------------------------------------------------------------------

  /** Takes what has come, or waits for it. It lies in memory that is everybody's. */
  #receive(): void {
    const connection = this.#connection;
    const { scratch, scratchSize, times: { endless } } = connection.home;
    while (!this.#ending && !this.#over) {
      const length = connection.receive(scratch, scratchSize);
      if (length === -EAGAIN) {
        if (connection.awaitInput(endless, Infinity, this.#came)) continue;
        return;
      }
      if (length <= 0) return this.#lost();
      this.#reader.read(scratch, length);
      if (connection.moved(length)) return void connection.home.loop.others(this.#came);
    }
  }

  message(content: string | Uint8Array<ArrayBuffer>): void {
    // Whoever has said that it closes may still hear what the client had sent before (WHATWG WebSockets, 4).
    this.#owner.message(content);
  }

  ping(content: Uint8Array<ArrayBuffer>): void {
    if (this.#said) return;
    this.#sender.answer(content);
  }

  closed(code: number, reason: string): void {
    this.#heard = { code, reason };
    this.#answerClose(code === NO_STATUS ? undefined : code, reason);
    this.#end();
  }

  broken(code: number, why: string): void {
    this.#answerClose(code);
    this.#owner.failed(why);
    this.#end();
  }

  #answerClose(code: number | undefined, reason?: string): void {
    if (!this.#said) this.#sayClose(closeContent(code, reason));
  }

  /** The client has ended its side, or is gone, and has not said so. */
  #lost(): void {
    this.#connection.close();
    this.#conclude();
  }

  // --- signs of life ----------------------------------------------------------------------------------------------

  /** Half of the time that a client may be silent. */
  get #half(): number {
    return this.#terms.idleTimeout * 500;
  }

  /** Notes what has come and gone so far, and looks again when half of the time has passed. */
  #look(): void {
    if (this.#half === 0 || this.#over) return;
    const { received, sent, home: { loop, times } } = this.#connection;
    this.#before = received + sent;
    this.#looked = loop.clock();
    if (!this.#said) times.silence(this.#half).start(this, this.#looked);
  }

  /** Asks a client that has been silent for half of the time, and gives it the other half to answer. */
  override expire(): void {
    if (this.#said) return this.terminate();
    const { received, sent, home: { loop } } = this.#connection;
    // What the client has taken counts as well: a Pong waits behind the message that it is still receiving.
    const silent = received + sent - this.#before <= (this.#asked ? PING_SIZE : 0);
    // A process that was held up itself has not looked at what the client has sent.
    const late = loop.clock() - this.#looked > this.#half * 1.5;
    if (silent && this.#asked && !late) {
      this.#owner.failed("The client gives no sign of life");
      return this.terminate();
    }
    this.#asked = silent;
    this.#look();
    if (silent) this.#sender.send(PING, NOTHING);
  }

  // --- the end ----------------------------------------------------------------------------------------------------

  /** Nothing more is received. The connection ends when what was to be sent has left (RFC 6455, 7.1.1). */
  #end(): void {
    this.#ending = true;
    this.#reader.stop();
    void this.#sendRest();
  }

  async #sendRest(): Promise<void> {
    await this.#sender.emptied;
    if (this.#over) return;
    await this.#connection.closeGently();
    this.#conclude();
  }

  /** Tells once that it is over. */
  #conclude(): void {
    if (this.#over) return;
    this.#over = true;
    this.stopDeadline();
    this.#reader.stop();
    const clean = this.#heard !== undefined && this.#said;
    const { code, reason } = this.#heard ?? { code: ABNORMAL, reason: "" };
    this.#owner.ended({ code, reason, wasClean: clean });
  }
}
