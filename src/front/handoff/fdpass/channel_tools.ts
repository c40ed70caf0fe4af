/** What the channels of a data plane have in common. */

import { type Descriptor, duplicate } from "../../../../ffi/mod.ts";
import type { Core } from "../../core/core.ts";
import type { Owner } from "../handoff_channel.ts";
import type { Announcements } from "./announcements.ts";
import type { ChannelReader } from "./channel_reader.ts";
import type { HandoffMessage } from "./handoff_message.ts";

/** What all channels of a data plane work with. */
export interface ChannelTools {
  readonly core: Core;
  readonly owner: Owner;
  readonly announcements: Announcements;
  readonly message: HandoffMessage;
  readonly reader: ChannelReader;
}

/** Gives the supervisor, where there is one, a copy of a channel: this end outlives a front that is killed then. */
export function deposit({ supervised, report }: Core, channel: Descriptor): void {
  if (!supervised) return;
  const fd = duplicate(channel);
  if (fd >= 0) report({ type: "channel", fd });
}
