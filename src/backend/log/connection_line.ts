/** The one line of a connection whose requests nobody here looks at. */

import type { Connection } from "../connection/connection.ts";
import { Measure } from "./measure.ts";
import type { ConnectionLines, LoggedRefusal } from "./request_log.ts";

/** Writes the line at the end of the connection, however that comes. */
export class ConnectionLine {
  #flags = "";
  #refusal: LoggedRefusal | undefined;

  private constructor(
    readonly connection: Connection,
    readonly measure: Measure,
    readonly lines: ConnectionLines,
  ) {
    measure.begin(connection.transfer.preread.length);
    // Worked out as long as the descriptor is there to be asked.
    void connection.name;
    connection.onEnded = () => this.#write();
  }

  /** For a connection that has just come; undefined where it gets no line. */
  static of(connection: Connection): ConnectionLine | undefined {
    const { log, counters } = connection.home;
    if (log === undefined) return undefined;
    const measure = new Measure(counters, connection);
    const lines = log.lines(connection, measure);
    return lines === undefined ? undefined : new ConnectionLine(connection, measure, lines);
  }

  /** It could not be served: what happened, in words with a comma between two. */
  failed(flags: string): void {
    this.#flags = flags;
  }

  /** It is answered by an error. */
  refused(refusal: LoggedRefusal): void {
    this.#refusal = refusal;
  }

  #write(): void {
    const { connection, lines } = this;
    this.measure.end(0);
    if (this.#refusal !== undefined && connection.sent > 0) return lines.refused(this.#refusal, 0);
    lines.ended(connection.brokenOff ? "X" : "-", this.#flags);
  }
}
