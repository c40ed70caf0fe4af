/**
 * The command line: parses arguments, runs one command, turns errors into sentences and exit codes.
 *
 * Commands load what they need when they run: `fdpass help` opens no library, and `fdpass backend` loads no
 * configuration parser.
 *
 * @module
 */
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import type { BackendKind, Config } from "./src/config/config.ts";
import { readDuration } from "./src/config/quantity.ts";
import { formatUpstream, readUpstream } from "./src/config/upstream.ts";
import { EXIT_USAGE, explain, UsageError } from "./src/control/failure.ts";
import { VERSION } from "./src/control/version.ts";

const encoder = new TextEncoder();
const write = (text: string) => void Deno.stdout.writeSync(encoder.encode(text));
const writeError = (text: string) => void Deno.stderr.writeSync(encoder.encode(text));

/** A whole number between two bounds, for options. */
function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (!/^\d+$/.test(text) || number < least || number > most) {
      throw new InvalidArgumentError(`It takes a whole number from ${least} to ${most}.`);
    }
    return number;
  };
}

/** A duration in milliseconds, for options: `500ms`, `10s`, `2m`, or seconds. The bounds are the configuration's. */
function duration(text: string): number {
  const reading = readDuration(/^\d+(?:\.\d+)?$/.test(text) ? Number(text) : text, { least: 0 });
  if ("fault" in reading) throw new InvalidArgumentError(`${reading.fault}.`);
  return reading.value;
}

/** Permission bits in octal, for options. */
function fileMode(text: string): number {
  if (!/^0?[0-7]{3}$/.test(text)) throw new InvalidArgumentError("It takes permission bits such as 660.");
  return parseInt(text, 8);
}

/** The largest id of a user or a group. */
const MAX_ID = 0xffff_fffe;
/** chown(2): (uid_t) -1 and (gid_t) -1 leave the user or the group as it is. */
const UNCHANGED = 0xffff_ffff;

/** A numeric user, a group, or both, for options; what is left out stays as it is. */
function fileOwner(text: string): { readonly uid: number; readonly gid: number } {
  const match = /^(\d+)?(?::(\d+))?$/.exec(text);
  const [uid, gid] = [match?.[1], match?.[2]];
  if (uid === undefined && gid === undefined || [uid, gid].some((id) => Number(id ?? 0) > MAX_ID)) {
    throw new InvalidArgumentError(
      `It takes numbers up to ${MAX_ID}, such as 33, 33:33, or :33 for the group alone; \`id\` tells those of a user.`,
    );
  }
  return { uid: Number(uid ?? UNCHANGED), gid: Number(gid ?? UNCHANGED) };
}

const collect = (value: number, before: number[]) => [...before, value];

/** A configuration given as an argument, or standard input where something is piped in. */
function sourceOf(argument: string | undefined, command: string): string {
  if (argument !== undefined) return argument;
  if (Deno.stdin.isTerminal()) {
    throw new UsageError(
      `Cannot tell what to run: name a configuration (fdpass ${command} fdpass.json), or pipe one in`,
    );
  }
  return "-";
}

async function load(source: string): Promise<Config> {
  const { loadConfig } = await import("./src/config/load.ts");
  return await loadConfig(source);
}

async function readInput(): Promise<string> {
  return new TextDecoder().decode(await new Response(Deno.stdin.readable).bytes());
}

/** Ends this process with its parent, where a supervisor asks for that. */
async function bindToParent(parent: number | undefined): Promise<void> {
  if (parent === undefined) return;
  const { endWithParent } = await import("./ffi/mod.ts");
  if (!endWithParent(parent)) Deno.exit(1);
}

interface FrontArguments {
  readonly workers: number;
  readonly withParent?: number;
}

async function front(argument: string | undefined, options: FrontArguments): Promise<number> {
  const source = sourceOf(argument, "front");
  const config = await load(source);
  await bindToParent(options.withParent);
  const { runFront } = await import("./src/control/front_process.ts");
  const { configureLog } = await import("./src/control/log.ts");
  configureLog();
  return await runFront(config, {
    workers: options.workers,
    supervised: options.withParent !== undefined,
    ...source === "-" ? {} : { reload: () => load(source) },
  });
}

