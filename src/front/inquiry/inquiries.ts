/** Connections that wait until something has been found out about their requests: whether a password is right. */

import type { Finding, Question } from "../../rules/access.ts";
import type { Connection } from "../connection/connection.ts";
import type { Core } from "../core/core.ts";
import { FindingsMemory } from "./findings.ts";

/** Connections that wait at most, and those of one address among them: nobody keeps others from being asked about. */
const MOST = 1_024;
const MOST_OF_ONE = 16;

/** Why a connection whose time is up is refused. */
export const NOT_FOUND_OUT = "it was not found out in time who asks";

/** A question under way, and who waits for its answer. */
interface Pending {
  readonly connections: Set<Connection>;
}

/** Asks the control plane, whose threads may take their time, and keeps who waits. */
export class Inquiries {
  readonly memory: FindingsMemory;
  readonly #core: Core;
  readonly #pending = new Map<string, Pending>();
  readonly #keys = new Map<Connection, { readonly key: string; readonly client: string }>();
  readonly #ofAddress = new Map<string, number>();

  constructor(core: Core) {
    this.#core = core;
    this.memory = new FindingsMemory(() => core.loop.now);
  }

  /**
   * Lets a connection wait for an answer.
   *
   * @param client its address, in words
   * @returns undefined where it does; else why it may not
   */
  enter(connection: Connection, question: Question, client: string): string | undefined {
    const waiting = this.#ofAddress.get(client) ?? 0;
    if (this.#keys.size >= MOST || waiting >= MOST_OF_ONE) return "too many passwords are being checked";
    const key = this.memory.keyOf(question);
    let pending = this.#pending.get(key);
    if (pending === undefined) {
      this.#pending.set(key, pending = { connections: new Set() });
      this.#core.report({ type: "question", key, question, client });
    }
    pending.connections.add(connection);
    this.#keys.set(connection, { key, client });
    this.#ofAddress.set(client, waiting + 1);
    connection.to("asking");
    const { deadlines, loop, limits } = this.#core;
    deadlines.queue.startUntil(connection, loop.now + limits.queueTimeout);
    return undefined;
  }

  /** Takes a connection out: it is known, or its time is up. */
  leave(connection: Connection): void {
    const { key, client } = this.#keys.get(connection)!;
    this.#pending.get(key)?.connections.delete(connection);
    this.#keys.delete(connection);
    const left = this.#ofAddress.get(client)! - 1;
    if (left > 0) this.#ofAddress.set(client, left);
    else this.#ofAddress.delete(client);
    connection.stopDeadline();
    connection.to("reading");
  }

  /** An answer has come. @returns who has waited for it */
  answered(key: string, finding: Finding): readonly Connection[] {
    this.memory.learn(key, finding);
    const connections = [...this.#pending.get(key)?.connections ?? []];
    for (const connection of connections) this.leave(connection);
    this.#pending.delete(key);
    return connections;
  }
}
