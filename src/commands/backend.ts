/** `fdpass backend`. */

import { type Command, Option } from "commander";
import { hasAbortDelay } from "../config/abort_delay.ts";
import { dashesInFormat, DEFAULT_FORMAT, readLogFormat, readLogTarget } from "../config/access_logs.ts";
import type { LogChoices } from "../control/log/log.ts";
import { boundArguments } from "../control/backend/bound_arguments.ts";
import type { AccessLogRules, BackendProcessOptions } from "../control/backend/backend_process.ts";
import { UsageError } from "../control/failure.ts";
import { compressionArguments } from "../control/backend/compression_arguments.ts";
import type { Run } from "./command.ts";
import { addCompressionOptions, compressionBy, type CompressionOptions } from "./compression_options.ts";
import { addKindOptions, readKind } from "./kinds/kinds.ts";
import { writeError } from "./output.ts";
import { addLogOptions, bindToParent, withParentOption } from "./shared_options.ts";
import {
  absolute,
  duration,
  fileMode,
  type FileOwner,
  fileOwner,
  MAX_ID,
  size,
  wholeNumber,
} from "./values.ts";

/** The greatest number that a descriptor has with any limit (fs.nr_open). */
const MAX_DESCRIPTOR = 1_073_741_816;

interface BackendOptions extends LogChoices, CompressionOptions {
  readonly socket: string;
  readonly apache?: boolean;
  readonly name?: string;
  readonly mode: number;
  readonly owner?: FileOwner;
  readonly workers: number;
  readonly workerOf?: number;
  readonly takeOver?: boolean;
  readonly accessLog?: string;
  readonly accessLogFormat?: string;
  readonly accessLogRules?: string;
  readonly trustRequestIds?: boolean;
  readonly allowUser: number[];
  readonly drainTimeout: number;
  readonly withParent?: number;
  readonly givenSocket?: number;
  readonly maxConnections?: number;
  readonly maxContent?: number;
  readonly contentTimeout?: number;
  readonly minContentRate?: number;
  readonly abortDelay?: number;
}

export function addBackend(program: Command, run: Run): void {
  const command = program.command("backend").description("run a backend")
    .argument("[program...]", "what --exec runs, with its arguments, behind --")
    .requiredOption("--socket <path>", "where to listen for fronts");
  addKindOptions(command);
  addLogOptions(command);
  const user = (text: string, before: number[]) => [...before, wholeNumber(0, MAX_ID)(text)];
  command
    .option("--apache", "speak the protocol of Apache's mod_proxy_fdpass there; --static names one file then")
    .option("--name <name>", "what to call it in messages (default: the socket's file name)")
    .addOption(
      new Option("--mode <bits>", "permissions of the socket file").default(0o600, "600").argParser(fileMode),
    )
    .addOption(
      new Option("--owner <[uid][:gid]>", "owner and group of the socket file, by number").argParser(
        fileOwner,
      ),
    )
    .addOption(
      new Option("--workers <n>", "processes behind the socket").default(1).argParser(wholeNumber(1, 256)),
    )
    .addOption(new Option("--worker-of <n>").argParser(wholeNumber(1, 256)).hideHelp())
    .option("--access-log <file>", 'write a line for each request to a file; -: standard output; "|program"')
    .option(
      "--access-log-format <format>",
      "combined, common, json, or as Apache's LogFormat (default: combined)",
    )
    .addOption(new Option("--access-log-rules <json>").hideHelp())
    .option("--trust-request-ids", "take a client's X-Request-Id for what its request is called")
    .option("--take-over", "replace a backend that listens there")
    .addOption(
      new Option("--allow-user <uid>", "another user that may hand over, by number; may be repeated")
        .default([]).argParser(user),
    )
    .addOption(
      new Option("--drain-timeout <time>", "how long to finish after SIGTERM").default(10_000, "10s")
        .argParser(duration),
    )
    .addOption(
      new Option("--max-connections <n>", "connections that a process holds at most; idle ones give way")
        .argParser(wholeNumber(1, 1_048_576)),
    )
    .addOption(
      new Option(
        "--max-content <size>",
        "content that a request may have (default: 1g for --upstream and --cgi)",
      )
        .argParser(size),
    )
    .addOption(
      new Option("--content-timeout <time>", "what the content of a request may take (default: no limit)")
        .argParser(duration),
    )
    .addOption(
      new Option(
        "--min-content-rate <n>",
        "bytes a second that content has to come at, after 20 seconds (default: 500 for --upstream and --cgi)",
      ).argParser(wholeNumber(0, 1_073_741_824)),
    )
    .addOption(
      new Option(
        "--abort-delay <time>",
        "from the end of a client that waits for a response to the abort of its request (default: 250ms)",
      ).argParser(duration),
    )
    .addOption(new Option("--given-socket <fd>").argParser(wholeNumber(3, MAX_DESCRIPTOR)).hideHelp())
    .addOption(withParentOption()).action(run(backend));
  addCompressionOptions(command);
}

