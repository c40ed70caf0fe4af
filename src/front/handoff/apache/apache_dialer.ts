/** Hands over to backends that speak Apache's protocol: to whoever listens at a SOCK_STREAM socket. */

import { isStreamSocket } from "../../../../ffi/mod.ts";
import type { Core } from "../../core/core.ts";
import type { AllowedUsers } from "../allowed_users.ts";
import type { Dialer, Link, Owner } from "../handoff_channel.ts";
import { ApacheChannel, type ApacheTools } from "./apache_channel.ts";
import { ApacheMessage } from "./apache_message.ts";

/** Finds out of which type the socket is; nothing else of it can be asked before a connection is handed over. */
export class ApacheDialer implements Dialer {
  readonly #tools: ApacheTools;

  /** @param owner who hears what becomes of the connections that are handed over */
  constructor(core: Core, owner: Owner, users: AllowedUsers) {
    this.#tools = { core, owner, users, message: new ApacheMessage() };
  }

  dial(link: Link): ApacheChannel | undefined {
    return isStreamSocket(link.address) ? new ApacheChannel(this.#tools, link) : undefined;
  }
}