interface BackendArguments {
  readonly socket: string;
  readonly fetch?: string;
  readonly static?: string;
  readonly upstream?: string;
  readonly preserveHost?: boolean;
  readonly upstreamTimeout?: number;
  readonly name?: string;
  readonly mode: number;
  readonly takeOver?: boolean;
  readonly allowUser: number[];
  readonly drainTimeout: number;
  readonly owner?: { readonly uid: number; readonly gid: number };
  readonly workers: number;
  readonly workerOf?: number;
  readonly withParent?: number;
}

function absolute(path: string): string {
  return path.startsWith("/") ? path : `${Deno.cwd()}/${path}`;
}

function kindOf(options: BackendArguments): BackendKind {
  const { fetch, static: directory, upstream, preserveHost, upstreamTimeout } = options;
  if ([fetch, directory, upstream].filter((kind) => kind !== undefined).length !== 1) {
    throw new UsageError(
      "Cannot tell what the backend runs: give one of --fetch MODULE, --static DIR and --upstream URL",
    );
  }
  if (upstream !== undefined) {
    const reading = readUpstream(upstream, absolute);
    if ("fault" in reading) throw new UsageError(reading.fault);
    return {
      kind: "relay",
      upstream: formatUpstream(reading.value),
      ...preserveHost ? { preserveHost } : {},
      ...upstreamTimeout === undefined ? {} : { timeout: upstreamTimeout },
    };
  }
  if (preserveHost || upstreamTimeout !== undefined) {
    throw new UsageError("Cannot use --preserve-host or --upstream-timeout without --upstream URL");
  }
  if (directory !== undefined) return { kind: "static", directory };
  const url = /^(file|https?|data|npm|jsr):/.test(fetch!);
  return { kind: "fetch", module: url ? fetch! : absolute(fetch!) };
}

async function backend(options: BackendArguments): Promise<number> {
  const runs = kindOf(options);
  await bindToParent(options.withParent);
  const { configureLog } = await import("./src/control/log.ts");
  configureLog();
  const name = options.name ??
    options.socket.slice(options.socket.lastIndexOf("/") + 1).replace(/\.sock$/, "");
  const { socket, mode, owner, allowUser: allowUsers, drainTimeout, takeOver = false, workers, workerOf } =
    options;
  const common = {
    runs,
    socket,
    mode,
    allowUsers,
    drainTimeout,
    takeOver,
    name,
    supervised: options.withParent !== undefined,
    ...owner === undefined ? {} : { owner },
  };
  if (workers > 1) {
    const { runBackendWorkers } = await import("./src/control/backend_workers.ts");
    return await runBackendWorkers({ ...common, workers });
  }
  const { runBackend } = await import("./src/control/backend_process.ts");
  return await runBackend({ ...common, ...workerOf === undefined ? {} : { workerOf } });
}

async function up(argument: string | undefined, options: { readonly workers: number }): Promise<number> {
  const source = sourceOf(argument, "up");
  const input = source === "-" ? await readInput() : undefined;
  const { loadConfig } = await import("./src/config/load.ts");
  const config = await loadConfig(
    source,
    input === undefined
      ? {}
      : { stdin: new Blob([input]).stream() as ReadableStream<Uint8Array<ArrayBuffer>> },
  );
  const { runSupervisor } = await import("./src/control/supervisor.ts");
  const { configureLog } = await import("./src/control/log.ts");
  configureLog();
  return await runSupervisor(config, {
    source,
    workers: options.workers,
    ...input === undefined ? { reload: () => loadConfig(source) } : { input },
  });
}

async function check(argument: string | undefined, options: { readonly route?: string }): Promise<number> {
  const config = await load(sourceOf(argument, "check"));
  if (options.route === undefined) {
    const { describe } = await import("./src/config/describe.ts");
    write(describe(config));
    return 0;
  }
  const { resolve } = await import("./src/route/resolve_url.ts");
  const answer = resolve(config.listeners, options.route);
  if (!answer.found) {
    writeError(`fdpass: ${answer.reason}\n`);
    return 1;
  }
  const { site, route, rest } = answer;
  write(`site      ${site.names.join(", ") || "(every Host)"}\n`);
  write(`route     ${route.path}\n`);
  write(`path      ${rest}\n`);
  write(`backends  ${route.backends.join(", ")}\n`);
  return 0;
}

