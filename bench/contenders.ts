/** Those who are compared: what stands on a port, and which of its processes are the front. */

import { fileURLToPath } from "node:url";
import type { Certificate } from "./certificate.ts";
import { freePort, type Service } from "./processes.ts";
import { NotInstalled } from "./programs.ts";
import { exchange } from "./request.ts";
import type { Stage } from "./stage.ts";

/** Several processes that answer on one port. */
export interface Contender {
  /** Short, for results. */
  readonly id: string;
  /** For people. */
  readonly title: string;
  readonly port: number;
  readonly path: string;
  /** What its certificate is checked by, where it speaks TLS. */
  readonly authority?: string;
  /** What stands between the client and the program that answers; nothing where the client asks that directly. */
  readonly front: readonly Service[];
  /** Whatever else takes part. */
  readonly behind: readonly Service[];
}

/** One that cannot take part, and why. */
export interface Absent {
  readonly id: string;
  readonly title: string;
  readonly why: string;
}

export type Entry = Contender | Absent;

/** Whether it takes part. */
export function takesPart(entry: Entry): entry is Contender {
  return "port" in entry;
}

/** What a contender is made of. */
export type Built = Omit<Contender, "id" | "title" | "path"> & { readonly path?: string };

/**
 * Builds a contender and asks it once, to see that it answers what it should.
 *
 * @param expect the body of its answer, or the length of it
 * @param build starts what it consists of
 */
export async function enter(
  stage: Stage,
  id: string,
  title: string,
  expect: string | number,
  build: () => Promise<Built>,
): Promise<Entry> {
  try {
    const contender = { id, title, path: "/", ...await build() };
    const { status, length, body } = await exchange(contender.port, contender.path, contender.authority);
    if (status !== 200 || (typeof expect === "number" ? length : body) !== expect) {
      const output = [...contender.front, ...contender.behind].map((service) => service.output).join("");
      throw new Error(`it answers ${status} with ${length} bytes instead: ${output.trim().slice(-300)}`);
    }
    return contender;
  } catch (error) {
    if (error instanceof NotInstalled) return { id, title, why: error.message };
    // The others can be measured all the same; the table names this one and the reason.
    const reason = error instanceof Error ? error.message : String(error);
    return { id, title, why: `cannot be measured: ${reason.replaceAll(stage.directory, "…")}` };
  }
}

/** The path of a file in bench/apps. */
export function app(name: string): string {
  return fileURLToPath(import.meta.resolve(`./apps/${name}`));
}

/** What an fdpass backend serves. */
export type Kind =
  | { readonly fetch: string }
  | { readonly static: string }
  | { readonly upstream: string };

/** The command that runs fdpass from its source. @param program the one of this checkout unless given */
function fromSource(
  args: readonly string[],
  program = fileURLToPath(import.meta.resolve("../cli.ts")),
): { readonly command: string; readonly args: readonly string[] } {
  return { command: Deno.execPath(), args: ["run", "--quiet", "-A", program, ...args] };
}

/** A path for the socket of an fdpass backend. */
function socketPath(stage: Stage): string {
  return `${stage.room("backend")}/app.sock`;
}

/** Starts an fdpass backend, with further arguments; returns it and its socket. @param program see fromSource */
export async function startBackend(
  stage: Stage,
  kind: Kind,
  args: readonly string[] = [],
  program?: string,
  socket: string = socketPath(stage),
): Promise<{ service: Service; socket: string }> {
  const what = Object.entries(kind).flatMap(([name, value]) => [`--${name}`, value]);
  const command = fromSource(["backend", "--socket", socket, ...what, ...args], program);
  const service = await stage.processes.serve("fdpass backend", command, {
    line: /^fdpass backend .* ready on /m,
  });
  return { service, socket };
}

/** A part of an fdpass configuration: sites, for one listener and one backend. */
export type Sites = (target: string) => object[];

/** How a front is started. */
export interface FrontOptions {
  /** One site with one route, unless said otherwise. */
  readonly sites?: Sites;
  /** What it shows to clients, where they are to speak TLS. */
  readonly certificate?: Certificate;
  /** Further keys of its configuration. */
  readonly more?: Readonly<Record<string, unknown>>;
  /** The compiled binary that is to run, instead of `deno run`. */
  readonly binary?: string;
  /** The cli.ts that is to run, instead of this checkout's. */
  readonly program?: string | undefined;
}

/** Starts an fdpass front with one listener; returns it and its port. */
export async function startFront(
  stage: Stage,
  socket: string,
  { sites = (to) => [{ to }], certificate, more = {}, binary, program }: FrontOptions = {},
): Promise<{ service: Service; port: number }> {
  const port = freePort();
  const path = `${stage.room("front")}/fdpass.json`;
  const address = `127.0.0.1:${port}`;
  const shown = certificate === undefined
    ? {}
    : { certificate: certificate.certificate, key: certificate.key };
  const configuration = {
    listen: certificate === undefined ? address : { address, tls: true },
    sites: sites(`fd://${socket}`).map((site) => ({ ...site, ...shown })),
    ...more,
  };
  Deno.writeTextFileSync(path, JSON.stringify(configuration));
  const args = ["front", path];
  const command = binary === undefined ? fromSource(args, program) : { command: binary, args };
  const service = await stage.processes.serve("fdpass front", command, { line: /^fdpass front ready on /m });
  return { service, port };
}

