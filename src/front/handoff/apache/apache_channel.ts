/**
 * A backend that speaks the protocol of Apache's mod_proxy_fdpass: a SOCK_STREAM connection for each hand-off, on it one
 * NUL byte with the descriptor. Nothing comes back, so a hand-off is final as soon as the kernel has taken it.
 */

import {
  close,
  connectUnix,
  describeErrno,
  type Descriptor,
  EAGAIN,
  EPROTOTYPE,
  ErrnoError,
  peerCredentials,
  SOCK_STREAM,
  unixSocket,
} from "../../../../ffi/mod.ts";
import { Timed } from "../../../loop/deadlines.ts";
import type { Connection } from "../../connection/connection.ts";
import type { Core } from "../../core/core.ts";
import type { Look } from "../../look/look.ts";
import type { AllowedUsers } from "../allowed_users.ts";
import type { ChannelState, HandoffChannel, Link, Outcome, Owner } from "../handoff_channel.ts";
import { processSeed } from "../process_seed.ts";
import type { ApacheMessage } from "./apache_message.ts";

/** What all such channels of a data plane work with. */
export interface ApacheTools {
  readonly core: Core;
  readonly owner: Owner;
  readonly users: AllowedUsers;
  readonly message: ApacheMessage;
}

/**
 * The path of such a backend. Between two hand-offs nothing connects it to the backend, so that one which has gone is
 * missed at the next of them only: that connection then is the front's as before.
 */
export class ApacheChannel extends Timed implements HandoffChannel {
  state: ChannelState = "ready";
  /** The protocol does not say it: among others it counts as idle. */
  readonly load = 0;
  credit = 0;
  /** The number of the process that was connected to last. */
  process = 0;
  seed = 0;
  since = Infinity;
  readonly drained = false;
  /** A hand-off has been taken here: not only the type of the socket speaks for it. */
  #proven = false;
  /** The backlog is full, or too many descriptors are in flight: nothing can be sent for now. */
  #blocked = false;
  /** People know that connections were refused which have been read from. */
  #toldRead = false;
  /** Not yet connected: for the next hand-off. Made in advance, so that a front without descriptors can still hand over. */
  #spare: Descriptor | undefined;

  readonly #tools: ApacheTools;
  readonly #link: Link;

  constructor(tools: ApacheTools, link: Link) {
    super();
    this.#tools = tools;
    this.#link = link;
    this.#spare = newSocket();
  }

  begin(): void {
    this.#link.channelPresumed({ protocol: "apache", process: 0, name: "" });
  }

  takes(): boolean {
    return this.state === "ready" && !this.#blocked;
  }

  handOff(connection: Connection, look: Look): Outcome {
    const { owner, message } = this.#tools;
    const flush = this.#link.backend.flusher === "flush";
    // What has been read cannot go along. A head that was is what `flush` takes anyway; pipelined requests behind it are
    // not answered on a connection that the response closes, and their client knows (RFC 9112, 9.3.2).
    const unfit = flush ? look.hasReadContent(connection) : connection.preread.length > 0;
    if (unfit) return this.#refuseRead(connection);
    const socket = this.#connect();
    if (socket === undefined) return "kept";
    if (flush && !connection.begun) {
      if (!look.takeHead(connection) || !message.sendHead(connection.fd)) {
        close(socket);
        return "ended";
      }
      connection.begun = true;
    }
    // Nobody answers: once it is sent, it may be the backend's.
    connection.note(true);
    const result = message.sendConnection(socket, connection.fd);
    close(socket);
    if (result < 0) {
      // ETOOMANYREFS; or the backend has closed what it accepted, or its listener: nothing was taken.
      this.#pause();
      return "kept";
    }
    this.#link.counts.sent();
    this.#link.counts.acknowledged(this.#tools.core.loop.now - connection.arrivedAt);
    close(owner.acknowledged(connection));
    this.#spare ??= newSocket();
    if (!this.#proven) {
      this.#proven = true;
      this.since = this.#tools.core.loop.now;
      this.#link.channelProven({ protocol: "apache", process: this.process, name: "" }, 1);
    }
    return "taken";
  }

  #refuseRead(connection: Connection): Outcome {
    connection.refusedFrom(this);
    if (!this.#toldRead) {
      this.#toldRead = true;
      this.#link.connectionRefused(
        "bytes of its request have been read already, and Apache's protocol has no place for them",
      );
    }
    return "kept";
  }

  /** Connects for one hand-off; undefined when that is not possible now, and what follows from it is done. */
  #connect(): Descriptor | undefined {
    const socket = this.#spare ?? newSocket();
    this.#spare = undefined;
    if (socket === undefined) return this.#pause();
    const result = connectUnix(socket, this.#link.address);
    if (result < 0) {
      // It is as it was, and may serve for the next attempt.
      this.#spare = socket;
      if (result === -EAGAIN) return this.#pause();
      this.end(result === -EPROTOTYPE ? "another protocol is spoken there now" : describeErrno(-result));
      return undefined;
    }
    const { uid, pid } = peerCredentials(socket);
    if (pid !== this.process) this.seed = processSeed(this.#link.backend.socket, pid);
    this.process = pid;
    const objection = this.#tools.users.objection(uid);
    if (objection === undefined) return socket;
    close(socket);
    this.end(objection);
    return undefined;
  }

  /** Sends nothing for a moment. The kernel does not tell when a backlog has room again. */
  #pause(): undefined {
    const { core } = this.#tools;
    this.#blocked = true;
    core.deadlines.pause.start(this, core.loop.now);
  }

  /** The pause is over. */
  override expire(): void {
    this.#blocked = false;
    this.#link.roomAgain();
  }

  announce(): void {
    // There is no message for it, and no scope that could become void: the connection is the backend's to its end.
  }

  drain(): void {
    this.end("not needed any more");
  }

  endIfIdle(): void {
    // Nothing is ever under way.
  }

  end(reason: string): void {
    if (this.state === "closed") return;
    this.state = "closed";
    this.stopDeadline();
    if (this.#spare !== undefined) close(this.#spare);
    this.#spare = undefined;
    this.#link.channelEnded(this, reason, !this.#proven);
  }
}

/** A socket to connect with; undefined when there is no descriptor free. */
function newSocket(): Descriptor | undefined {
  try {
    return unixSocket(SOCK_STREAM);
  } catch (error) {
    if (error instanceof ErrnoError) return undefined;
    throw error;
  }
}
