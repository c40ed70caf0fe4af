/** A copy of a front's end of a channel, in its supervisor. */

import { close, type Descriptor } from "../../../ffi/mod.ts";
import { Timed } from "../../loop/deadlines.ts";
import type { Poller, Source } from "../../loop/poller.ts";

/**
 * While there is a copy the channel does not end with a front that is killed. So a backend can still read what was handed
 * over on it, say its ACK, and have it (docs/protocol.md, "The commit point"): nobody else has a copy of these connections
 * any more. A front that lives ends its channels by shutdown(2), whoever has copies.
 */
export class KeptChannel extends Timed implements Source {
  /** Whose it is. */
  readonly front: unknown;
  readonly #all: Set<KeptChannel>;

  /** @param fd owned by this object from now on @param all it is among them until it is closed */
  constructor(
    readonly poller: Poller,
    readonly fd: Descriptor,
    { front, all }: { readonly front: unknown; readonly all: Set<KeptChannel> },
  ) {
    super();
    this.front = front;
    this.#all = all;
    all.add(this);
    // Nothing is read here. The end is told whatever is asked for (epoll_ctl(2), EPOLLHUP).
    poller.add(fd, 0, this);
  }

  /** It has ended. */
  ready(): void {
    this.close();
  }

  /** Whoever was to acknowledge has had the time. */
  override expire(): void {
    this.close();
  }

  /** Closes the copy. */
  close(): void {
    if (!this.#all.delete(this)) return;
    this.stopDeadline();
    this.poller.remove(this.fd);
    close(this.fd);
  }
}
