/** Clients of a front, and other descriptors, all on the test's own thread: nothing here waits. */

import { Buffer } from "node:buffer";
import {
  adopt,
  AF_INET,
  close,
  connectTcp,
  type Descriptor,
  EAGAIN,
  encodeInternetAddress,
  expect,
  libc,
  localAddress,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  settle,
  SHUT_WR,
  shutdown,
  SOCK_CLOEXEC,
  SOCK_STREAM,
} from "../../ffi/mod.ts";

const { bind, connect, pipe2, recv, send, setsockopt, socket } = libc;

const encoder = new TextEncoder();
const scratch = Buffer.alloc(65_536);

/** What a socket has, as text; with `end` or `reset` where nothing will follow. */
export function drink(fd: Descriptor): { text: string; ended: false | "end" | "reset" } {
  let text = "";
  for (;;) {
    const length = settle(recv(fd, scratch, BigInt(scratch.length), MSG_DONTWAIT));
    if (length === -EAGAIN) return { text, ended: false };
    if (length <= 0) return { text, ended: length === 0 ? "end" : "reset" };
    // Each byte a character. What TextDecoder calls "latin1" is another encoding (Encoding, 4.2).
    text += scratch.toString("latin1", 0, length);
  }
}

/** Writes as far as the socket takes it; bytes, or `-errno`. */
export function pour(fd: Descriptor, text: string | Uint8Array<ArrayBuffer>): number {
  const bytes = typeof text === "string" ? encoder.encode(text) : text;
  return settle(send(fd, bytes, BigInt(bytes.length), MSG_DONTWAIT | MSG_NOSIGNAL));
}

/** A client: what it sends is what it is told to, and it remembers all that came back. */
export class Client {
  readonly fd: Descriptor;
  /** Its own port: tells it apart from others in hand-offs. */
  readonly port: number;
  closed = false;
  #received = "";
  #ended: false | "end" | "reset" = false;

  /** @param from the address to come from, where it matters */
  constructor(port: number, host = "127.0.0.1", from?: string) {
    this.fd = from === undefined ? connectTcp(host, port) : connectFrom(from, host, port);
    this.port = localAddress(this.fd)!.port;
  }

  send(text: string | Uint8Array<ArrayBuffer>): number {
    return pour(this.fd, text);
  }

  /** All that has come so far. */
  get received(): string {
    this.#look();
    return this.#received;
  }

  /** Whether the other side has ended the connection, and how. */
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

  /** Ends this side. */
  end(): void {
    shutdown(this.fd, SHUT_WR);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    close(this.fd);
  }

  /** Closes so that the other side gets a reset: SO_LINGER of no time. */
  reset(): void {
    const SO_LINGER = 13;
    settle(setsockopt(this.fd, 1, SO_LINGER, new Int32Array([1, 0]), 8));
    this.close();
  }
}

/** Connects from one of this host's addresses. */
function connectFrom(from: string, host: string, port: number): Descriptor {
  const fd = unconnectedTcp();
  const [own, other] = [encodeInternetAddress(from, 0), encodeInternetAddress(host, port)];
  expect(settle(bind(fd, own, own.byteLength)), `Cannot bind to ${from}`);
  expect(settle(connect(fd, other, other.byteLength)), `Cannot connect to ${host}`);
  return fd;
}

/** A request's head. */
export function request(path = "/", host = "test", more = ""): string {
  return `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${more}\r\n`;
}

/** A TCP socket that was never connected. */
export function unconnectedTcp(): Descriptor {
  return adopt(expect(settle(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), "Cannot make a socket"));
}

/** A UDP socket. */
export function udp(): Descriptor {
  const SOCK_DGRAM = 2;
  return adopt(expect(settle(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)), "Cannot make a socket"));
}

/** One end of a pipe, which is no socket. The other is closed. */
export function noSocket(): Descriptor {
  const ends = new Int32Array(2);
  expect(settle(pipe2(ends, SOCK_CLOEXEC)), "Cannot make a pipe");
  close(adopt(ends[1]!));
  return adopt(ends[0]!);
}

/** Lowers this process's soft limit of descriptors; the function that is returned restores it. */
export function limitDescriptors(count: number): () => void {
  const RLIMIT_NOFILE = 7;
  const before = new Uint8Array(16);
  expect(settle(libc.getrlimit(RLIMIT_NOFILE, before)), "Cannot read the limit");
  const lowered = before.slice();
  new DataView(lowered.buffer).setBigUint64(0, BigInt(count), true);
  expect(settle(libc.setrlimit(RLIMIT_NOFILE, lowered)), "Cannot lower the limit");
  return () => expect(settle(libc.setrlimit(RLIMIT_NOFILE, before)), "Cannot restore the limit");
}
