/** A service manager's end of sd_notify(3): a datagram socket, and what has come to it. */

import {
  adopt,
  AF_UNIX,
  bindUnix,
  close,
  type Descriptor,
  encodeUnixAddress,
  expect,
  libc,
  MSG_DONTWAIT,
  settle,
  SOCK_CLOEXEC,
} from "../../ffi/mod.ts";
import { until } from "../support/waiting.ts";

const SOCK_DGRAM = 2;
const decoder = new TextDecoder();

/** Listens until the end of its block. */
export class Manager {
  /** Everything that was sent so far, each datagram's lines as a list. */
  readonly messages: string[][] = [];
  readonly #fd: Descriptor;
  readonly #buffer = new Uint8Array(4096);

  /** @param name what NOTIFY_SOCKET is to be: a path, or an abstract name that starts with `@` */
  constructor(readonly name: string) {
    this.#fd = adopt(
      expect(settle(libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)), "Cannot make a datagram socket"),
    );
    expect(name.startsWith("@") ? this.#bindAbstract() : bindUnix(this.#fd, name), `Cannot bind ${name}`);
  }

  #bindAbstract(): number {
    const address = encodeUnixAddress(this.name);
    address[2] = 0;
    return settle(libc.bind(this.#fd, address, address.byteLength - 1));
  }

  /** For a program that is to notify, and has nothing to store. */
  get environment(): Record<string, string> {
    return { NOTIFY_SOCKET: this.name, FDSTORE: "0" };
  }

  /** Reads what has come. */
  read(): readonly string[][] {
    for (;;) {
      const length = settle(libc.recv(this.#fd, this.#buffer, BigInt(this.#buffer.length), MSG_DONTWAIT));
      if (length < 0) return this.messages;
      this.messages.push(decoder.decode(this.#buffer.subarray(0, length)).split("\n"));
    }
  }

  /** Waits until so many messages have come in all. */
  async count(number: number): Promise<void> {
    await until(
      () => this.read().length >= number,
      () => `${number} messages: ${JSON.stringify(this.messages)}`,
    );
  }

  [Symbol.dispose](): void {
    close(this.#fd);
  }
}
