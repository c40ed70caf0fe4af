/** How a running front is succeeded: one take-over at a time, asked for by the new front, or begun here (`fdpass upgrade`). */

import type { Descriptor } from "../../../ffi/mod.ts";
import type { Loop } from "../../loop/loop.ts";
import { type ControlAnswer, DONE, FAILED, REFUSED } from "../../protocol/control.ts";
import { reasonOf } from "../failure.ts";
import type { Log } from "../log/log.ts";
import { sameCommand } from "../processes/own_command.ts";
import { Talk } from "../socket/talk.ts";
import { within } from "./exchange.ts";
import { type Giver, Giving } from "./giving.ts";

/** Milliseconds that a new front has from its start until it has taken over, where nobody says otherwise. */
export const UPGRADE = 30_000;

/** The front that may be succeeded. */
export interface Succeeded {
  readonly giver: Giver;
  /** Why it cannot be succeeded at the moment, as the end of a sentence. */
  objection(): string | undefined;
  /** Whether another process of it would read the same configuration. */
  readonly readsAgain: boolean;
  /** Another front had everything, and has died: this one goes on. */
  goOn(): void;
  /** Another front has everything: this one ends. */
  end(): void;
}

/** Sees to it. */
export class Succession {
  /** The take-over under way. It settles with the process number of the new front, or is rejected: this one goes on. */
  #current: Promise<void> | undefined;
  #upgrading = false;
  /** Whether another front has everything. */
  succeeded = false;
  /** Settles when another front has everything. */
  readonly #over = Promise.withResolvers<void>();

  constructor(readonly loop: Loop, readonly front: Succeeded, readonly log: Log) {}

  /** Whether another front is taking over: nothing may change meanwhile. */
  get busy(): boolean {
    return this.#current !== undefined;
  }

  /** A new front asks. @param detach lets its connection go, and gives it to the caller */
  giveOver(detach: () => Descriptor): Promise<ControlAnswer> {
    const why = this.busy ? "another front is taking over at the moment" : this.front.objection();
    if (why !== undefined) {
      return Promise.resolve({ code: FAILED, text: `Cannot take over: ${why}; try again later` });
    }
    const talk = new Talk(this.loop, detach(), "the new front");
    this.#current = this.#give(talk);
    return Promise.resolve({ code: DONE, text: "" });
  }

  async #give(talk: Talk): Promise<void> {
    this.log.info("take-over-begun", "another front takes over");
    try {
      await new Giving(talk, this.front.giver).run();
    } catch (error) {
      this.log.warn("take-over-failed", "the take-over came to nothing, this front goes on: {reason}", {
        reason: reasonOf(error),
      });
      this.front.goOn();
      return;
    } finally {
      talk.close();
      this.#current = undefined;
    }
    this.log.info("front-succeeded", "another front has taken over; this one ends");
    this.succeeded = true;
    this.#over.resolve();
    // What is owed to whoever has asked for this is said first.
    setTimeout(() => this.front.end(), 0);
  }

  /** Starts this program once more, to take over. @param timeout in milliseconds @returns what has become of it */
  async upgrade(timeout = UPGRADE): Promise<ControlAnswer> {
    if (!this.front.readsAgain) {
      return {
        code: REFUSED,
        text: "Cannot upgrade: the configuration came from a pipe; start the new front with --take-over",
      };
    }
    if (Deno.permissions.querySync({ name: "run", command: Deno.execPath() }).state !== "granted") {
      const text =
        `Cannot upgrade: the front may not start processes; start the new one with --take-over, or allow it (--allow-run=${Deno.execPath()})`;
      return { code: REFUSED, text };
    }
    if (this.#upgrading) return { code: FAILED, text: "Cannot upgrade: it is being upgraded already" };
    this.#upgrading = true;
    const { command, args } = sameCommand(["--take-over"]);
    const child = new Deno.Command(command, {
      args: [...args],
      stdin: "null",
      stdout: "inherit",
      stderr: "inherit",
    })
      .spawn();
    const ended = child.status.then(({ code, signal }) => {
      throw new Error(`the new front has ended (${signal ?? `exit code ${code}`}), and has said why`);
    });
    ended.catch(() => {});
    try {
      await within(Promise.race([this.#over.promise, ended]), timeout, "the new front's take-over");
      return { code: DONE, text: `process ${child.pid} has taken over` };
    } catch (error) {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended.
      }
      return { code: FAILED, text: `Cannot upgrade, this front goes on: ${reasonOf(error)}` };
    } finally {
      this.#upgrading = false;
    }
  }
}
