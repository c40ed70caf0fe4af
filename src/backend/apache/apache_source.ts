/** Where Apache connects. */

import type { ChannelSource } from "../channel/channel_source.ts";
import { BackendListener, type ListenerOptions } from "../channel/listener.ts";
import { type Accepting, APACHE_SOCKET, HandoffSource } from "./handoff_source.ts";
import { SharedListener } from "./shared_listener.ts";

/** Which socket it is. */
export interface ApacheSourceOptions extends ListenerOptions {
  /** Absolute path; in a worker, of the private one of the process that listens. */
  readonly socket: string;
  /** This process is one of so many behind one path. */
  readonly workerOf?: number;
}

/**
 * A listener of this process's own, or in a worker the one that it shares.
 *
 * @throws {ListenError} when the path cannot be had
 */
export function apacheSource(options: ApacheSourceOptions, intake: Accepting): ChannelSource {
  if (options.workerOf !== undefined) return SharedListener.connect(options.socket, intake);
  const listener = BackendListener.listen(options.socket, options, APACHE_SOCKET);
  return new HandoffSource(listener.fd, intake, () => listener.close());
}
