/** What programs find in their environment: what the backend was started with, and the connection. */

import { initialEnvironment } from "../../../ffi/mod.ts";
import type { TcpAddress } from "../connection/address.ts";
import { tlsVariables } from "../../protocol/tls_variables.ts";
import type { TlsState } from "../../protocol/tls_field.ts";

/** Of the service manager, for the process that it started and no other (sd_notify(3), sd_listen_fds(3)). */
const OF_THE_MANAGER = /^(NOTIFY_SOCKET|WATCHDOG_(USEC|PID)|LISTEN_(FDS|PID|FDNAMES|PIDFDID)|MAINPID)=/;
/** What this backend says itself, or would say if it knew. */
const OF_A_CONNECTION =
  /^(PROTO|TCP6?(LOCAL|REMOTE)(IP|PORT|HOST|INFO)|TCP6INTERFACE|REMOTE_(ADDR|PORT|HOST)|FDPASS_(SITE|ROUTE|PATH)|HTTPS|SSL_\w*)=/;

/**
 * The part of the environment that is the same for every program: this process's own, as with inetd and tcpserver, but
 * for what would be untrue in a program.
 *
 * @returns `NAME=value` texts whose characters are bytes
 */
export function baseEnvironment(environment: readonly string[] = initialEnvironment()): string[] {
  return environment.filter((entry) => !OF_THE_MANAGER.test(entry) && !OF_A_CONNECTION.test(entry));
}

/** What is known of a connection. */
export interface ConnectionFacts {
  readonly client: TcpAddress;
  /** The address that the client connected to. */
  readonly local: TcpAddress;
  /** Name of the site; empty where it has none. */
  readonly site?: string;
  /** Path prefix of the route. */
  readonly route?: string;
  /** The path below the prefix, as the front has mapped it. */
  readonly path?: string;
  /** What is known of TLS on it. */
  readonly tls?: TlsState | undefined;
}

/** An IPv4 address as an IPv6 socket has it. */
const MAPPED = /^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/;

/**
 * What a program is told of its connection: the variables of UCSPI (`PROTO`, `TCPREMOTEIP` and its like, and those of
 * ucspi-tcp6), the two of systemd's `Accept=yes`, and what the front has found out.
 */
export function connectionEnvironment(facts: ConnectionFacts): string[] {
  const remote = facts.client.hostname.replace(MAPPED, "");
  const local = facts.local.hostname.replace(MAPPED, "");
  const six = remote.includes(":");
  const variables: string[] = [`PROTO=${six ? "TCP6" : "TCP"}`];
  const end = (name: "REMOTE" | "LOCAL", host: string, port: number) => {
    if (host === "") return;
    // Most programs know the older names only, so an IPv6 connection has both.
    if (six) variables.push(`TCP6${name}IP=${host}`, `TCP6${name}PORT=${port}`);
    variables.push(`TCP${name}IP=${host}`, `TCP${name}PORT=${port}`);
  };
  end("REMOTE", remote, facts.client.port);
  end("LOCAL", local, facts.local.port);
  if (remote !== "") variables.push(`REMOTE_ADDR=${remote}`, `REMOTE_PORT=${facts.client.port}`);
  for (const [name, value] of Object.entries(tlsVariables(facts.tls))) variables.push(`${name}=${value}`);
  if (facts.site) variables.push(`FDPASS_SITE=${facts.site}`);
  if (facts.route) variables.push(`FDPASS_ROUTE=${facts.route}`);
  if (facts.path) variables.push(`FDPASS_PATH=${facts.path}`);
  return variables;
}
