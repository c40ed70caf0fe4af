/** A backend that does what the test tells it, byte by byte, and as much of it by itself as the test wants. */

import {
  adopt,
  bindUnix,
  close,
  type Descriptor,
  expect,
  libc,
  settle,
  SHUT_WR,
  shutdown,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_SEQPACKET,
  startListening,
  unixSocket,
} from "../../ffi/mod.ts";
import { encodeHello } from "../../src/protocol/hello.ts";
import { ACK, HANDOFF, HELLO, RETURN } from "../../src/protocol/messages.ts";
import { encodeTransfer, type Transfer } from "../../src/protocol/transfer.ts";
import { drink, pour } from "./clients.ts";
import { ack, idsOf, RawChannel, type RawMessage, transferOf } from "./raw_channel.ts";

const { accept4 } = libc;

/** A connection that a backend has: received, and maybe acknowledged. */
export interface Held {
  readonly fd: Descriptor;
  readonly transfer: Transfer;
  /** The client's port. */
  readonly port: number;
  readonly channel: RawChannel;
}

/** What it answers: a complete response after which it closes. */
export function responseOf(name: string): string {
  const content = `${name}\n`;
  return `HTTP/1.1 200 OK\r\nContent-Length: ${content.length}\r\nConnection: close\r\n\r\n${content}`;
}

/** How much it does by itself when it gets its turn. */
export type Manner =
  /** Nothing at all. */
  | "asleep"
  /** Accepts channels. */
  | "accepts"
  /** Answers HELLO too. */
  | "greets"
  /** Reads, acknowledges and serves too. */
  | "serves";

/** A listening socket and the channels that came in. Owns them, and the connections it holds. */
export class ScriptedBackend {
  manner: Manner = "greets";
  readonly channels: RawChannel[] = [];
  /** Received, not acknowledged. */
  held: Held[] = [];
  /** Acknowledged: its own. */
  owned: Held[] = [];
  /** Clients' ports, in the order in which it served them. */
  readonly served: number[] = [];
  /** Everything else that it has read. */
  readonly heard: RawMessage[] = [];
  readonly #listener: Descriptor;
  #listening = true;
  #greeted = new Set<RawChannel>();
  workers = 1;
  /** What tells it from other processes, if it says that. */
  instance: string | undefined;

  constructor(
    readonly path: string,
    readonly name: string,
    readonly window: number,
    readonly process: number,
  ) {
    this.#listener = unixSocket(SOCK_SEQPACKET);
    expect(bindUnix(this.#listener, path), `Cannot bind ${name}`);
    expect(startListening(this.#listener, 64), `Cannot listen as ${name}`);
  }

  /** The channel that came in last. */
  get channel(): RawChannel {
    const channel = this.channels.at(-1);
    if (channel === undefined) throw new Error(`Nobody has connected to ${this.name}`);
    return channel;
  }

  /** Its HELLO. */
  hello(): Uint8Array<ArrayBuffer> {
    const { workers, window, process, name, instance } = this;
    return encodeHello({ workers, window, process, name, ...instance !== undefined && { instance } });
  }

  /** Does what its manner says; how many things it did. */
  work(): number {
    if (this.manner === "asleep") return 0;
    let done = this.accept();
    if (this.manner === "accepts") return done;
    for (const channel of this.channels) {
      if (channel.closed || this.#greeted.has(channel)) continue;
      this.#greeted.add(channel);
      channel.say(this.hello());
      done++;
    }
    if (this.manner !== "serves") return done;
    for (const channel of this.channels) {
      if (channel.closed) continue;
      const came = this.read(channel, Infinity);
      if (came.length > 0) this.acknowledge(came);
      done += came.length;
    }
    for (const held of [...this.owned]) if (this.serve(held)) done++;
    return done;
  }

  /** Accepts all who wait. */
  accept(): number {
    let count = 0;
    while (this.#listening) {
      const fd = settle(accept4(this.#listener, null, null, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (fd < 0) break;
      this.channels.push(new RawChannel(adopt(fd)));
      count++;
    }
    return count;
  }

  /** Reads up to so many messages of one channel, or of each; the hand-offs among them, which it holds from now on. */
  read(channel?: RawChannel, count = Infinity): Held[] {
    if (channel === undefined) {
      return this.channels.filter(({ closed }) => !closed).flatMap((each) => this.read(each, count));
    }
    const came: Held[] = [];
    for (let read = 0; read < count; read++) {
      const message = channel.hear();
      if (message === undefined || message === "end") break;
      if (message.type === HELLO) {
        read--;
        continue;
      }
      if (message.type !== HANDOFF) {
        this.heard.push(message);
        for (const fd of message.descriptors) close(fd);
        continue;
      }
      const transfer = transferOf(message);
      const port = transfer.client[2]! << 8 | transfer.client[3]!;
      came.push({ fd: message.descriptors[0]!, transfer, port, channel });
    }
    this.held.push(...came);
    return came;
  }

  /** Acknowledges what it holds; when that cannot be said, it forgets it untouched. What say() said. */
  acknowledge(which: readonly Held[], active = 0): number {
    const channel = which[0]!.channel;
    const result = channel.say(ack(which.map(({ transfer }) => transfer.id), active));
    this.held = this.held.filter((held) => !which.includes(held));
    if (result > 0) this.owned.push(...which);
    else for (const { fd } of which) close(fd);
    return result;
  }

  /** Forgets what it holds: closes its copy untouched. */
  forget(which: readonly Held[]): void {
    for (const { fd } of which) close(fd);
    this.held = this.held.filter((held) => !which.includes(held));
  }

  /** Answers a connection of its own and closes it. False while there is no request yet. */
  serve(held: Held): boolean {
    const { text, ended } = drink(held.fd);
    const asked = new TextDecoder("latin1").decode(held.transfer.preread) + text;
    if (asked === "" && ended === false) return false;
    if (asked !== "" && !asked.startsWith("GET /")) throw new Error(`Not a request from its start: ${asked}`);
    pour(held.fd, responseOf(this.name));
    // Others may have copies: a backend that was sent the connection before this one, and hangs.
    shutdown(held.fd, SHUT_WR);
    close(held.fd);
    this.owned = this.owned.filter((other) => other !== held);
    this.served.push(held.port);
    return true;
  }

  /** Gives a connection of its own back: sends a RETURN. The copy stays with the caller until that is answered. */
  sayReturn(held: Held, id: number, preread = new Uint8Array(0)): number {
    return held.channel.say(encodeTransfer(RETURN, { ...held.transfer, id, preread }), held.fd);
  }

  /** Reads everything on a channel; the ids that the front has acknowledged there. */
  acknowledged(channel: RawChannel = this.channel): number[] {
    this.read(channel);
    return this.heard.filter(({ type }) => type === ACK).flatMap(idsOf);
  }

  /** Lets nobody in any more. Whoever is connected stays. */
  stopListening(): void {
    if (!this.#listening) return;
    this.#listening = false;
    close(this.#listener);
    Deno.removeSync(this.path);
  }

  /** Dies: the kernel closes everything, whatever is unread. */
  close(): void {
    this.stopListening();
    for (const channel of this.channels) channel.close();
    for (const { fd } of [...this.held, ...this.owned]) close(fd);
    this.held = [];
    this.owned = [];
  }
}
