/** Accepts what Apache connects. Unlike a front it does not come again: what is not accepted is lost. */

import {
  adopt,
  type Descriptor,
  EAGAIN,
  EMFILE,
  ENFILE,
  ENOBUFS,
  ENOMEM,
  EPOLLEXCLUSIVE,
  EPOLLIN,
  libc,
  settle,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
} from "../../../ffi/mod.ts";
import { type Deadlines, Timed } from "../../loop/deadlines.ts";
import type { Poller, Source } from "../../loop/poller.ts";
import type { ChannelSource } from "../channel/channel_source.ts";
import type { SocketKind } from "../channel/listener.ts";

const { accept4 } = libc;

/** The kernel queues as many as net.core.somaxconn allows; beyond it Apache waits in connect(2). */
export const APACHE_SOCKET: SocketKind = { type: SOCK_STREAM, backlog: 4_096 };

/** Connections accepted in a row before others get their turn; the poller tells again of what is left. */
const BATCH = 64;
/** Twice what the kernel queues at most: everything that is there, and who comes meanwhile. */
const WHOLE_QUEUE = 8_192;

/** Who takes what is accepted, and says when that is too much. */
export interface Accepting {
  /** Whether nothing can be taken at the moment. */
  readonly full: boolean;
  /** How long what the kernel has queued waits then. */
  readonly retry: Deadlines;
  /** There is no number free for a descriptor. */
  descriptorsExhausted(): void;
}

/** Accepts on a listening socket, which other processes may share. */
export class HandoffSource extends Timed implements ChannelSource, Source {
  #open = true;
  #watched = false;
  #poller: Poller | undefined;
  #accepted: ((fd: Descriptor) => void) | undefined;

  /**
   * @param fd listening, without waiting; lent
   * @param release closes it
   */
  constructor(readonly fd: Descriptor, readonly intake: Accepting, readonly release: () => void) {
    super();
  }

  watch(poller: Poller, accepted: (fd: Descriptor) => void): void {
    this.#poller = poller;
    this.#accepted = accepted;
    this.#resume();
  }

  ready(): void {
    this.#accept(BATCH);
  }

  #accept(most: number): void {
    for (let count = 0; count < most; count++) {
      if (this.intake.full) return this.#pause();
      const fd = settle(accept4(this.fd, null, null, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (fd >= 0) {
        this.#accepted!(adopt(fd));
        continue;
      }
      if (fd === -EAGAIN) return;
      if (fd === -EMFILE || fd === -ENFILE || fd === -ENOBUFS || fd === -ENOMEM) {
        this.intake.descriptorsExhausted();
        return this.#pause();
      }
      // What is left are errors of the one connection (accept(2)): the next may be fine.
    }
  }

  /** What the kernel has queued waits for a moment. */
  #pause(): void {
    if (!this.#open) return;
    this.#unwatch();
    this.intake.retry.start(this);
  }

  override expire(): void {
    this.#resume();
  }

  #resume(): void {
    this.#watched = true;
    // Of the processes that share the socket, one is woken.
    this.#poller!.add(this.fd, EPOLLIN | EPOLLEXCLUSIVE, this);
  }

  #unwatch(): void {
    if (this.#watched) this.#poller!.remove(this.fd);
    this.#watched = false;
  }

  channelEnded(): void {
    // There are no channels.
  }

  /** Takes everything that the kernel has queued, then accepts nothing any more. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.stopDeadline();
    if (this.#poller !== undefined) this.#accept(WHOLE_QUEUE);
    this.#unwatch();
    this.release();
  }
}
