/** An upstream that does what the test tells it, byte by byte, on the test's own thread: nothing here waits. */

import {
  adopt,
  close,
  connectTcp,
  type Descriptor,
  EAGAIN,
  IPPROTO_TCP,
  libc,
  listenTcp,
  localAddress,
  MSG_DONTWAIT,
  settle,
  SHUT_WR,
  shutdown,
  SOCK_CLOEXEC,
  TCP_INFO,
} from "../../../ffi/mod.ts";
import { drink, pour } from "../../front/clients.ts";

const { accept4, getsockopt, listen, recv, setsockopt } = libc;

/** The upstream's end of one connection. */
export class Peer {
  closed = false;
  #received = "";
  #ended: false | "end" | "reset" = false;

  constructor(readonly fd: Descriptor) {}

  /** All that has come and was not taken. */
  get received(): string {
    this.#look();
    return this.#received;
  }

  /** Whether the relay has ended the connection, and how. */
  get ended(): false | "end" | "reset" {
    this.#look();
    return this.#ended;
  }

  #look(): void {
    if (this.#ended !== false || this.closed) return;
    const { text, ended } = drink(this.fd);
    this.#received += text;
    this.#ended = ended;
  }

  /** Forgets what has come so far; returns it. */
  take(): string {
    const taken = this.received;
    this.#received = "";
    return taken;
  }

  /** Reads so many bytes at most, and forgets them; their number, 0 at the end, or `-errno`. */
  sip(count: number): number {
    return settle(recv(this.fd, new Uint8Array(count), BigInt(count), MSG_DONTWAIT));
  }

  /** Sends; how much of it the socket took. */
  send(text: string | Uint8Array<ArrayBuffer>): number {
    return pour(this.fd, text);
  }

  /** Packets with data that have come: tcpi_data_segs_in of TCP_INFO (tcp(7)). */
  get packets(): number {
    const info = new Uint32Array(64);
    const size = new Uint32Array([info.byteLength]);
    if (settle(getsockopt(this.fd, IPPROTO_TCP, TCP_INFO, info, size)) < 0) return -1;
    return info[38]!;
  }

  /** Ends this side. */
  end(): void {
    shutdown(this.fd, SHUT_WR);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    close(this.fd);
  }

  /** Closes so that the relay gets a reset: SO_LINGER of no time. */
  reset(): void {
    const SO_LINGER = 13;
    settle(setsockopt(this.fd, 1, SO_LINGER, new Int32Array([1, 0]), 8));
    this.close();
  }
}

/** A listener and the connections that the relay has made to it. Owns all of them. */
export class ScriptedUpstream {
  readonly #listener = listenTcp("127.0.0.1", 0);
  readonly port: number = localAddress(this.#listener)!.port;
  readonly peers: Peer[] = [];
  #listening = true;
  #filler: Descriptor | undefined;

  /** Accepts what there is; the connections so far. */
  accept(): readonly Peer[] {
    while (this.#listening) {
      const number = settle(accept4(this.#listener, null, null, SOCK_CLOEXEC));
      if (number === -EAGAIN) break;
      if (number >= 0) this.peers.push(new Peer(adopt(number)));
    }
    return this.peers;
  }

  /** Accepts nobody any more, and lets nobody wait: who connects now gets no answer. */
  fill(): void {
    settle(listen(this.#listener, 0));
    this.#filler ??= connectTcp("127.0.0.1", this.port);
  }

  /** Stops listening: who connects now is refused. */
  stopListening(): void {
    if (!this.#listening) return;
    this.#listening = false;
    close(this.#listener);
  }

  close(): void {
    this.stopListening();
    if (this.#filler !== undefined) close(this.#filler);
    for (const peer of this.peers) peer.close();
  }
}
