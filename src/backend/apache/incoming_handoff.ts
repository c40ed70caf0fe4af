/** A connection that Apache has made for one hand-off: one NUL byte arrives on it, with the descriptor. */

import { close, type Descriptor, EPOLLIN } from "../../../ffi/mod.ts";
import { Timed } from "../../loop/deadlines.ts";
import type { Source } from "../../loop/poller.ts";
import type { ApacheIntake } from "./intake.ts";

/** Waits until the hand-off has come, or time is up. Owns the connection to Apache. */
export class IncomingHandoff extends Timed implements Source {
  #watched = false;
  #open = true;

  /** @param fd accepted; owned by this object from now on */
  constructor(readonly intake: ApacheIntake, readonly fd: Descriptor) {
    super();
  }

  /** Takes the hand-off, which may be there already, or waits for it. */
  begin(): void {
    this.ready();
    if (!this.#open) return;
    const { loop } = this.intake.backend;
    this.intake.deadlines.start(this, performance.now());
    this.#watched = true;
    loop.poller.add(this.fd, EPOLLIN, this);
  }

  ready(): void {
    const arrival = this.intake.receive(this.fd);
    if (arrival === undefined) return;
    this.end();
    this.intake.take(arrival);
  }

  /** Nothing came in time. */
  override expire(): void {
    this.end();
    this.intake.take({ type: "fault", reason: "nothing came on a connection that was made for it" });
  }

  /** Closes the connection to Apache; what may still come on it is closed by the kernel. */
  end(): void {
    if (!this.#open) return;
    this.#open = false;
    this.stopDeadline();
    if (this.#watched) this.intake.backend.loop.poller.remove(this.fd);
    close(this.fd);
    this.intake.ended(this);
  }
}
