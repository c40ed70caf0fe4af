/** The kind `tls` as a process. */

import { openSslPaths } from "../../../ffi/openssl/paths.ts";
import type { ConnectionServer } from "../../backend/connection/connection_server.ts";
import type { TlsEvent, TlsServer } from "../../backend/tls/tls_server.ts";
import type { Tls } from "../../config/tls.ts";
import { reasonOf, UsageError } from "../failure.ts";
import { print } from "../log/log.ts";
import { warningsOf } from "../tls/certificate_log.ts";
import { answerToInstructions, decodeInstructions, makeTicketKeys } from "../tls/instructions.ts";
import { linesOf } from "../tls/lines.ts";
import type { KindLog, KindProgram } from "./program.ts";

export const tlsProgram: KindProgram<Tls> = {
  arguments: () => ["--tls", "-"],
  // Files are opened by libc.
  permissions: () => [],
  libraries: () => Object.values(openSslPaths()),
  reloads: false,
  async serve(kind, log, name) {
    const { source } = kind;
    if (source === undefined) throw new UsageError("Cannot do handshakes without a configuration");
    return source === "-" ? await instructed(log, name) : await byHand(source, log);
  },
  serveForApache: "Cannot use --tls with --apache: Apache does handshakes itself, and gives back nothing",
};

async function start(settings: Tls, ticketKeys: Uint8Array<ArrayBuffer>, log: KindLog): Promise<TlsServer> {
  const { TlsServer } = await import("../../backend/tls/tls_server.ts");
  const server = new TlsServer({ settings, ticketKeys, report: (event) => logEvent(log, event) });
  warn(server, log);
  return server;
}

/** Goes by what a supervisor says. */
async function instructed(log: KindLog, name: string): Promise<ConnectionServer> {
  const lines = linesOf(Deno.stdin.readable);
  const first = await lines.next();
  if (first.done) throw new UsageError("Cannot do handshakes: no instructions came on standard input");
  const { settings, ticketKeys } = decodeInstructions(first.value);
  const server = await start(settings, ticketKeys, log);
  void (async () => {
    for (let next = await lines.next(); !next.done; next = await lines.next()) {
      print(answerToInstructions(name, follow(server, next.value, log)));
    }
  })();
  return server;
}

/** @returns why the instructions are not followed; undefined when they are */
function follow(server: TlsServer, line: string, log: KindLog): string | undefined {
  try {
    const { settings, ticketKeys } = decodeInstructions(line);
    server.follow(settings, ticketKeys);
    warn(server, log);
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

/** Goes by a configuration in a file, which SIGHUP has read again. */
async function byHand(source: string, log: KindLog): Promise<ConnectionServer> {
  const server = await start(await settingsIn(source), makeTicketKeys(), log);
  return Object.assign(server, {
    refresh: () =>
      void settingsIn(source).then((settings) => {
        server.follow(settings, makeTicketKeys());
        log.info("certificates-read", "keys and certificates read again");
        warn(server, log);
      }).catch((error) => {
        log.error("reload-refused", "the new configuration is not used, the old one stays: {reason}", {
          reason: reasonOf(error),
        });
      }),
  });
}

async function settingsIn(source: string): Promise<Tls> {
  const { loadConfig } = await import("../../config/load.ts");
  const { backends } = await loadConfig(source);
  for (const { runs } of backends) if (runs?.kind === "tls") return runs;
  throw new UsageError(`Cannot do handshakes by "${source}": no address in it has "tls"`);
}

function warn({ facts, warnings }: TlsServer, log: KindLog): void {
  for (const warning of [...warningsOf(facts, Date.now()), ...warnings]) {
    log.warn("certificate-warning", "{warning}", { warning });
  }
}

function logEvent(log: KindLog, event: TlsEvent): void {
  switch (event.type) {
    case "way":
      return event.way === "kernel"
        ? log.info("tls-by-kernel", "connections go on as sockets that the kernel encrypts: {why}", {
          why: event.why,
        })
        : log.info("tls-by-process", "connections go on through this process, which encrypts: {why}", {
          why: event.why,
        });
    case "not-raw":
      return log.error(
        "tls-not-raw",
        "closed connections that had been looked at: routes do not lead to a backend for handshakes",
      );
    case "descriptors":
      return log.error(
        "descriptors-exhausted",
        "out of descriptors: connections were closed after their handshakes; raise the limit",
      );
    case "error":
      return log.error("connection-failed", "a handshake failed by a mistake here: {error}", {
        error: event.error,
      });
  }
}
