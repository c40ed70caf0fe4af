/** Where a worker process of a backend gets its channels from: the process that listens deals them out (dealer.ts). */

import {
  close,
  connectUnix,
  type Descriptor,
  EAGAIN,
  encodeUnixAddress,
  EPOLLIN,
  ErrnoError,
  SOCK_SEQPACKET,
  unixSocket,
} from "../../../ffi/mod.ts";
import type { Poller, Source } from "../../loop/poller.ts";
import { MessageReader } from "../../wire/message_reader.ts";
import { sendMessage } from "../../wire/send_message.ts";
import type { ChannelSource } from "./channel_source.ts";

const encoder = new TextEncoder();

/** A worker's connection to its dealer. Owns its socket. */
export class WorkerPort implements ChannelSource, Source {
  /** A message is one byte, with the channel's descriptor. */
  readonly #reader = new MessageReader(1);
  #open = true;
  #poller: Poller | undefined;
  #accepted: ((fd: Descriptor) => void) | undefined;

  private constructor(readonly fd: Descriptor) {}

  /**
   * Connects to the dealer, which knows from then on that this worker is ready.
   *
   * @param path of the dealer's private socket
   * @throws {ErrnoError} when there is no dealer
   */
  static connect(path: string): WorkerPort {
    const fd = unixSocket(SOCK_SEQPACKET);
    const result = connectUnix(fd, encodeUnixAddress(path));
    if (result === 0) return new WorkerPort(fd);
    close(fd);
    throw new ErrnoError(`Cannot reach the process that listens for this worker at "${path}"`, -result);
  }

  watch(poller: Poller, accepted: (fd: Descriptor) => void): void {
    this.#poller = poller;
    this.#accepted = accepted;
    poller.add(this.fd, EPOLLIN, this);
  }

  ready(): void {
    while (this.#open) {
      const length = this.#reader.receive(this.fd);
      if (length === -EAGAIN) return;
      // The dealer is gone, and its end ends this process too; what is being served goes on until then.
      if (length <= 0) return this.close();
      const { receiver } = this.#reader;
      if (receiver.count === 1) this.#accepted?.(receiver.take());
      receiver.discard();
    }
  }

  /** Tells the dealer that a front has one channel less here. */
  channelEnded(front: string): void {
    if (!this.#open) return;
    const message = encoder.encode(front);
    if (message.byteLength > 0) sendMessage(this.fd, message);
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#poller?.remove(this.fd);
    close(this.fd);
  }
}
