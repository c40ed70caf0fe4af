/** What Apache's mod_proxy_fdpass sends: to the client the head of a response, to the backend one byte with the socket. */

import {
  type Descriptor,
  IPPROTO_TCP,
  libc,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  RightsSender,
  setOption,
  settle,
  TCP_NODELAY,
} from "../../../../ffi/mod.ts";
import { encodeResponseHead, httpDate } from "../../../http/response_head.ts";

const { send, sendmsg } = libc;

/** The messages' memory: one for all hand-offs of a data plane. */
export class ApacheMessage {
  readonly #sender = new RightsSender([new Uint8Array(1)]);
  /** The head for the second in which its Date is right. */
  #head = new Uint8Array(0);
  #headSize = 0n;
  #second = NaN;

  /**
   * Sends the head of a response to a client: 200, whose content the backend writes, up to the end of the connection.
   *
   * @returns false when it has not left whole: the client is gone, or reads nothing
   */
  sendHead(client: Descriptor): boolean {
    this.#update(Date.now());
    // As Apache has its clients' sockets: the content would wait for the client's ACK of the head otherwise.
    setOption(client, IPPROTO_TCP, TCP_NODELAY, true);
    const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    return settle(send(client, this.#head, this.#headSize, flags)) === this.#head.byteLength;
  }

  #update(now: number): void {
    const second = Math.floor(now / 1000);
    if (second === this.#second) return;
    this.#second = second;
    this.#head = new Uint8Array(encodeResponseHead(200, [
      ["Date", httpDate(now)],
      ["Server", "fdpass"],
      ["Connection", "close"],
    ]));
    this.#headSize = BigInt(this.#head.byteLength);
  }

  /**
   * Sends a client's socket to a backend; 1, or `-errno`.
   *
   * @param socket a SOCK_STREAM connection to the backend, for this hand-off alone
   */
  sendConnection(socket: Descriptor, client: Descriptor): number {
    this.#sender.descriptor = client;
    return settle(sendmsg(socket, this.#sender.header.bytes, MSG_DONTWAIT | MSG_NOSIGNAL));
  }
}
