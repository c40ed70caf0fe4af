/** A front that does what the test tells it: clients of its own, and a channel on which it says anything. */

import {
  AddressBuffer,
  adopt,
  close,
  connectUnix,
  type Descriptor,
  encodeUnixAddress,
  expect,
  libc,
  listenTcp,
  localAddress,
  settle,
  SOCK_CLOEXEC,
  SOCK_SEQPACKET,
  unixSocket,
} from "../../ffi/mod.ts";
import { writeSockaddr } from "../../src/front/connection/address.ts";
import { encodeHello } from "../../src/protocol/hello.ts";
import {
  ACK,
  HANDOFF,
  KEEP_ALIVE_HOLD,
  NACK,
  RETURN,
  SCOPE_CONNECTION,
} from "../../src/protocol/messages.ts";
import { encodeTransfer, type Transfer } from "../../src/protocol/transfer.ts";
import { Client } from "../front/clients.ts";
import { idsOf, nackOf, RawChannel, type RawMessage, transferOf } from "../front/raw_channel.ts";

const { accept4 } = libc;

/** A connection that the front has accepted: its copy, and the client at the other end. */
export interface Accepted {
  readonly client: Client;
  readonly fd: Descriptor;
}

/** A listener with clients, and a channel to a backend. Owns all of it. */
export class ScriptedFront {
  readonly #listener = listenTcp("127.0.0.1", 0);
  readonly port: number = localAddress(this.#listener)!.port;
  readonly channel: RawChannel;
  readonly clients: Client[] = [];
  /** Everything that it has read. */
  readonly heard: RawMessage[] = [];
  /** The backend has ended the channel. */
  ended = false;
  readonly #copies = new Set<Descriptor>();
  #nextId = 1;

  constructor(path: string, greeting = true, readonly name = "scripted", window = 8, instance?: string) {
    const fd = unixSocket(SOCK_SEQPACKET);
    expect(connectUnix(fd, encodeUnixAddress(path)), `Cannot connect to ${path}`);
    this.channel = new RawChannel(fd);
    if (greeting) {
      this.channel.say(
        encodeHello({ workers: 0, window, process: 99, name, ...instance !== undefined && { instance } }),
      );
    }
  }

  /** A client, accepted. */
  accept(text = ""): Accepted {
    const client = new Client(this.port);
    this.clients.push(client);
    if (text !== "") client.send(text);
    const fd = adopt(expect(settle(accept4(this.#listener, null, null, SOCK_CLOEXEC)), "Cannot accept"));
    this.#copies.add(fd);
    return { client, fd };
  }

  /** What a hand-off of a connection says. */
  transfer(fd: Descriptor, change: Partial<Transfer> = {}): Transfer {
    const [client, local] = [new Uint8Array(20), new Uint8Array(20)];
    const buffer = new AddressBuffer();
    if (buffer.readPeer(fd) === 0) writeSockaddr(client, 0, buffer.bytes);
    if (buffer.readLocal(fd) === 0) writeSockaddr(local, 0, buffer.bytes);
    return {
      id: this.#nextId++,
      client,
      local,
      generation: 1,
      requests: 0,
      detail: SCOPE_CONNECTION,
      keepAlive: KEEP_ALIVE_HOLD,
      except: new Uint8Array(0),
      map: "",
      site: "",
      route: "/",
      path: "/",
      preread: new Uint8Array(0),
      ...change,
    };
  }

  /** Sends a HANDOFF; its id, or `-errno`. */
  handOff(fd: Descriptor, change: Partial<Transfer> = {}): number {
    const transfer = this.transfer(fd, change);
    const said = this.channel.say(encodeTransfer(HANDOFF, transfer), fd);
    return said < 0 ? said : transfer.id;
  }

  /** Accepts a client, hands it over and closes its own copy, as a front does after the ACK. */
  give(text = "", change: Partial<Transfer> = {}): Client {
    const { client, fd } = this.accept(text);
    expect(this.handOff(fd, change), "Cannot hand over");
    this.drop(fd);
    return client;
  }

  /** Closes its copy. */
  drop(fd: Descriptor): void {
    if (this.#copies.delete(fd)) close(fd);
  }

  /** Reads what there is. Descriptors that come are its own. */
  read(): RawMessage[] {
    const came: RawMessage[] = [];
    while (!this.ended && !this.channel.closed) {
      const message = this.channel.hear();
      if (message === undefined) break;
      if (message === "end") {
        this.ended = true;
        break;
      }
      for (const fd of message.descriptors) this.#copies.add(fd);
      came.push(message);
    }
    this.heard.push(...came);
    return came;
  }

  /** The ids that the backend has acknowledged. */
  get acknowledged(): number[] {
    this.read();
    return this.heard.filter(({ type }) => type === ACK).flatMap(idsOf);
  }

  /** What the backend has refused: ids and reasons. */
  get refused(): (readonly [id: number, reason: number])[] {
    this.read();
    return this.heard.filter(({ type }) => type === NACK).map(nackOf).map(({ id, reason }) => [id, reason]);
  }

  /** What the backend has given back. */
  get returned(): { readonly fd: Descriptor; readonly transfer: Transfer }[] {
    this.read();
    return this.heard.filter(({ type }) => type === RETURN).map((message) => ({
      fd: message.descriptors[0]!,
      transfer: transferOf(message),
    }));
  }

  close(): void {
    for (const client of this.clients) client.close();
    for (const fd of this.#copies) close(fd);
    this.#copies.clear();
    this.channel.close();
    close(this.#listener);
  }
}
