/** A connection whose handshake is over and whose client has asked for nothing yet. */

import { EPOLLERR, EPOLLOUT } from "../../../ffi/mod.ts";
import { BROKEN, WANTS_READ, WANTS_WRITE } from "../../../ffi/openssl/mod.ts";
import { type Deadlines, Timed } from "../../loop/deadlines.ts";
import type { Established } from "./handshake.ts";
import { RECEIVING } from "./watch.ts";

/** Who takes such a connection when its client asks. */
export interface UnaskedOwner {
  /** How long a client may take until it asks. */
  readonly deadlines: Deadlines;
  /** The client has begun to ask, or nobody waits for it here any more: everything is the owner's again. */
  asked(established: Established): void;
  /** This object answers for its connection no more. */
  over(unasked: Unasked): void;
}

/**
 * Waits for the first byte that a client asks with, where TLS stays in this process. Until then nobody else has anything
 * to do with the connection: there is no stream for it, and the front has not got it back. Many a connection ends so, for
 * browsers open some in advance; and of one that goes on the front finds the request when it looks first.
 */
export class Unasked extends Timed {
  #over = false;

  /** @param established owned from now on */
  constructor(readonly owner: UnaskedOwner, readonly established: Established) {
    super();
    established.watch.onReady = (events) => this.#ready(events);
  }

  /** Begins: the client may have asked already, in the segment of its last handshake message. */
  begin(): void {
    const { owner, established: { session, watch } } = this;
    owner.deadlines.start(this);
    if (session.hasPending) this.#look();
    else watch.await(RECEIVING);
  }

  #ready(events: number): void {
    if (events & EPOLLERR) this.#end(false);
    else this.#look();
  }

  #look(): void {
    const { session, watch } = this.established;
    const outcome = session.peek();
    if (outcome > 0) this.letGo();
    else if (outcome === WANTS_READ) watch.await(RECEIVING);
    else if (outcome === WANTS_WRITE) watch.await(EPOLLOUT);
    else this.#end(outcome !== BROKEN);
  }

  /** Whoever asks nothing is owed nothing. */
  override expire(): void {
    this.#end(true);
  }

  /** Gives everything to the owner, whether or not the client has asked. */
  letGo(): void {
    if (this.#close()) this.owner.asked(this.established);
  }

  /** Ends the connection, as its process does. */
  abandon(): void {
    this.#end(true);
  }

  /** @param says whether close_notify still has a meaning: every side is to say it (RFC 8446, 6.1) */
  #end(says: boolean): void {
    if (!this.#close()) return;
    const { connection, session, watch } = this.established;
    watch.await(0);
    if (says) session.shutdown();
    session.free();
    connection.close();
  }

  /** @returns whether it was open */
  #close(): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.stopDeadline();
    this.owner.over(this);
    return true;
  }
}
