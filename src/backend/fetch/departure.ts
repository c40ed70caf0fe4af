/** Clients that leave while a handler is at work. */

import { Timed } from "../../loop/deadlines.ts";
import type { Exchange } from "../http/exchange.ts";
import { abortRequest } from "./served_request.ts";

/** What `request.signal` says then, as with `Deno.serve`. */
export function departed(): DOMException {
  return new DOMException("The request has been cancelled.", "AbortError");
}

/**
 * Aborts a request when its client leaves before it has the response.
 *
 * A client that closes its connection and one that has only ended its side look the same from here: both send FIN. Most who
 * do that behind a request are gone, so the handler is told, after a moment in which quick ones have their response ready.
 * Nothing else is done about it: what the handler responds is sent, for those who only ended their side and still read.
 */
export class Departure extends Timed {
  constructor(readonly exchange: Exchange, readonly request: Request) {
    super();
  }

  /** Begins to watch, as long as nobody else is told of the same client. */
  watch(): void {
    this.exchange.connection.onGone(() => this.gone(), () => this.ended());
  }

  /** The client has ended its side. */
  ended(): void {
    this.exchange.connection.home.times.abort.start(this);
  }

  override expire(): void {
    // A client that ends its side behind long content is not gone while that is being read.
    if (this.exchange.body.done || this.exchange.connection.closed) this.gone();
    else this.ended();
  }

  /** It is gone, or might as well be. */
  gone(): void {
    this.stopDeadline();
    abortRequest(this.request, departed());
  }

  /** Stops watching. */
  end(): void {
    this.stopDeadline();
    this.exchange.connection.onGone(undefined);
  }
}
