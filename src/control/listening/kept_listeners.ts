/** A front's side of sockets that its supervisor keeps. */

import {
  close,
  connectUnix,
  describeErrno,
  type Descriptor,
  encodeUnixAddress,
  formatAddress,
  localAddress,
  SOCK_SEQPACKET,
  unixSocket,
} from "../../../ffi/mod.ts";
import { ListenError } from "../../backend/channel/listener.ts";
import type { MovedConnection } from "../../front/plan.ts";
import type { Loop } from "../../loop/loop.ts";
import type { Held } from "../recovery/recover_front.ts";
import { Talk } from "../socket/talk.ts";
import { descriptorOf, packConnection, STEP, unpackConnection, within } from "../take_over/exchange.ts";
import type { Asked } from "./keeper.ts";
import type { ListenerSource } from "./listener_source.ts";
import type { OpenListener, WantedListener } from "./open_listener.ts";

/** Milliseconds between two signs of life. */
const SIGN = 1_000;

/** Asks a {@linkcode ListenerKeeper}. The connection lasts as long as the front: its end says that the front has gone. */
export class KeptListeners implements ListenerSource {
  #talk: Talk | undefined;

  /** @param path where the supervisor is asked. The loop is run by the caller */
  constructor(readonly loop: Loop, readonly path: string) {}

  #connected(): Talk {
    if (this.#talk !== undefined) return this.#talk;
    const fd = unixSocket(SOCK_SEQPACKET);
    const result = connectUnix(fd, encodeUnixAddress(this.path));
    if (result < 0) {
      close(fd);
      throw new ListenError(`Cannot ask for listening sockets at "${this.path}": ${describeErrno(-result)}`);
    }
    return this.#talk = new Talk(this.loop, fd, "the supervisor");
  }

  async open(wanted: readonly WantedListener[], workers: number): Promise<readonly OpenListener[]> {
    const asked = wanted.map(({ host, port }) => ({ host, port }));
    const talk = await this.#ask({ type: "open", wanted: asked, workers });
    const sockets = new Map<string, Descriptor[]>();
    for (;;) {
      const { message, fd } = await talk.hear();
      if (message.type === "fault") throw new ListenError(String(message.reason));
      if (message.type === "done") break;
      const key = String(message.key);
      if (fd !== undefined) sockets.set(key, [...sockets.get(key) ?? [], fd]);
    }
    return [...sockets].map(([key, own]) => ({
      key,
      address: formatAddress(localAddress(own[0]!)!),
      sockets: own,
    }));
  }

  async keep(keys: readonly string[]): Promise<void> {
    await (await this.#ask({ type: "keep", keys })).hear();
  }

  /** The supervisor has opened as many as there are to be. */
  widen(listener: OpenListener): OpenListener {
    return listener;
  }

  /** They are the supervisor's. */
  secure(): Promise<void> {
    return Promise.resolve();
  }

  /**
   * Gives the supervisor a copy of a channel, so that a backend can acknowledge what this process handed over even when it
   * was killed since.
   *
   * @param fd this object's from now on
   */
  keepChannel(fd: Descriptor): void {
    // Nothing is served less without: the end of the supervisor is noticed elsewhere.
    this.#connected().say({ type: "channel" } satisfies Asked, fd).catch(() => {}).finally(() => close(fd));
  }

  /**
   * Says where this front's descriptors are held.
   *
   * @param until what the holding process ends with, the first time: this object's from now on
   */
  tellHeld(held: Held, until?: Descriptor): void {
    this.#connected().say({ type: "held", ...held } satisfies Asked, until).catch(() => {}).finally(() => {
      if (until !== undefined) close(until);
    });
  }

  /** Tells the supervisor from now on that this process goes round. @returns to be cleared in the end */
  giveSignsOfLife(): ReturnType<typeof setInterval> {
    let isSaid = true;
    return setInterval(() => {
      // It does not read: then it needs no more of them.
      if (!isSaid || this.#talk?.ended !== false) return;
      isSaid = false;
      this.#talk.say({ type: "alive" } satisfies Asked).catch(() => {}).finally(() => isSaid = true);
    }, SIGN);
  }

  /** What fronts have left that have died: the caller's from now on. */
  async left(): Promise<MovedConnection[]> {
    const talk = await this.#ask({ type: "left" });
    const connections: MovedConnection[] = [];
    for (;;) {
      const heard = await talk.hear();
      if (heard.message.type !== "connection") break;
      connections.push(unpackConnection(heard));
    }
    // The commit point (docs/protocol.md): nothing was touched before.
    await talk.say({ type: "taken" } satisfies Asked);
    return connections;
  }

  /** Where connections are collected that the supervisor is to leave to the next front; undefined where it cannot. */
  async room(): Promise<MovedConnection[] | undefined> {
    try {
      const talk = await this.#ask({ type: "room" });
      const { message } = await within(talk.hear(), STEP, "the supervisor's answer");
      return message.is === true ? [] : undefined;
    } catch {
      // It has gone, or is of an earlier version and does not know the question.
      return undefined;
    }
  }

  /** Leaves them. @param connections owned by this from now on */
  async leave(connections: readonly MovedConnection[] | undefined): Promise<void> {
    for (const connection of connections ?? []) {
      // What is known of its TLS is sealed, for who belongs to this front's family.
      if (connection.tls.length === 0) {
        const message: Asked = { type: "leave", ...packConnection(connection) };
        await this.#connected().say(message, descriptorOf(connection)).catch(() => {});
      }
      close(descriptorOf(connection));
    }
    // Its answer says that everything before it was heard.
    if (connections !== undefined) await this.room();
  }

  async #ask(asked: Asked): Promise<Talk> {
    const talk = this.#connected();
    await talk.say(asked);
    return talk;
  }
}
