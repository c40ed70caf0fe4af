/** The backends that can serve one route, and how one of their channels is chosen. */

import type { BackendLink } from "./backend_link.ts";
import type { Channel } from "./channel.ts";
import { WaitingLine } from "./waiting_line.ts";

/** Backends among which it does not matter who serves. Routes that name the same backends share a group. */
export class BackendGroup {
  /** Who waits for any of them. */
  readonly line: WaitingLine = new WaitingLine();
  /** Where the next search starts, so that equals take turns. */
  #turn = 0;

  constructor(readonly members: readonly BackendLink[]) {}

  /**
   * The channel that is least busy: fewest connections that its process holds or is being sent. Equals take turns.
   *
   * @param refusedBy channels that have refused the connection already
   * @returns undefined when no channel can take anything
   */
  pick(refusedBy: readonly Channel[]): Channel | undefined {
    let best: Channel | undefined;
    let bestLoad = Infinity;
    const { members } = this;
    const start = this.#turn++;
    for (let m = 0; m < members.length; m++) {
      const { channels } = members[(start + m) % members.length]!;
      for (let c = 0; c < channels.length; c++) {
        const channel = channels[(start + c) % channels.length]!;
        if (!channel.available || refusedBy.includes(channel)) continue;
        const load = channel.load;
        if (load < bestLoad) {
          best = channel;
          bestLoad = load;
        }
      }
    }
    return best;
  }

  /** Whether every channel that takes hand-offs is one of these. */
  allIn(channels: readonly Channel[]): boolean {
    return this.members.every((member) =>
      member.channels.every((channel) => channel.state !== "ready" || channels.includes(channel))
    );
  }
}
