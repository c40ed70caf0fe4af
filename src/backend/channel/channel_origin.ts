/** Where the connections of a channel have come from, and where they can be given back. */

import { MAX_ACKS } from "../../protocol/messages.ts";
import type { Generation } from "../../protocol/generation.ts";
import type { Leaving, Origin } from "../connection/connection.ts";

/** A channel, as far as connections know it. */
export interface Returning extends Origin {
  readonly front: { readonly name: string; readonly process: number; readonly family?: string } | undefined;
}

/**
 * The channel itself; and once it has ended, another one to the same family of fronts: another Worker's, or that of the
 * front that has taken over.
 */
export class ChannelOrigin implements Origin {
  readonly #first: Returning;
  #channel: Returning;
  /** Hand-offs of the first channel whose connections have ended, of which its front has not been told. */
  readonly #ended: number[] = [];

  /** @param channels all that this process has */
  constructor(channel: Returning, readonly channels: ReadonlySet<Returning>) {
    this.#first = this.#channel = channel;
  }

  /** Whether there is something for {@linkcode takeEnded} to take. */
  get hasEnded(): boolean {
    return this.#ended.length > 0;
  }

  /** Ids of hand-offs that the front is to be told of: as many as one message carries. */
  takeEnded(): readonly number[] {
    return this.#ended.splice(0, MAX_ACKS);
  }

  ended(id: number): void {
    if (!this.#first.closed) this.#ended.push(id);
  }

  get #current(): Returning {
    const { closed, front } = this.#channel;
    if (!closed || front?.family === undefined) return this.#channel;
    for (const other of this.channels) {
      // Before it has said which configuration it goes by, nobody knows whether scopes hold.
      if (other.closed || other.terms === undefined || other.front?.family !== front.family) continue;
      return this.#channel = other;
    }
    return this.#channel;
  }

  get front(): Origin["front"] {
    return this.#current.front;
  }

  get terms(): Generation | undefined {
    return this.#current.terms;
  }

  get trusted(): Origin["trusted"] {
    return this.#current.trusted;
  }

  get closed(): boolean {
    return this.#current.closed;
  }

  giveBack(leaving: Leaving): boolean {
    const channel = this.#current;
    const { connection: { transfer } } = leaving;
    return channel.giveBack(channel === this.#first ? { ...leaving, handoff: transfer.id } : leaving);
  }
}
