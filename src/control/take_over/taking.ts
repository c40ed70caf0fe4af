/** The new front's side of a take-over. */

import {
  adopt,
  close,
  connectUnix,
  describeErrno,
  type Descriptor,
  ECONNREFUSED,
  encodeUnixAddress,
  ENOENT,
  EPOLLIN,
  formatAddress,
  localAddress,
  openProcess,
  peerCredentials,
  processId,
  SOCK_SEQPACKET,
  unixSocket,
} from "../../../ffi/mod.ts";
import type { MovedConnection } from "../../front/plan.ts";
import type { Loop } from "../../loop/loop.ts";
import { CONTROL_VERSION } from "../../protocol/control.ts";
import { type GivenSocket, givenSocket } from "../listening/given_sockets.ts";
import { type Heard, Talk, TalkError } from "../socket/talk.ts";
import {
  descriptorOf,
  type Message,
  type Offer,
  START,
  STEP,
  TAKE_OVER_VERSION,
  TakeOverError,
  unpack,
  unpackConnection,
  within,
} from "./exchange.ts";

/** Everything that the running front had. */
export interface Taken {
  readonly connections: readonly MovedConnection[];
  readonly totals: Readonly<Record<string, number>>;
}

/** Who takes what follows after the commit. */
export interface Following {
  readonly late: (connection: MovedConnection) => void;
  readonly counted: (piece: Heard["message"], page: Descriptor | undefined) => void;
}

/** Milliseconds between the end of a conversation with a process and that of the process, where it is one. */
const DYING = 2_000;

/** One take-over. Owns the conversation, and what has come and was not passed on. */
export class Taking {
  readonly #connections: MovedConnection[] = [];
  /** Ends with the running front. */
  #life: Descriptor | undefined;
  /** The listening socket of its admin address. */
  #admin: Descriptor | undefined;
  /** It has died before it could give anything. */
  #dead = false;
  readonly #named = Promise.withResolvers<void>();

  private constructor(readonly talk: Talk, readonly offer: Offer, readonly dying: number) {
    const life = openProcess(offer.process);
    this.#life = life < 0 ? undefined : adopt(life);
  }

  /**
   * Asks the front that takes commands at a path for what it has.
   *
   * @param loop is run by the caller
   * @returns undefined where no front is
   * @throws {TakeOverError} when it refuses: it goes on
   */
  static async begin(loop: Loop, path: string): Promise<Taking | undefined> {
    const fd = connect(path);
    if (fd === undefined) return undefined;
    const life = openProcess(peerCredentials(fd).pid);
    try {
      return await Taking.of(new Talk(loop, fd, "the running front"));
    } catch (error) {
      if (!(error instanceof TalkError)) throw error;
      // It may have died with the question. Then nobody is there any more, as soon as it has ended.
      await ends(loop, life, DYING);
      const other = connect(path);
      if (other === undefined) return undefined;
      close(other);
      throw new TakeOverError(
        `Cannot take over at "${path}": ${error.message}; it takes commands from its own user and root alone`,
      );
    } finally {
      if (life >= 0) close(adopt(life));
    }
  }

  /**
   * Asks at the other end of a conversation.
   *
   * @param talk owned by this object from now on
   * @param dying milliseconds between the end of a conversation and that of the process
   * @throws {TakeOverError} when the front there refuses: it goes on
   */
  static async of(talk: Talk, dying = DYING): Promise<Taking> {
    try {
      await talk.say({ version: CONTROL_VERSION, command: "take-over", process: processId() });
      const { message } = await within(talk.hear(), START, "the running front's offer");
      if (message.type !== "offer" || message.version !== TAKE_OVER_VERSION) {
        const why = message.text ?? "Cannot take over: the running front is of another kind";
        throw new TakeOverError(String(why));
      }
      return new Taking(talk, readOffer(message), dying);
    } catch (error) {
      talk.close();
      throw error;
    }
  }

