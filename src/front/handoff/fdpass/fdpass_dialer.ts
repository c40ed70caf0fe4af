/** Connects to backends that speak our own protocol: a SOCK_SEQPACKET socket, on which a channel stays open. */

import {
  close,
  connectUnix,
  describeErrno,
  type Descriptor,
  EAGAIN,
  EPROTOTYPE,
  ErrnoError,
  peerCredentials,
  SOCK_SEQPACKET,
  unixSocket,
} from "../../../../ffi/mod.ts";
import type { Core } from "../../core/core.ts";
import type { AllowedUsers } from "../allowed_users.ts";
import type { Dialer, Link, Owner } from "../handoff_channel.ts";
import type { Announcements } from "./announcements.ts";
import { Channel } from "./channel.ts";
import { ChannelReader } from "./channel_reader.ts";
import type { ChannelTools } from "./channel_tools.ts";
import { HandoffMessage } from "./handoff_message.ts";

/** Opens channels, which all share one message buffer and one reader. */
export class FdpassDialer implements Dialer {
  readonly #users: AllowedUsers;
  readonly #tools: ChannelTools;

  /** @param owner who hears what becomes of the connections that are handed over */
  constructor(core: Core, owner: Owner, users: AllowedUsers, announcements: Announcements) {
    this.#users = users;
    this.#tools = {
      core,
      owner,
      announcements,
      message: new HandoffMessage(core.loop.clock, core.worker),
      reader: new ChannelReader(owner, core.ledger),
    };
  }

  /** Connects. The backend's HELLO decides whether the channel becomes one. */
  dial(link: Link): Channel | string | undefined {
    let fd: Descriptor;
    try {
      fd = unixSocket(SOCK_SEQPACKET);
    } catch (error) {
      // Out of descriptors, most likely: a reason to try later, like any other.
      if (error instanceof ErrnoError) return error.message;
      throw error;
    }
    const result = connectUnix(fd, link.address);
    const objection = result < 0 ? describe(result) : this.#users.objection(peerCredentials(fd).uid);
    if (result >= 0 && objection === undefined) return new Channel(this.#tools, link, fd);
    close(fd);
    return objection;
  }
}

/** What a failed connect means: undefined where the socket is of another type. */
function describe(result: number): string | undefined {
  if (result === -EPROTOTYPE) return undefined;
  if (result === -EAGAIN) return "it does not accept connections (its backlog is full)";
  return describeErrno(-result);
}
