/** The kinds of backends there are. */

import type { ConnectionServer } from "../../backend/connection/connection_server.ts";
import type { BackendKind } from "../../config/config.ts";
import { UsageError } from "../failure.ts";
import { documentsProgram } from "./documents.ts";
import { execProgram } from "./exec.ts";
import { fastcgiProgram } from "./fastcgi.ts";
import { fetchProgram } from "./fetch.ts";
import type { KindLog, KindProgram } from "./program.ts";
import { relayProgram } from "./relay.ts";
import { staticProgram } from "./static.ts";
import { tlsProgram } from "./tls.ts";

const PROGRAMS: {
  readonly [Name in BackendKind["kind"]]: KindProgram<Extract<BackendKind, { kind: Name }>>;
} = {
  fetch: fetchProgram,
  static: staticProgram,
  exec: execProgram,
  relay: relayProgram,
  documents: documentsProgram,
  fastcgi: fastcgiProgram,
  tls: tlsProgram,
};

/** The program of a kind. */
export function programOf<Kind extends BackendKind>(kind: Kind): KindProgram<Kind> {
  return PROGRAMS[kind.kind] as unknown as KindProgram<Kind>;
}

/** The end of a command line: what stands behind all options of `fdpass backend`. */
export function operandsOf(kind: BackendKind): string[] {
  const operands = programOf(kind).operands?.(kind) ?? [];
  return operands.length === 0 ? [] : ["--", ...operands];
}

/**
 * Makes what serves the connections of a backend.
 *
 * @param name what the backend is called
 * @param apache whether they come from Apache
 * @throws {Error} when it cannot start: why, and the way out
 */
export async function serverOf(
  kind: BackendKind,
  log: KindLog,
  name: string,
  apache = false,
): Promise<ConnectionServer> {
  return await (apache ? servingForApache(kind)(kind, log) : programOf(kind).serve(kind, log, name));
}

/**
 * How a kind serves connections that come from Apache.
 *
 * @throws {UsageError} when it cannot do without requests
 */
export function servingForApache<Kind extends BackendKind>(
  kind: Kind,
): (kind: Kind, log: KindLog) => Promise<ConnectionServer> {
  const { serveForApache = `Cannot use the kind ${kind.kind} with --apache` } = programOf(kind);
  if (typeof serveForApache === "string") throw new UsageError(serveForApache);
  return serveForApache;
}
