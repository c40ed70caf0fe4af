/** Where a backend's channels come from. */

import type { Descriptor } from "../../../ffi/mod.ts";
import type { Poller } from "../../loop/poller.ts";

/** Brings in the fronts that connect: a listener of the backend's own, or a port of one that listens for it. */
export interface ChannelSource {
  /** Starts. @param accepted takes each channel's socket, and owns it from then on */
  watch(poller: Poller, accepted: (fd: Descriptor) => void): void;
  /** A channel has ended. @param front its identity (front_identity.ts); empty where it never introduced itself */
  channelEnded(front: string): void;
  /** Brings nothing any more. */
  close(): void;
}
