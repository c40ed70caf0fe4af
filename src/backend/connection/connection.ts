/** A client connection that was handed over: whose it is, from the ACK of its hand-off to its end. */

import { close, connectionName, type Descriptor, EAGAIN } from "../../../ffi/mod.ts";
import type { Generation } from "../../protocol/generation.ts";
import type { ReturnedError } from "../../protocol/error_field.ts";
import { decodeTls, isKernel, type TlsState } from "../../protocol/tls_field.ts";
import type { Transfer } from "../../protocol/transfer.ts";
import type { TrustedProxies } from "../../trust/trust.ts";
import { promised, type Steps } from "../../loop/course.ts";
import { readAddress, type TcpAddress } from "./address.ts";
import { ClientSocket } from "./client_socket.ts";
import { ConnectionLost } from "./connection_lost.ts";
import { type Holder, NEXT } from "./holder.ts";
import type { Home } from "./home.ts";
import { markBroken } from "./reset.ts";

export { ConnectionLost, type Holder };

/** The process that serves connections. */
export interface ConnectionHome extends Home {
  /** One has been closed, here or by being given back. */
  connectionEnded(connection: Connection): void;
  /** Ends a process that drains, if nothing is left to be done: for servers that do something besides connections. */
  endIfEmpty(): void;
}

/** A connection that is to be given back, and what is said of it. */
export interface Leaving {
  readonly connection: Connection;
  /** Answered on it so far. */
  readonly requests: number;
  /** RETURN_*. */
  readonly reason: number;
  /** Read from it, and not part of an answered request. */
  readonly preread: Uint8Array<ArrayBuffer>;
  /** What a handshake here has found out; what came with it unless given. */
  readonly tls?: Uint8Array<ArrayBuffer>;
  /** The id of the hand-off by which it came, where it goes back on the same channel. */
  readonly handoff?: number;
  /** What its request has come to, where the front is to find the page of that. */
  readonly error?: ReturnedError;
}

/** The front that has handed a connection over, and may get it back. */
export interface Origin {
  /** The front, as it calls itself; undefined before it has. */
  readonly front: { readonly name: string; readonly process: number } | undefined;
  /** What the front said last about its routes and about kept connections; undefined before that. */
  readonly terms: Generation | undefined;
  /** The lists of who is trusted in that; transfers refer to them. */
  readonly trusted: readonly TrustedProxies[];
  /** Whether nothing can be given back any more. */
  readonly closed: boolean;
  /**
   * Gives a connection back as soon as there is room for it. Until the front has acknowledged it, it is still this
   * backend's, and if it never does, {@linkcode ConnectionServer.returnFailed} gets it again.
   *
   * @returns false when it cannot be taken, or not with so much preread
   */
  giveBack(leaving: Leaving): boolean;
  /** A connection has ended here. @param id of the hand-off by which it came */
  ended?(id: number): void;
}

/** A connection of this backend, from the ACK of its hand-off until it is closed or given back. */
export class Connection extends ClientSocket {
  declare readonly home: ConnectionHome;
  readonly #channel: Origin | undefined;
  #name: string | undefined;
  #client: TcpAddress | undefined;
  #local: TcpAddress | undefined;
  #tls: TlsState | undefined;
  #holder: Holder = "here";
  /** Asks the runtime's socket to end. */
  #endElsewhere: (() => void) | undefined;
  /** Takes leave of the client, where a protocol is spoken that has a way to. Settles when the connection has ended. */
  farewell: (() => Promise<void>) | undefined;
  /** Told once, when it has ended here. Not of one that has gone back to its front. */
  onEnded: (() => void) | undefined;
  /** It was closed by a reset. */
  brokenOff = false;
  /** Where it stands among those that its process holds. */
  place = -1;

  /**
   * @param fd owned by this object from now on
   * @param channel where it came from, and where it can be given back; none for one that can not
   * @param transfer what the front said about it
   */
  constructor(
    home: ConnectionHome,
    fd: Descriptor,
    channel: Origin | undefined,
    readonly transfer: Transfer,
  ) {
    // A request that came along is mostly all there is.
    super(home, fd, transfer.preread.length > 0, isKernel(transfer.tls));
    this.#channel = channel;
  }

