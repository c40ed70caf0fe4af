/** Several processes that accept at one path: one of them has the listening socket made, and gives it to the others. */

import {
  close,
  type Descriptor,
  EPOLLIN,
  expect,
  libc,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  peerCredentials,
  RightsSender,
  settle,
} from "../../../ffi/mod.ts";
import type { Loop } from "../../loop/loop.ts";
import type { Poller, Source } from "../../loop/poller.ts";
import type { ChannelSource } from "../channel/channel_source.ts";
import type { DealerEvents } from "../channel/dealer.ts";
import { BackendListener, type ListenerOptions } from "../channel/listener.ts";
import { WorkerPort } from "../channel/worker_port.ts";
import { type Accepting, APACHE_SOCKET, HandoffSource } from "./handoff_source.ts";

const { recv, sendmsg } = libc;

/**
 * Has the path, and gives the socket that listens there to each worker. It accepts nothing itself: what comes while no
 * worker is there waits in the kernel's queue for the next one.
 */
export class ListenerSharer {
  readonly #listener: BackendListener;
  readonly #door: BackendListener;
  readonly #workers = new Set<SharingWorker>();
  #open = true;

  /**
   * @param path where Apache connects
   * @param door where the workers do: private to this user
   * @throws {ListenError} when a path cannot be had
   */
  constructor(loop: Loop, path: string, door: string, options: ListenerOptions, events: DealerEvents) {
    this.#door = BackendListener.listen(door);
    try {
      this.#listener = BackendListener.listen(path, options, APACHE_SOCKET);
    } catch (error) {
      this.#door.close();
      throw error;
    }
    this.#door.watch(loop.poller, (fd) => {
      this.#workers.add(
        new SharingWorker(loop.poller, fd, this.#listener.fd, (worker) => this.#workers.delete(worker)),
      );
      events.workerReady(peerCredentials(fd).pid);
    });
  }

  /** Removes the path. The workers still have what is queued at the socket, and take it. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#listener.close();
    this.#door.close();
    for (const worker of [...this.#workers]) worker.end();
  }
}

/** A worker that has the socket. Its connection shows how long it is there. */
class SharingWorker implements Source {
  readonly #scratch = new Uint8Array(64);

  constructor(
    readonly poller: Poller,
    readonly fd: Descriptor,
    listener: Descriptor,
    readonly ended: (worker: SharingWorker) => void,
  ) {
    poller.add(fd, EPOLLIN, this);
    const sender = new RightsSender([new Uint8Array(1)]);
    sender.descriptor = listener;
    const sent = settle(sendmsg(fd, sender.header.bytes, MSG_DONTWAIT | MSG_NOSIGNAL));
    expect(sent, "Cannot give the listening socket to a worker");
  }

  /** A worker says nothing, but for its end. */
  ready(): void {
    if (settle(recv(this.fd, this.#scratch, 64n, MSG_DONTWAIT)) <= 0) this.end();
  }

  end(): void {
    this.poller.remove(this.fd);
    close(this.fd);
    this.ended(this);
  }
}

/** A worker's end of it. */
export class SharedListener implements ChannelSource {
  #source: HandoffSource | undefined;

  private constructor(readonly port: WorkerPort, readonly intake: Accepting) {}

  /**
   * Connects to the process that has the socket.
   *
   * @param door its private path
   * @throws {ErrnoError} when it is not there
   */
  static connect(door: string, intake: Accepting): SharedListener {
    return new SharedListener(WorkerPort.connect(door), intake);
  }

  watch(poller: Poller, accepted: (fd: Descriptor) => void): void {
    this.port.watch(poller, (fd) => {
      this.#source = new HandoffSource(fd, this.intake, () => close(fd));
      this.#source.watch(poller, accepted);
    });
  }

  channelEnded(): void {
    // There are no channels.
  }

  close(): void {
    this.#source?.close();
    this.port.close();
  }
}
