/** The running front's side of a take-over: it gives everything away, or goes on as if nothing had been. */

import {
  adopt,
  close,
  type Descriptor,
  formatAddress,
  localAddress,
  openProcess,
  peerCredentials,
} from "../../../ffi/mod.ts";
import type { MovedConnection } from "../../front/plan.ts";
import type { OpenListener } from "../listening/open_listener.ts";
import type { Talk } from "../socket/talk.ts";
import {
  descriptorOf,
  type Message,
  type Offer,
  pack,
  packConnection,
  START,
  STEP,
  TAKE_OVER_VERSION,
  TakeOverError,
  WINDOW,
  within,
} from "./exchange.ts";

/** Milliseconds that hand-offs under way have once another front goes on; and then, that giving them up may take. */
const LEAVE = 400;
const LEAVE_NOW = 200;
/** Milliseconds that the new front has to say that it has heard the end. Those of earlier versions say nothing. */
const OVER = 300;

/** A front, as far as it is given away. */
export interface Giver {
  readonly offer: Offer;
  readonly listeners: readonly OpenListener[];
  /** The listening socket of its admin address, where that has a port. */
  readonly admin?: Descriptor | undefined;
  /** What it has counted. */
  readonly totals: Readonly<Record<string, number>>;
  /** Everything else that it has counted, for messages of their own; descriptors are lent. */
  bequest(): Iterable<{ readonly piece: Readonly<Record<string, unknown>>; readonly page?: Descriptor }>;
  /** Takes connections that become the front's while everything goes. */
  moved: (connection: MovedConnection) => void;
  /** Accepts nothing more, and gives up all connections. @returns those */
  surrender(): Promise<MovedConnection[]>;
  /** Accepts again, and goes on with connections. */
  resume(connections: readonly MovedConnection[]): void;
  /**
   * @param kept the keys of the listeners that the other front has; others are emptied and closed
   * @param now gives up hand-offs that are under way
   * @returns when none is under way
   */
  leave(kept: readonly string[], now: boolean): Promise<void>;
  /** Ends the channels. @returns when they have ended */
  farewell(): Promise<void>;
  /** It is the other front now that clients meet: the moment for telling others. @param process its number */
  succeeded(process: number): void;
}

/** One take-over. Owns the conversation. */
export class Giving {
  /** What the new front has not acknowledged, or not committed to: copies that are still this front's. */
  #kept = new Map<number, MovedConnection>();
  #id = 0;
  /** Ids of those that are in the conversation. */
  readonly #sent = new Set<number>();
  /** The listeners that the new front has. */
  #keys: readonly string[] = [];
  #surrendered = false;
  #committed = false;
  /** This front has ended the conversation: that is no sign of the other one's end. */
  #gaveUp = false;
  /** The new front has heard the end, or says nothing more. */
  readonly #over = Promise.withResolvers<void>();
  #isOver = false;

  constructor(readonly talk: Talk, readonly giver: Giver) {}

  /**
   * Gives everything away.
   *
   * @throws {Error} when it came to nothing, and why; the front goes on with all that it had
   */
  async run(): Promise<void> {
    try {
      await this.#prepare();
      await this.#transfer();
    } catch (error) {
      if (!this.#committed) await this.#fail(error as Error);
    }
    if (this.#committed) await this.#leave();
  }

  #say(message: Message, connection?: MovedConnection): Promise<void> {
    return this.talk.say(message, connection === undefined ? undefined : descriptorOf(connection));
  }

  async #hear(type: Message["type"], patience: number): Promise<Readonly<Record<string, unknown>>> {
    const { message, fd } = await within(this.talk.hear(), patience, `the new front's "${type}"`);
    if (fd !== undefined) close(fd);
    if (message.type === type) return message;
    throw new TakeOverError(
      message.type === "abort"
        ? String(message.reason)
        : `the new front says ${JSON.stringify(message.type)}, not "${type}"`,
    );
  }

