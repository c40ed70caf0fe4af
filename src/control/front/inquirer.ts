/** Finds out what data planes ask: whether a password is right, and which names an address has. */

import { lookup, reverse } from "node:dns/promises";
import type { Finding, Question, UserVerdict } from "../../rules/access.ts";

/** A question, and who wants to know. */
interface Asked {
  readonly question: Question & { readonly kind: "password" };
  readonly answer: (finding: Finding) => void;
}

const UNKNOWN: UserVerdict = { holds: false, groups: [], broken: true };

/**
 * Checks one password after another, in a thread of its own. Clients take turns: one that tries many keeps only itself
 * waiting.
 */
export class Inquirer {
  /** Made with the first question. */
  #worker: Worker | undefined;
  #current: Asked | undefined;
  /** Questions by client; the client whose turn is next stands first. */
  readonly #queues = new Map<string, Asked[]>();

  /** @param failed called when the thread has ended by an error; those who wait get no user */
  constructor(readonly failed: (reason: string) => void) {}

  /** Finds something out. @param client who asks, in words */
  ask(question: Question, client: string, answer: (finding: Finding) => void): void {
    if (question.kind === "names") {
      void namesOf(question.address).then(answer);
      return;
    }
    const queue = this.#queues.get(client) ?? [];
    this.#queues.set(client, queue);
    queue.push({ question, answer });
    this.#next();
  }

  #next(): void {
    if (this.#current !== undefined) return;
    const [first] = this.#queues;
    if (first === undefined) return;
    const [client, queue] = first;
    this.#current = queue.shift();
    this.#queues.delete(client);
    // To the end of the line.
    if (queue.length > 0) this.#queues.set(client, queue);
    this.#thread().postMessage(this.#current!.question);
  }

  #thread(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const worker = new Worker(new URL("./password_worker.ts", import.meta.url).href, { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<UserVerdict>) => this.#done(data);
    worker.onerror = (event) => {
      event.preventDefault();
      this.#worker = undefined;
      this.failed(event.message);
      this.#done(UNKNOWN);
    };
    return this.#worker = worker;
  }

  #done(verdict: UserVerdict): void {
    const asked = this.#current;
    this.#current = undefined;
    asked?.answer(verdict);
    this.#next();
  }

  /** Ends the thread. */
  close(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#queues.clear();
  }
}

/** The names of an address that lead back to it: whoever runs the reverse zone may write any name into it. */
async function namesOf(address: string): Promise<readonly string[]> {
  try {
    const names = await reverse(address);
    const confirmed = await Promise.all(names.map(async (name) => {
      const addresses = await lookup(name, { all: true }).catch(() => []);
      return addresses.some((found) => found.address === address) ? [name] : [];
    }));
    return confirmed.flat();
  } catch {
    return [];
  }
}