  #say(message: Message): Promise<void> {
    return this.talk.say(message);
  }

  /**
   * Asks for the listening sockets. Where the other front dies meanwhile, those that have come by then are all there are.
   *
   * @param wanted whether they are; a supervisor may have them
   * @throws {TakeOverError} when one is not what it is said to be
   */
  async sockets(wanted: boolean): Promise<GivenSocket[]> {
    await this.#say({ type: "want", sockets: wanted }).catch((error) => this.#survive(error));
    const sockets: GivenSocket[] = [];
    for (;;) {
      const heard = await this.#hear().catch((error) => this.#survive(error));
      if (heard === undefined) return sockets;
      const { message, fd } = heard;
      if (message.type === "listeners") return sockets;
      if (message.type !== "listener" || fd === undefined) throw this.#unexpected(message);
      const { sort } = givenSocket(fd, "");
      const address = sort === "listener" ? localAddress(fd) : undefined;
      if (address === undefined || formatAddress(address) !== message.address) {
        close(fd);
        throw new TakeOverError(`Cannot take over: the socket for ${message.address} is another one`);
      }
      if (message.admin === true) {
        if (this.#admin !== undefined) close(this.#admin);
        this.#admin = fd;
        continue;
      }
      // By the address as configured: the port may have been left to the kernel.
      sockets.push({ fd, name: "", sort: "listener", address: String(message.key), type: 1 });
    }
  }

  /** The admin address of the other front: its socket is the caller's from now on. */
  takeAdmin(): { readonly key: string; readonly socket: Descriptor | undefined } {
    const socket = this.#admin;
    this.#admin = undefined;
    return { key: this.offer.admin, socket };
  }

  /** Whether the other front has died, and nothing is to be had of it any more. @throws {Error} the error, when it has not */
  async #survive(error: Error): Promise<undefined> {
    if (!this.#dead && !await this.#isDead()) throw error;
    this.#dead = true;
  }

  async #hear(): Promise<Heard> {
    return await within(this.talk.hear(), STEP, "the running front's next word");
  }

  #unexpected({ type, reason }: Readonly<Record<string, unknown>>): TakeOverError {
    return new TakeOverError(
      `Cannot take over: the running front says ${type === "abort" ? reason : JSON.stringify(type)}`,
    );
  }

  /**
   * Says that all is ready, and takes everything. When it returns, this is the front: either the other one has agreed, or it
   * has died.
   *
   * @param listeners the keys of those that this front has
   * @throws {TakeOverError} when the other one goes on
   */
  async take(listeners: readonly string[]): Promise<Taken> {
    if (this.#dead) return { connections: [], totals: {} };
    try {
      await this.#say({ type: "ready", listeners });
      for (;;) {
        const heard = await this.#hear();
        const { message } = heard;
        if (message.type === "connection") await this.#keep(heard);
        else if (message.type === "commit") {
          // The commit point: nothing was touched before, and where this cannot be said nothing will be.
          await this.#say({ type: "committed" });
          return { connections: this.#connections.splice(0), totals: message.totals as Taken["totals"] };
        } else throw this.#unexpected(message);
      }
    } catch (error) {
      this.talk.giveUp();
      if (await this.#isDead()) return { connections: this.#connections.splice(0), totals: {} };
      this.close();
      throw error;
    }
  }

  async #keep(heard: Heard): Promise<void> {
    this.#connections.push(unpackConnection(heard));
    await this.#say({ type: "ack", id: Number(heard.message.id) });
  }

  /**
   * What follows after the commit, until the other front ends.
   *
   * @param late takes a connection that was under way
   * @param counted takes a piece of what the other front has counted, and what came with it
   */
  async follow({ late, counted }: Following): Promise<void> {
    try {
      for (;;) {
        const heard = await this.talk.hear();
        if (heard.message.type === "named") this.#named.resolve();
        else if (heard.message.type === "end") await this.#say({ type: "over" }).catch(() => {});
        else if (heard.message.type === "counted") {
          // What another version has counted otherwise is no reason to hear nothing more.
          try {
            counted(heard.message, heard.fd);
          } catch (error) {
            if (!(error instanceof TypeError)) throw error;
          }
        } else if (heard.message.type === "connection") await this.#takeLate(heard, late);
        else if (heard.fd !== undefined) close(heard.fd);
      }
    } catch {
      // Its end.
    }
    await this.#isDead();
    this.#named.resolve();
    this.close();
  }

  async #takeLate(heard: Heard, late: Following["late"]): Promise<void> {
    let connection: MovedConnection;
    try {
      connection = unpackConnection(heard);
    } catch {
      // Of a later version: this is the front all the same, and hears the rest.
      if (heard.fd !== undefined) close(heard.fd);
      return;
    }
    // If it is dead, it is ours all the same; it never goes on with what it has sent here.
    await this.#say({ type: "ack", id: Number(heard.message.id) }).catch(() => {});
    late(connection);
  }

  /** Settles when the other front has told the service manager of this one, or has ended. */
  get named(): Promise<void> {
    return this.#named.promise;
  }

  /** Whether the other process has ended. Its sockets close a little earlier than it is seen to end. */
  async #isDead(): Promise<boolean> {
    const life = this.#life;
    if (life === undefined) return openProcess(this.offer.process) < 0;
    return await ends(this.talk.loop, life, this.dying);
  }

  /** Gives it up: the other front goes on. @param reason for people */
  async abort(reason: string): Promise<void> {
    await this.#say({ type: "abort", reason }).catch(() => {});
    this.close();
  }

  /** Closes what is left. */
  close(): void {
    this.talk.close();
    if (this.#life !== undefined) close(this.#life);
    if (this.#admin !== undefined) close(this.#admin);
    this.#life = this.#admin = undefined;
    for (const connection of this.#connections.splice(0)) close(descriptorOf(connection));
  }
}

/** Connects to whoever takes commands at a path. @returns undefined where nobody does @throws {TakeOverError} */
function connect(path: string): Descriptor | undefined {
  const fd = unixSocket(SOCK_SEQPACKET);
  const result = connectUnix(fd, encodeUnixAddress(path));
  if (result >= 0) return fd;
  close(fd);
  if (result === -ENOENT || result === -ECONNREFUSED) return undefined;
  throw new TakeOverError(
    `Cannot take over at "${path}": the front there cannot be asked: ${describeErrno(-result)}`,
  );
}

/** Whether a process ends soon. @param life of openProcess(), stays the caller's; `-errno` where it has ended */
async function ends(loop: Loop, life: number, patience: number): Promise<boolean> {
  if (life < 0) return true;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  loop.poller.add(adopt(life), EPOLLIN, { ready: () => resolve(true) });
  loop.wake();
  try {
    return await within(promise, patience, "").catch(() => false);
  } finally {
    loop.poller.remove(adopt(life));
  }
}

function readOffer(message: Readonly<Record<string, unknown>>): Offer {
  return {
    process: Number(message.process),
    generation: Number(message.generation),
    family: { name: String(message.family), key: unpack(message.key) },
    drained: (message.drained ?? []) as string[],
    manager: String(message.manager ?? ""),
    watchdog: Number(message.watchdog ?? 0),
    admin: String(message.admin ?? ""),
  };
}
