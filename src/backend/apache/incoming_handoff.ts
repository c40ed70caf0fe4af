/** A connection that Apache has made for one hand-off: one NUL byte arrives on it, with the descriptor. */

import { close, type Descriptor, EPOLLIN } from "../../../ffi/mod.ts";
import { Timed } from "../../loop/deadlines.ts";
import type { Deadlines } from "../../loop/deadlines.ts";
import type { Source } from "../../loop/poller.ts";
import type { Missing } from "../../wire/missing_descriptor.ts";
import type { Poller } from "../../loop/poller.ts";

/** What came on a connection of Apache's. */
export type Arrival =
  | { readonly type: "client"; readonly fd: Descriptor; readonly process: number }
  /** Somebody who hands over nothing: a client left in between, or a backend was looking who listens here. */
  | { readonly type: "nothing" }
  /** There was no number free for the descriptor. */
  | { readonly type: "cut-off"; readonly why: Missing }
  | { readonly type: "fault"; readonly reason: string };

/** Who takes hand-offs. */
export interface Taking {
  readonly poller: Poller;
  /** How long one is waited for. */
  readonly deadlines: Deadlines;
  /** Receives what has come; undefined as long as nothing has. The connection is done with after anything else. */
  receive(from: Descriptor): Arrival | undefined;
  /** Acts on what came, once the connection that it came on is closed and its number free. */
  take(arrival: Arrival): void;
  /** A connection of Apache's is closed. */
  ended(handoff: IncomingHandoff): void;
}

/** Waits until the hand-off has come, or time is up. Owns the connection to Apache. */
export class IncomingHandoff extends Timed implements Source {
  #watched = false;
  #open = true;

  /** @param fd accepted; owned by this object from now on */
  constructor(readonly intake: Taking, readonly fd: Descriptor) {
    super();
  }

  /** Takes the hand-off, which may be there already, or waits for it. */
  begin(): void {
    this.ready();
    if (!this.#open) return;
    this.intake.deadlines.start(this);
    this.#watched = true;
    this.intake.poller.add(this.fd, EPOLLIN, this);
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
    if (this.#watched) this.intake.poller.remove(this.fd);
    close(this.fd);
    this.intake.ended(this);
  }
}
