/** The end of a request: what is left of it, and what becomes of its connection. */

import { settled, type Steps } from "../../loop/course.ts";
import { ConnectionLost } from "../connection/connection.ts";
import type { Exchange } from "./exchange.ts";
import { giveBackError } from "./left_error.ts";
import { refuse } from "./refuse.ts";
import { BodyError } from "./request_body.ts";
import type { HttpServerOptions } from "./request_handler.ts";
import type { Served } from "./served.ts";

/**
 * Whether unread bytes may be there. They would make the kernel reset a connection that is closed, and the client lose the
 * answer. Who said that this request was its last sends no more.
 */
function mayHaveUnread({ body, connection, input, isLast }: Exchange): boolean {
  if (!body.done || input.length > 0) return true;
  return !(isLast && connection.emptied) && connection.hasInput();
}

/**
 * Ends a request whose handler has come to its end, as far as nothing has to be waited for: most are read and answered by
 * then.
 *
 * @returns whether the connection goes on; nothing where there is something to wait for, or was no answer
 */
export function concludedAtOnce(served: Served, exchange: Exchange): boolean | undefined {
  const { body, connection, input, persistent, progress, responded } = exchange;
  if (!responded || !body.done || progress === "left") return undefined;
  if (!persistent && mayHaveUnread(exchange)) return undefined;
  served.lines.finished(exchange, served.requests, input.length, persistent ? "+" : "-");
  if (!persistent) connection.close();
  return persistent;
}

/** Ends the requests of one server. */
export class Conclusion {
  /** @param givesBack told of a connection that is about to go back to the front, in case it comes back from that */
  constructor(
    readonly onError: HttpServerOptions["onError"],
    readonly givesBack: (served: Served) => void,
  ) {}

  /** Waits for the response and looks at what is left of the request; whether the connection goes on. */
  *of(served: Served, exchange: Exchange, handled: Promise<void> | undefined): Steps<boolean> {
    try {
      yield* settled(exchange.connection.home.loop, handled);
      if (exchange.leftError !== undefined && !exchange.responded) {
        this.givesBack(served);
        return yield* giveBackError(served, exchange, exchange.leftError);
      }
      if (!exchange.responded) throw new Error("Cannot go on: the handler has not responded");
    } catch (error) {
      return yield* this.ofFailed(served, exchange, error);
    } finally {
      exchange.release();
    }
    return yield* this.#ofAnswered(served, exchange);
  }

  *#ofAnswered(served: Served, exchange: Exchange): Steps<boolean> {
    const { connection, body, input } = exchange;
    const left = exchange.progress === "left";
    if (!left) body.close();
    if (exchange.persistent && !body.done && !(yield* body.skip())) exchange.persistent = false;
    served.lines.finished(exchange, served.requests, input.length, exchange.persistent ? "+" : "-");
    if (left || exchange.persistent) return !left;
    if (mayHaveUnread(exchange)) yield* connection.endGently();
    else connection.close();
    return false;
  }

  /** Ends a connection whose handler has failed. @returns that it does not go on */
  *ofFailed(served: Served, exchange: Exchange, error: unknown): Steps<false> {
    const { connection, lines, requests } = served;
    exchange.release();
    if (error instanceof ConnectionLost) {
      lines.finished(exchange, requests, exchange.input.length, "X", "client-gone");
      throw error;
    }
    exchange.body.close();
    if (error instanceof BodyError && !exchange.responded) {
      return yield* refuse(served, error.status, error.why, exchange);
    }
    this.onError(error, exchange);
    if (!exchange.responded) return yield* refuse(served, 500, undefined, exchange);
    lines.finished(exchange, requests, exchange.input.length, "X", "handler-failed");
    // The client must not take what it has for the whole (RFC 9112, 8): no end is marked, the connection breaks off.
    if (exchange.progress === "whole") yield* connection.endGently();
    else if (exchange.endsByClosing) connection.breakOff();
    else connection.close();
    return false;
  }
}
