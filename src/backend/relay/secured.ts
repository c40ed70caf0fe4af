/** What speaks TLS to upstreams, as those see it who make connections: OpenSSL is opened only where it is used. */

import type { Descriptor } from "../../../ffi/mod.ts";
import type { Steps } from "../../loop/course.ts";
import type { Deadlines } from "../../loop/deadlines.ts";
import type { Poller } from "../../loop/poller.ts";
import type { UpstreamConnection } from "./upstream_connection.ts";

/** A connection that is to speak TLS. */
export interface SecuredConnection extends UpstreamConnection {
  /**
   * Agrees on what is spoken, once the socket is connected.
   *
   * @param deadlines how long the server may take
   * @param where the server is, for people
   * @throws {UnsecuredError} when there is no agreement, or the server is not whom it should be; the connection is closed
   */
  handshake(deadlines: Deadlines, where: string): Steps<void>;
}

/** Makes such connections. */
export interface Securing {
  /**
   * @param fd non-blocking, connected or about to be; the connection's from now on
   * @param all the connections that are open
   * @param name what the server is called
   */
  connection(poller: Poller, fd: Descriptor, all: Set<UpstreamConnection>, name: string): SecuredConnection;
}