/** fdpass with a front and an fdpass backend. */
export async function fdpass(
  stage: Stage,
  kind: Kind,
  path = "/",
  options: FrontOptions = {},
): Promise<Built> {
  const socket = socketPath(stage);
  // A front waits for a backend that is not there yet.
  const [backend, { service, port }] = await Promise.all([
    startBackend(stage, kind, [], undefined, socket),
    startFront(stage, socket, options),
  ]);
  return { port, path, ...authorityOf(options), front: [service], behind: [backend.service] };
}

/** fdpass with a relay in front of an HTTP server. */
export async function fdpassRelay(stage: Stage, server: Service, port: number, path: string): Promise<Built> {
  const socket = socketPath(stage);
  const [relay, front] = await Promise.all([
    startBackend(stage, { upstream: `http://127.0.0.1:${port}` }, [], undefined, socket),
    startFront(stage, socket),
  ]);
  return { port: front.port, path, front: [front.service, relay.service], behind: [server] };
}

/** What belongs into a contender that may have a certificate. */
export function authorityOf(
  { certificate }: { readonly certificate?: Certificate | undefined },
): Pick<Contender, "authority"> {
  return certificate === undefined ? {} : { authority: certificate.authority };
}

/** Starts the backend in C; returns it and its socket. */
export async function startFloorBackend(stage: Stage): Promise<{ service: Service; socket: string }> {
  const socket = `${stage.room("floor")}/app.sock`;
  const command = { command: stage.programs.floor("backend"), args: ["unix", socket] };
  const service = await stage.processes.serve("floor backend", command, { line: /^ready$/m });
  return { service, socket };
}

/** fdpass's front with the backend in C. */
export async function fdpassToFloor(stage: Stage, options?: FrontOptions, path = "/"): Promise<Built> {
  const backend = await startFloorBackend(stage);
  const front = await startFront(stage, backend.socket, options);
  return { port: front.port, path, front: [front.service], behind: [backend.service] };
}

/** The front in C with the backend in C. */
export async function floor(stage: Stage): Promise<Built> {
  const backend = await startFloorBackend(stage);
  const port = freePort();
  const command = { command: stage.programs.floor("front"), args: [String(port), backend.socket] };
  const front = await stage.processes.serve("floor front", command, { line: /^ready$/m });
  return { port, front: [front], behind: [backend.service] };
}

/** The receiver in C of Apache's protocol, which answers requests that nobody has read; returns it and its socket. */
async function startApacheReceiver(stage: Stage): Promise<{ service: Service; socket: string }> {
  const socket = `${stage.room("receiver")}/app.sock`;
  const command = { command: stage.programs.floor("apache_backend"), args: [socket, "whole"] };
  return { service: await stage.processes.serve("receiver", command, { line: /^ready$/m }), socket };
}

/** fdpass's front that hands over as Apache does. */
export async function fdpassAsApache(stage: Stage): Promise<Built> {
  const receiver = await startApacheReceiver(stage);
  const front = await startFront(stage, receiver.socket);
  return { port: front.port, front: [front.service], behind: [receiver.service] };
}

/** The front in C that does the same. */
export async function floorAsApache(stage: Stage): Promise<Built> {
  const receiver = await startApacheReceiver(stage);
  const port = freePort();
  const command = { command: stage.programs.floor("apache_front"), args: [String(port), receiver.socket] };
  const front = await stage.processes.serve("floor front", command, { line: /^ready$/m });
  return { port, front: [front], behind: [receiver.service] };
}

/** The backend in C, which accepts by itself. */
export async function floorAlone(stage: Stage): Promise<Built> {
  const port = freePort();
  const command = { command: stage.programs.floor("backend"), args: ["tcp", String(port)] };
  const service = await stage.processes.serve("floor backend", command, { line: /^ready$/m });
  return { port, front: [], behind: [service] };
}

/** The server in C that relays have behind them. */
export async function origin(stage: Stage, path: string): Promise<Built> {
  const port = freePort();
  const command = { command: stage.programs.floor("origin"), args: [String(port)] };
  const service = await stage.processes.serve("origin", command, { line: /^ready$/m });
  return { port, path, front: [], behind: [service] };
}

/**
 * An HTTP server of Deno's own.
 *
 * @param program which of those in bench/apps
 * @param certificate for the one that speaks TLS
 * @param files the directory of the one that serves files
 */
export async function denoServe(
  stage: Stage,
  program = "serve.ts",
  certificate?: Certificate,
  files?: string,
): Promise<Built> {
  const port = freePort();
  // It needs no configuration; that of the benchmarks would only cost it time.
  const options = ["--quiet", "--no-prompt", "--no-config", "--allow-net=127.0.0.1"];
  const args = ["run", ...options, app(program), String(port)];
  if (files !== undefined) {
    args.splice(1, 0, `--allow-read=${files}`);
    args.push(files);
  }
  if (certificate !== undefined) {
    const { certificate: file, key } = certificate;
    args.splice(1, 0, `--allow-read=${file},${key}`);
    args.push(file, key);
  }
  const service = await stage.processes.serve("Deno.serve", { command: Deno.execPath(), args }, { port });
  return { port, ...authorityOf({ certificate }), front: [], behind: [service] };
}
