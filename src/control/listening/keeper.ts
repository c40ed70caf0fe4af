/**
 * Keeps the listening sockets of a front in another process, so that they outlive it: while a front that was killed is
 * started again, who connects waits in the kernel's queue.
 *
 * The front asks at a socket of its supervisor, in the words of {@linkcode Asked}, and gets copies.
 */

import { close, type Descriptor, peerCredentials, SOCK_SEQPACKET } from "../../../ffi/mod.ts";
import { BackendListener } from "../../backend/channel/listener.ts";
import type { Deadlines } from "../../loop/deadlines.ts";
import type { MovedConnection } from "../../front/plan.ts";
import type { Loop } from "../../loop/loop.ts";
import { reasonOf } from "../failure.ts";
import { Talk, TalkError } from "../socket/talk.ts";
import { LeftBehind } from "../recovery/left_behind.ts";
import type { Held } from "../recovery/recover_front.ts";
import { mayStore } from "../stored/descriptor_store.ts";
import {
  descriptorOf,
  packConnection,
  type PackedConnection,
  TakeOverError,
  unpackConnection,
} from "../take_over/exchange.ts";
import type { ListenerSource } from "./listener_source.ts";
import { KeptChannel } from "./kept_channel.ts";
import { listenerKey, type OpenListener, type WantedListener } from "./open_listener.ts";

/** Fronts that are there at a time: one, and one that takes over from it. More come and go. */
const MOST_FRONTS = 8;
/** Milliseconds that backends have to acknowledge what a front handed over that has gone: what fronts give them, too. */
const UNANSWERED = 2_000;

/**
 * What a front asks for. Answered with `listener`s, each with a socket, and then `done`; or with `fault`, why not.
 *
 * - `open`: sockets for these addresses, for so many Workers
 * - `keep`: it uses these keys and no others from now on; answered when the others are closed
 * - `channel`: comes with a copy of a channel to a backend, see {@linkcode KeptChannel}; not answered
 * - `held`: where its descriptors are held, and, with the first one, what has that process go on; not answered
 * - `left`: what fronts have left that have died. Answered with `connection`s as in docs/take-over.md, each with its
 *   descriptor, and then `done`
 * - `taken`: it has all of these; not answered
 * - `room`: whether a front that ends in good order can leave connections to the next one, on which nobody asks anything:
 *   answered with `room` and `is`
 * - `leave`: such a connection, with its descriptor; not answered
 * - `alive`: its control plane goes round; not answered
 */
export type Asked =
  | { readonly type: "open"; readonly wanted: readonly WantedListener[]; readonly workers: number }
  | { readonly type: "keep"; readonly keys: readonly string[] }
  | { readonly type: "left" | "taken" | "channel" | "room" | "alive" }
  | ({ readonly type: "leave" } & PackedConnection)
  | ({ readonly type: "held" } & Held);

/** The port of an address as people read it. */
function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(":") + 1));
}

/** Who hears of signs of life. */
export interface SignsOfLife {
  heard(front: unknown, process: number): void;
  gone(front: unknown): void;
}

/** A front that is connected, and what it uses. */
interface User {
  readonly talk: Talk;
  keys: Set<string>;
}

/** The sockets, and the fronts that use them. Owns both, and the socket at which fronts ask. */
export class ListenerKeeper {
  readonly #listener: BackendListener;
  readonly #open = new Map<string, OpenListener>();
  readonly #users = new Set<User>();
  readonly #channels = new Set<KeptChannel>();
  readonly #left: LeftBehind;
  /** Those of fronts that have gone. */
  readonly #unanswered: Deadlines;
  #closed = false;
  /** What was asked runs one after another: two fronts must not open an address twice. */
  #last: Promise<unknown> = Promise.resolve();

