/** A conversation between two processes of fdpass: messages in JSON, a descriptor beside some of them. */

import {
  addressOf,
  close,
  type Descriptor,
  EAGAIN,
  ECONNRESET,
  EPOLLIN,
  EPOLLOUT,
  ETOOMANYREFS,
  libc,
  MessageHeader,
  MSG_CMSG_CLOEXEC,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  MSG_TRUNC,
  RightsReceiver,
  RightsSender,
  settle,
  SHUT_RDWR,
  shutdown,
} from "../../../ffi/mod.ts";
import type { Loop } from "../../loop/loop.ts";
import type { Source } from "../../loop/poller.ts";

const { recvmsg, sendmsg } = libc;

/** The longest message, in bytes. It has to fit the buffer of a socket, 212,992 unless somebody has changed that. */
export const MAX_TALK = 131_072;
/** Milliseconds after which is tried again what has too many descriptors under way (ETOOMANYREFS). */
const RETRY = 20;

/** A message that has come. */
export interface Heard {
  readonly message: Readonly<Record<string, unknown>>;
  /** What came beside it: owned by whoever takes the message. */
  readonly fd?: Descriptor;
}

/** The other end has gone, or says what is no message. The message of the error is for people. */
export class TalkError extends Error {
  override name = "TalkError";
}

const encoder = new TextEncoder();

/** One end of it. Owns its socket. */
export class Talk implements Source {
  readonly #bytes = new Uint8Array(MAX_TALK + 1);
  readonly #receiver = new RightsReceiver(this.#bytes);
  readonly #heard: Heard[] = [];
  readonly #sender = new RightsSender([new Uint8Array(1)]);
  readonly #plain = new MessageHeader([new Uint8Array(1)]);
  #wanted: PromiseWithResolvers<Heard> | undefined;
  #room: PromiseWithResolvers<void> | undefined;
  #ended: TalkError | undefined;
  #closed = false;

  /** @param fd connected, SOCK_SEQPACKET; owned by this object from now on. The loop is run by the caller */
  constructor(readonly loop: Loop, readonly fd: Descriptor, readonly other: string) {
    loop.poller.add(fd, EPOLLIN, this);
    loop.wake();
  }

  /** Whether the other end has gone, or this one was closed. */
  get ended(): boolean {
    return this.#closed || this.#ended !== undefined;
  }

  ready(events: number): void {
    if (events & EPOLLOUT) {
      this.loop.poller.modify(this.fd, EPOLLIN);
      this.#room?.resolve();
      this.#room = undefined;
    }
    while (!this.ended && this.#receive());
  }

  #receive(): boolean {
    const receiver = this.#receiver;
    receiver.prepare();
    const length = settle(recvmsg(this.fd, receiver.header.bytes, MSG_DONTWAIT | MSG_CMSG_CLOEXEC));
    if (length === -EAGAIN) return false;
    if (length === -ECONNRESET) return true;
    if (length >= 0) receiver.collect();
    if (length <= 0) {
      receiver.discard();
      this.#end(`${this.other} ended the conversation`);
      return false;
    }
    const message = receiver.header.flags & MSG_TRUNC ? undefined : parse(this.#bytes.subarray(0, length));
    if (message === undefined || receiver.count > 1) {
      receiver.discard();
      this.#end(`${this.other} says what is no message`);
      return false;
    }
    const heard = receiver.count === 1 ? { message, fd: receiver.take() } : { message };
    const wanted = this.#wanted;
    this.#wanted = undefined;
    if (wanted === undefined) this.#heard.push(heard);
    else wanted.resolve(heard);
    return true;
  }

  #end(why: string): void {
    if (this.#ended !== undefined) return;
    this.#ended = new TalkError(why);
    // The end is readable for ever.
    if (!this.#closed) this.loop.poller.remove(this.fd);
    this.#wanted?.reject(this.#ended);
    this.#room?.reject(this.#ended);
    this.#wanted = this.#room = undefined;
  }

  /**
   * The next message. One at a time is waited for.
   *
   * @throws {TalkError} when the other end has gone, and everything that it said was taken
   */
  hear(): Promise<Heard> {
    const next = this.#heard.shift();
    if (next !== undefined) return Promise.resolve(next);
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    this.#wanted = Promise.withResolvers();
    return this.#wanted.promise;
  }

  /**
   * Says something, as soon as there is room.
   *
   * @param fd lent; a copy goes along
   * @throws {TalkError} when the other end has gone: it has not got the message
   */
  async say(message: object, fd?: Descriptor): Promise<void> {
    const bytes = encoder.encode(JSON.stringify(message));
    for (;;) {
      const sent = this.#send(bytes, fd);
      if (sent >= 0) return;
      if (sent === -EAGAIN) await this.#untilRoom();
      else if (sent === -ETOOMANYREFS) await new Promise((resolve) => setTimeout(resolve, RETRY));
      else throw this.#ended ?? new TalkError(`${this.other} ended the conversation`);
    }
  }

  #send(bytes: Uint8Array<ArrayBuffer>, fd?: Descriptor): number {
    if (this.#closed) return -ECONNRESET;
    const header = fd === undefined ? this.#plain : this.#sender.header;
    header.setPart(0, bytes, addressOf(bytes));
    if (fd !== undefined) this.#sender.descriptor = fd;
    return settle(sendmsg(this.fd, header.bytes, MSG_DONTWAIT | MSG_NOSIGNAL));
  }

  #untilRoom(): Promise<void> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    this.#room ??= Promise.withResolvers();
    this.loop.poller.modify(this.fd, EPOLLIN | EPOLLOUT);
    this.loop.wake();
    return this.#room.promise;
  }

  /**
   * Gives the conversation up (docs/protocol.md, "The commit point"): from now on the other end can say nothing more. What
   * it said before is still to be {@linkcode hear}d.
   */
  giveUp(): void {
    if (this.#closed || this.#ended !== undefined) return;
    shutdown(this.fd, SHUT_RDWR);
    while (!this.ended && this.#receive());
  }

  /** Closes the socket, and descriptors that nobody has taken. */
  close(): void {
    if (this.#closed) return;
    this.#end("the conversation is over");
    this.#closed = true;
    close(this.fd);
    for (const { fd } of this.#heard.splice(0)) if (fd !== undefined) close(fd);
  }
}

/** What stands in front of the last piece of an answer (docs/control.md): whoever asks for a conversation may get one. */
const LAST = 0x2e; // "."

function parse(received: Uint8Array): Record<string, unknown> | undefined {
  const bytes = received[0] === LAST ? received.subarray(1) : received;
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? value as Record<string, unknown>
      : undefined;
  } catch {
    return undefined;
  }
}