  /** Where it came from, and where it can be given back. */
  get channel(): Origin {
    if (this.#channel === undefined) throw new Error("Cannot use a channel: the connection came from none");
    return this.#channel;
  }

  /** The client. */
  get client(): TcpAddress {
    return this.#client ??= readAddress(this.transfer.client);
  }

  /** What is known of TLS on it; undefined where the client speaks clear text. */
  get tls(): TlsState | undefined {
    const { tls } = this.transfer;
    if (tls === undefined) return undefined;
    if (this.#tls === undefined) {
      const state = decodeTls(tls);
      if (typeof state !== "string") this.#tls = state;
    }
    return this.#tls;
  }

  /** The scheme of URLs by which its client asks. */
  get scheme(): "http" | "https" {
    return this.transfer.tls === undefined ? "http" : "https";
  }

  /** The address that the client connected to. */
  get local(): TcpAddress {
    return this.#local ??= readAddress(this.transfer.local);
  }

  /** What it is called in every process that has it; empty where nobody has asked before the descriptor was gone. */
  get name(): string {
    return this.#name ??= this.closed ? "" : connectionName(this.fd);
  }

  /** Who has its descriptor. */
  get holder(): Holder {
    return this.#holder;
  }

  /** Whether its descriptor is closed, or somebody else's: the number may be another's by now, and a handler may not know. */
  override get closed(): boolean {
    return this.#holder !== "here" && this.#holder !== "returning";
  }

  /** It is on its way back to the front: the channel answers for it. */
  get leaving(): boolean {
    return this.#holder === "returning";
  }

  #to(holder: Holder): void {
    if (!NEXT[this.#holder].includes(holder)) {
      throw new Error(`Cannot make a connection ${holder}'s that is ${this.#holder}'s`);
    }
    this.#holder = holder;
  }

  /** It is nobody's from now on, and does not count any more. */
  #ended(): void {
    this.#to("nobody");
    this.#conclude();
    this.home.connectionEnded(this);
  }

  /** It has ended here, and not gone back. */
  #conclude(): void {
    this.onEnded?.();
    this.#channel?.ended?.(this.transfer.id);
  }

  /** It goes back to the front: nothing watches it, and the channel closes it or calls {@linkcode comeBack}. */
  beginReturn(): void {
    this.release();
    this.#to("returning");
  }

  /** It was not taken back, and is served here again. */
  comeBack(): void {
    if (this.#holder === "returning") this.#to("here");
  }

  /**
   * Another process has the socket from now on, which it got from this one: this one's copy is closed, and nothing shut
   * down. The connection still counts as one of this backend's, until {@linkcode close}.
   */
  letGo(): void {
    if (this.closed) return;
    this.release();
    this.#to("program");
    close(this.fd);
  }

  /**
   * Gives the descriptor to another owner in this process: nothing here watches it, times it or closes it any more, and
   * whoever still works with this object finds it closed. It counts as a connection of the backend until the new owner
   * calls {@linkcode concluded}.
   *
   * @param end asked of the new owner when the connection is to end at once
   * @returns the descriptor, the caller's from here on
   */
  surrender(end: () => void): Descriptor {
    if (this.closed) throw new ConnectionLost("Cannot take the connection over: it is closed");
    this.release();
    this.onGone(undefined);
    this.#endElsewhere = end;
    this.#to("runtime");
    this.interrupt();
    return this.fd;
  }

  /** Says that the descriptor that was surrendered is closed. */
  concluded(): void {
    if (this.#holder !== "runtime") return;
    this.#endElsewhere = undefined;
    this.#ended();
  }

  /** Closes the descriptor, and the connection with it unless it is the front's by now. Its new owner does, if it has one. */
  close(): void {
    const returned = this.#holder === "returning";
    switch (this.#holder) {
      case "program":
        return this.#ended();
      case "runtime":
        return this.#endElsewhere?.();
      case "nobody":
        return;
      case "here":
        // Somebody else may have a copy: a backend that hangs, and was sent the connection before it was reclaimed.
        // Without this the client would see no end for as long as that lasts.
        this.endSending();
    }
    this.unwatch();
    this.#to("nobody");
    close(this.fd);
    this.interrupt();
    if (!returned) this.#conclude();
    this.home.connectionEnded(this);
  }

  /**
   * Closes by a reset, so that the client does not take what it has for the whole: for content whose end is the end of
   * the connection (RFC 9112, 8).
   */
  breakOff(): void {
    if (!this.closed) {
      markBroken(this.fd, this.transfer.tls);
      this.brokenOff = true;
    }
    this.close();
  }

  /**
   * Closes so that the client can read what was sent last: ends our side, then reads away what the client still sends,
   * for a while (RFC 9112, 9.6).
   */
  closeGently(): Promise<void> {
    return promised(this.endGently());
  }

  /** The same in steps. */
  *endGently(): Steps<void> {
    if (this.closed) return;
    this.endSending();
    const { scratch, scratchSize, loop, times: { linger } } = this.home;
    const until = loop.clock() + linger.milliseconds;
    try {
      for (;;) {
        const length = this.receive(scratch, scratchSize);
        if (length === -EAGAIN) yield* this.untilReadable(linger);
        else if (length <= 0 || loop.clock() > until) break;
        else if (this.moved(length)) yield loop.others;
      }
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error;
    } finally {
      this.close();
    }
  }
}