  /**
   * @param loop is run by the caller
   * @param path where fronts ask; private to this user
   */
  constructor(
    readonly loop: Loop,
    readonly path: string,
    readonly source: ListenerSource,
    readonly signs?: SignsOfLife,
  ) {
    this.#listener = BackendListener.listen(path, { mode: 0o600 }, {
      type: SOCK_SEQPACKET,
      backlog: MOST_FRONTS,
    });
    this.#left = new LeftBehind(loop, () => new Set(this.kept.map(({ address }) => portOf(address))));
    this.#unanswered = loop.deadlines.list(UNANSWERED);
    this.#listener.watch(loop.poller, (fd) => this.#accept(fd));
  }

  #accept(fd: Descriptor): void {
    if (this.#users.size >= MOST_FRONTS) return close(fd);
    const talk = new Talk(this.loop, fd, `front ${peerCredentials(fd).pid}`);
    void this.#serve({ talk, keys: new Set() });
  }

  async #serve(user: User): Promise<void> {
    this.#users.add(user);
    try {
      for (;;) {
        const { message, fd } = await user.talk.hear();
        const asked = message as unknown as Asked;
        if (asked.type === "channel" && fd !== undefined) {
          new KeptChannel(this.loop.poller, fd, { front: user, all: this.#channels });
          continue;
        }
        if (asked.type === "held") {
          this.#left.held(user, peerCredentials(user.talk.fd).pid, asked, fd);
          continue;
        }
        if (asked.type === "alive") {
          this.signs?.heard(user, peerCredentials(user.talk.fd).pid);
          continue;
        }
        if (asked.type === "leave") {
          this.#left.add([unpackConnection({ message, ...fd === undefined ? {} : { fd } })]);
          continue;
        }
        if (fd !== undefined) close(fd);
        const answered = this.#last.then(() => this.#answer(user, asked));
        this.#last = answered.catch(() => {});
        await answered;
      }
    } catch (error) {
      if (!(error instanceof TalkError || error instanceof TakeOverError)) throw error;
    } finally {
      this.#users.delete(user);
      this.#left.gone(user);
      this.signs?.gone(user);
      user.talk.close();
      for (const channel of this.#channels) if (channel.front === user) this.#unanswered.start(channel);
      // The last one: what it has used is for whoever is started in its place.
      if (this.#users.size > 0) this.#closeUnused();
    }
  }

  async #answer(user: User, asked: Asked): Promise<void> {
    switch (asked.type) {
      case "open":
        return await this.#openFor(user, asked);
      case "keep":
        user.keys = new Set(asked.keys);
        this.#closeUnused();
        return await user.talk.say({ type: "done" });
      case "left":
        for (const connection of this.#left.askedBy(user)) {
          const message = { type: "connection", id: 0, ...packConnection(connection) };
          await user.talk.say(message, descriptorOf(connection));
        }
        return await user.talk.say({ type: "done" });
      case "taken":
        return this.#left.taken();
      case "room":
        return await user.talk.say({ type: "room", is: !this.#closed || mayStore() });
    }
  }

  async #openFor(user: User, { wanted, workers }: Asked & { readonly type: "open" }): Promise<void> {
    try {
      const missing = wanted.filter((listener) => !this.#open.has(listenerKey(listener)));
      for (const listener of await this.source.open(missing, workers, [...this.#open.keys()])) {
        this.#open.set(listener.key, listener);
      }
      await this.source.secure(this.kept);
    } catch (error) {
      return await user.talk.say({ type: "fault", reason: reasonOf(error) });
    }
    for (const key of wanted.map(listenerKey)) {
      user.keys.add(key);
      for (const socket of this.#open.get(key)!.sockets) {
        await user.talk.say({ type: "listener", key }, socket);
      }
    }
    await user.talk.say({ type: "done" });
  }

  /** What no front uses any more. Whoever used it last has its own copies, and takes what is queued there. */
  #closeUnused(): void {
    if (this.#closed) return;
    const used = new Set([...this.#users].flatMap(({ keys }) => [...keys]));
    for (const [key, { sockets }] of this.#open) {
      if (used.has(key)) continue;
      this.#open.delete(key);
      for (const socket of sockets) close(socket);
    }
    void this.source.keep([...this.#open.keys()]);
  }

  /** Every socket that is kept. Lent. */
  get kept(): readonly OpenListener[] {
    return [...this.#open.values()];
  }

  /** What fronts have left, and none has taken: the caller's from now on. */
  takeLeft(): MovedConnection[] {
    return this.#left.take();
  }

  /** Has connections for the next front. @param connections owned by this from now on */
  goOn(connections: readonly MovedConnection[]): void {
    this.#left.add(connections);
  }

  /** Keeps nothing any more: a front that ends closes its listeners for good. */
  release(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const { sockets } of this.#open.values()) for (const socket of sockets) close(socket);
    this.#open.clear();
  }

  /** Ends everything. */
  close(): void {
    this.release();
    this.#listener.close();
    for (const { talk } of this.#users) talk.close();
    for (const channel of this.#channels) channel.close();
    this.#left.close();
  }
}