async function backend(operands: readonly string[], options: BackendOptions): Promise<number> {
  const runs = readKind({ ...options }, operands);
  if (options.abortDelay !== undefined && !hasAbortDelay(runs)) {
    throw new UsageError("Cannot use --abort-delay without --fetch or --upstream: nothing else is aborted");
  }
  const compression = compressionBy(options, runs, options.apache === true);
  await checkSocket(options);
  await bindToParent(options.withParent);
  const { configureLog } = await import("../control/log/log.ts");
  configureLog(options);
  const { socket, mode, owner, allowUser: allowUsers, drainTimeout, takeOver = false, workers, workerOf } =
    options;
  const { apache = false } = options;
  if (apache) {
    const { servingForApache } = await import("../control/kinds/programs.ts");
    servingForApache(runs);
  }
  const common: BackendProcessOptions = {
    runs,
    socket,
    mode,
    allowUsers,
    drainTimeout,
    takeOver,
    apache,
    name: options.name ?? socket.slice(socket.lastIndexOf("/") + 1).replace(/\.sock$/, ""),
    supervised: options.withParent !== undefined,
    inherited: options.givenSocket,
    accessLogs: readAccessLogs(options),
    trustsRequestIds: options.trustRequestIds,
    ...owner === undefined ? {} : { owner },
    ...options.maxConnections === undefined ? {} : { maxConnections: options.maxConnections },
    ...options.abortDelay === undefined ? {} : { abortDelay: options.abortDelay },
    content: contentTerms(options),
    ...compression === undefined ? {} : { compression },
  };
  if (workers > 1) {
    const { runBackendWorkers } = await import("../control/backend/backend_workers.ts");
    return await runBackendWorkers({
      ...common,
      allowUsers,
      workers,
      bounds: [...boundArguments(options), ...compressionArguments(compression)],
    });
  }
  const { runBackend } = await import("../control/backend/backend_process.ts");
  return await runBackend({ ...common, ...workerOf === undefined ? {} : { workerOf } });
}

/** What is asked of content. */
function contentTerms(options: BackendOptions): NonNullable<BackendProcessOptions["content"]> {
  const { maxContent, contentTimeout, minContentRate } = options;
  return {
    ...maxContent === undefined ? {} : { most: maxContent },
    ...contentTimeout === undefined ? {} : { time: contentTimeout },
    ...minContentRate === undefined ? {} : { rate: minContentRate },
  };
}

/** Which requests get a line. @throws {UsageError} for what cannot be a log */
function readAccessLogs(options: BackendOptions): AccessLogRules | undefined {
  const { accessLog, accessLogFormat, accessLogRules } = options;
  if (accessLogRules !== undefined) return JSON.parse(accessLogRules) as AccessLogRules;
  if (accessLog === undefined) {
    if (accessLogFormat !== undefined) {
      throw new UsageError("Cannot use --access-log-format without --access-log");
    }
    return undefined;
  }
  const to = readLogTarget(accessLog, absolute);
  if ("fault" in to) throw new UsageError(to.fault);
  const format = readLogFormat(accessLogFormat ?? DEFAULT_FORMAT);
  if ("fault" in format) throw new UsageError(format.fault);
  const dashes = dashesInFormat(format.value);
  if (dashes !== undefined) writeError(`fdpass: --access-log-format: ${dashes}\n`);
  return { logs: [{ to: to.value, format: format.value }], otherwise: [0], sites: [] };
}

/** What several processes need beside the socket is known before any of them is started. */
async function checkSocket({ socket, workers, workerOf }: BackendOptions): Promise<void> {
  // A worker listens at none, and meets the others at the path that it is given.
  if (workerOf !== undefined) return;
  const { readListeningPath } = await import("../config/path.ts");
  const reading = readListeningPath(socket, (path) => path, workers);
  if ("fault" in reading) throw new UsageError(reading.fault);
}
