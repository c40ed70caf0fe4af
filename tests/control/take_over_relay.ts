/** Stands between two fronts while one takes over from the other, hears each word, and may kill one of them at any. */

import assert from "node:assert/strict";
import { close, connectUnix, encodeUnixAddress, SOCK_SEQPACKET, unixSocket } from "../../ffi/mod.ts";
import { BackendListener } from "../../src/backend/channel/listener.ts";
import { type Heard, Talk } from "../../src/control/socket/talk.ts";
import { Loop } from "../../src/loop/loop.ts";

/** Who says something. */
export type Side = "new" | "old";

/** A word, and who dies at it. */
export interface Cut {
  readonly type: string;
  /** `sender` has said it; `receiver` has not read it. */
  readonly dies: "sender" | "receiver";
}

/** One conversation. */
export class Relay implements AsyncDisposable {
  readonly #loop = new Loop();
  readonly #running = this.#loop.run();
  readonly #listener: BackendListener;
  readonly #ended = Promise.withResolvers<void>();
  /** What was passed on, by kind. */
  readonly passed: Record<string, number> = {};

  /**
   * @param path where the old one takes commands, and the new one asks: the old one finds its socket moved away, until it
   *   listens there again
   * @param kill ends a side by force, and settles when it has ended
   */
  constructor(path: string, readonly cut: Cut, readonly kill: (side: Side) => Promise<void>) {
    const target = `${path}.old`;
    Deno.renameSync(path, target);
    this.#listener = BackendListener.listen(path, { mode: 0o600 }, { type: SOCK_SEQPACKET, backlog: 1 });
    this.#listener.watch(this.#loop.poller, (fd) => {
      // The path is the new front's from now on, if it becomes one.
      this.#listener.close();
      const other = unixSocket(SOCK_SEQPACKET);
      assert.equal(connectUnix(other, encodeUnixAddress(target)), 0);
      const [one, two] = [new Talk(this.#loop, fd, "new"), new Talk(this.#loop, other, "old")];
      void Promise.all([this.#pass(one, two, "new"), this.#pass(two, one, "old")])
        .then(() => this.#ended.resolve(), this.#ended.reject);
    });
    this.#loop.wake();
  }

  async #pass(from: Talk, to: Talk, side: Side): Promise<void> {
    for (;;) {
      const heard = await from.hear().catch(() => undefined);
      if (heard === undefined) break;
      await this.#passOn(heard, to, side);
    }
    // Whatever it has said is there: now its end is.
    to.close();
  }

  async #passOn({ message, fd }: Heard, to: Talk, side: Side): Promise<void> {
    const type = String(message.type ?? message.command);
    const isCut = type === this.cut.type && this.passed[type] === undefined;
    if (isCut && this.cut.dies === "receiver") await this.kill(side === "new" ? "old" : "new");
    else {
      if (isCut) await this.kill(side);
      this.passed[type] = (this.passed[type] ?? 0) + 1;
      await to.say(message, fd).catch(() => this.passed[type]!--);
    }
    if (fd !== undefined) close(fd);
  }

  /** Settles when both have ended the conversation. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.#loop.stop();
    await this.#running;
    this.#loop.close();
  }
}
