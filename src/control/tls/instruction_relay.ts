/** Instructions that a dealer gets for its workers. */

import { reasonOf } from "../failure.ts";
import { print } from "../log/log.ts";
import type { SupervisedProcess } from "../processes/supervised_process.ts";
import { answerToInstructions } from "./instructions.ts";
import { linesOf } from "./lines.ts";

/** Passes instructions on, and answers for all. */
export class InstructionRelay {
  readonly #lines: AsyncGenerator<string>;

  private constructor(readonly name: string, lines: AsyncGenerator<string>, public current: string) {
    this.#lines = lines;
  }

  /** Waits for the first instructions on standard input. */
  static async open(name: string): Promise<InstructionRelay> {
    const lines = linesOf(Deno.stdin.readable);
    const first = await lines.next();
    return new InstructionRelay(name, lines, first.done ? "" : first.value);
  }

  /** Goes on with what comes later, until the supervisor ends. @param workers those that run at a time */
  async run(workers: () => readonly SupervisedProcess[]): Promise<void> {
    for (let next = await this.#lines.next(); !next.done; next = await this.#lines.next()) {
      print(answerToInstructions(this.name, await this.#passOn(next.value, workers())));
    }
  }

  /** One refusal counts for all: they are to go by the same. @returns it, if there is one */
  async #passOn(line: string, workers: readonly SupervisedProcess[]): Promise<string | undefined> {
    const results = await Promise.allSettled(workers.map((worker) => worker.instruct(line)));
    const refused = results.find((result) => result.status === "rejected");
    if (refused === undefined) {
      this.current = line;
      return undefined;
    }
    await Promise.allSettled(workers.map((worker) => worker.instruct(this.current)));
    return reasonOf(refused.reason);
  }
}