  /** The first phase: nothing changes for anybody. */
  async #prepare(): Promise<void> {
    const { offer: { family, ...offer }, listeners } = this.giver;
    const { name, key } = family;
    await this.#say({ type: "offer", version: TAKE_OVER_VERSION, ...offer, family: name, key: pack(key) });
    const { sockets } = await this.#hear("want", START);
    for (const { key, address, sockets: own } of sockets === false ? [] : listeners) {
      for (const socket of own) {
        await this.talk.say({ type: "listener", key, address } satisfies Message, socket);
      }
    }
    const { admin } = this.giver;
    if (admin !== undefined) {
      const address = formatAddress(localAddress(admin)!);
      await this.talk.say(
        { type: "listener", key: offer.admin, address, admin: true } satisfies Message,
        admin,
      );
    }
    await this.#say({ type: "listeners" });
    const { listeners: kept } = await this.#hear("ready", START);
    if (Array.isArray(kept)) this.#keys = kept.map(String);
  }

  /** The second one: from here until COMMITTED, or its failure, clients wait. */
  async #transfer(): Promise<void> {
    const { giver } = this;
    giver.moved = (connection) => void this.#kept.set(this.#id++, connection);
    this.#surrendered = true;
    for (const connection of await giver.surrender()) this.#kept.set(this.#id++, connection);
    const sent = await this.#sendAll();
    await this.#say({ type: "commit", connections: sent, totals: giver.totals });
    await this.#hear("committed", STEP);
    this.#committed = true;
  }

  async #sendAll(): Promise<number> {
    const unanswered = new Set<number>();
    let sent = 0;
    // What comes meanwhile goes along.
    for (const [id, connection] of this.#kept) {
      await within(
        this.#say({ type: "connection", id, ...packConnection(connection) }, connection),
        STEP,
        "the new front's readiness for a connection",
      );
      sent++;
      this.#sent.add(id);
      unanswered.add(id);
      if (unanswered.size >= WINDOW) unanswered.delete((await this.#hear("ack", STEP)).id as number);
    }
    while (unanswered.size > 0) unanswered.delete((await this.#hear("ack", STEP)).id as number);
    return sent;
  }

  /** The commit point, as docs/protocol.md has it: after the shutdown the new front can say nothing more. */
  async #fail(error: Error): Promise<void> {
    this.#gaveUp = !this.talk.ended;
    this.talk.giveUp();
    for (;;) {
      const heard = await this.talk.hear().catch(() => undefined);
      if (heard === undefined) break;
      if (heard.fd !== undefined) close(heard.fd);
      if (heard.message.type === "committed") this.#committed = true;
    }
    if (this.#committed) return;
    this.talk.close();
    this.#resume();
    throw error;
  }

  #resume(): void {
    if (!this.#surrendered) return;
    const connections = [...this.#kept.values()];
    this.#kept.clear();
    this.giver.resume(connections);
  }

  /** The new front has everything that was sent before COMMIT. What was under way follows; then the end. */
  async #leave(): Promise<void> {
    const { giver, talk } = this;
    const kept = [...this.#kept];
    this.#kept.clear();
    for (const [id, connection] of kept) {
      if (this.#sent.has(id)) close(descriptorOf(connection));
      // It has come while COMMIT was on its way.
      else await this.#follow(connection);
    }
    giver.succeeded(peerCredentials(talk.fd).pid);
    await this.#say({ type: "named" }).catch(() => {});
    giver.moved = (connection) => void this.#follow(connection);
    this.#hearAcks();
    try {
      await within(giver.leave(this.#keys, false), LEAVE, "the end of hand-offs");
    } catch {
      await within(giver.leave(this.#keys, true), LEAVE_NOW, "the end of hand-offs").catch(() => {});
    }
    if (this.#isAlone()) return this.#goOnAgain();
    await within(giver.farewell(), LEAVE_NOW, "the end of channels").catch(() => {});
    try {
      for (const { piece, page } of giver.bequest()) await talk.say({ ...piece, type: "counted" }, page);
      await this.#say({ type: "end" });
    } catch {
      // It hears nothing more.
    }
    await within(this.#over.promise, OVER, "").catch(() => {});
    if (!this.#isOver && this.#isAlone()) return this.#goOnAgain();
    talk.close();
    // Those that are not acknowledged are in the socket, which the new front reads to its end.
    for (const connection of this.#kept.values()) close(descriptorOf(connection));
    this.#kept.clear();
  }

  /** Whether the new front has died. */
  #isAlone(): boolean {
    const { talk } = this;
    if (!this.#gaveUp) return talk.ended;
    const life = openProcess(peerCredentials(talk.fd).pid);
    if (life >= 0) close(adopt(life));
    return life < 0;
  }

  async #follow(connection: MovedConnection): Promise<void> {
    const id = this.#id++;
    this.#kept.set(id, connection);
    await this.#say({ type: "connection", id, ...packConnection(connection) }, connection).catch(() => {});
  }

  #hearAcks(): void {
    this.talk.hear().then(({ message, fd }) => {
      if (fd !== undefined) close(fd);
      if (message.type === "over") {
        this.#isOver = true;
        this.#over.resolve();
      }
      const id = message.id as number;
      const connection = this.#kept.get(id);
      this.#kept.delete(id);
      if (connection !== undefined) close(descriptorOf(connection));
      this.#hearAcks();
    }, () => this.#over.resolve());
  }

  /** The new front has died with what it had: this one is still there. */
  #goOnAgain(): never {
    this.talk.close();
    this.#resume();
    throw new TakeOverError("the new front has ended after it had taken over; its connections ended with it");
  }
}