async function schema(): Promise<number> {
  const { jsonSchema } = await import("./src/config/json/schema.ts");
  write(JSON.stringify(jsonSchema(), null, 2) + "\n");
  return 0;
}

async function demo(options: { readonly port: number }): Promise<number> {
  const { configureLog } = await import("./src/control/log.ts");
  configureLog();
  const { runDemo } = await import("./src/demo/demo.ts");
  return await runDemo(options.port);
}

/** Builds the program. @param done takes the exit code of the command that ran */
function program(done: (code: number) => void): Command {
  const workers = new Option("--workers <n>", "data-plane threads").default(1).argParser(wholeNumber(1, 64));
  const withParent = new Option("--with-parent <pid>", "end when that process, the parent, ends").argParser(
    wholeNumber(1, 2 ** 22),
  ).hideHelp();
  // deno-lint-ignore no-explicit-any -- commander hands over whatever the options make of the arguments
  const run = (command: (...args: any[]) => Promise<number>) => async (...args: unknown[]) =>
    done(await command(...args));

  const top = new Command("fdpass")
    .description("Hands client connections, the open sockets themselves, to the processes that own them.")
    .version(`fdpass ${VERSION}`, "--version", "print the version")
    .helpOption("-h, --help", "print help")
    .helpCommand("help [command]", "print help for a command")
    .exitOverride()
    .configureOutput({ writeOut: write, writeErr: writeError })
    .showSuggestionAfterError();

  top.command("front").description("run the front").argument("[config]", "a file, or - for standard input")
    .addOption(workers).addOption(withParent).action(run(front));
  top.command("backend").description("run a backend")
    .requiredOption("--socket <path>", "where to listen for fronts")
    .option("--fetch <module>", "serve with a module whose default export is { fetch(request, info) }")
    .option("--static <dir>", "serve the files of a directory")
    .option("--upstream <url>", "relay to an HTTP server: http://host:port/base or unix:/path")
    .option("--preserve-host", "tell the upstream the Host that the client means, not its own")
    .addOption(
      new Option("--upstream-timeout <time>", "silence that the upstream may have (default: 60s)")
        .argParser(duration),
    )
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
    .option("--take-over", "replace a backend that listens there")
    .addOption(
      new Option("--allow-user <uid>", "another user that may hand over, by number; may be repeated")
        .default([]).argParser((text, before: number[]) => collect(wholeNumber(0, MAX_ID)(text), before)),
    )
    .addOption(
      new Option("--drain-timeout <time>", "how long to finish after SIGTERM").default(10_000, "10s")
        .argParser(duration),
    )
    .addOption(withParent).action(run(backend));
  top.command("up").description("run the front and every backend the configuration declares")
    .argument("[config]", "a file, or - for standard input").addOption(workers).action(run(up));
  top.command("check").description("validate a configuration and print what it means")
    .argument("[config]", "a file, or - for standard input")
    .option("--route <url>", "say where one request would go").action(run(check));
  top.command("schema").description("print the JSON Schema of the configuration").action(run(schema));
  top.command("demo").description("serve a page that shows what happens")
    .addOption(
      new Option("--port <n>", "the port to try first").default(8080).argParser(wholeNumber(1, 65_535)),
    ).action(run(demo));
  return top;
}

/**
 * Runs the command that the arguments name.
 *
 * @returns the exit code
 */
export async function main(args: readonly string[]): Promise<number> {
  let code = 0;
  try {
    if (args.length === 0) {
      program(() => {}).outputHelp({ error: true });
      return EXIT_USAGE;
    }
    await program((result) => code = result).parseAsync([...args], { from: "user" });
    return code;
  } catch (error) {
    // Commander has written what there is to say; its own exit code is 1 for everything but help and version.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
    const { text, code } = explain(error);
    writeError(`fdpass: ${text}\n`);
    return code;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
