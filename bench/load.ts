/** Load, and what its programs say about it: ab, wrk, and the clients in bench/floor. */

import type { Contender } from "./contenders.ts";
import type { Stage } from "./stage.ts";

/** Seconds that a measurement may take before it is given up. */
const PATIENCE = 120;

/** What clients saw. Times are in microseconds. */
export interface LoadResult {
  readonly requests: number;
  readonly failed: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

function addressOf({ port, path, authority }: Contender): string {
  return `${authority === undefined ? "http" : "https"}://127.0.0.1:${port}${path}`;
}

/** A number that a program prints behind a label; undefined when it prints none. */
function numberAfter(output: string, label: string): number | undefined {
  const match = new RegExp(`^\\s*${label}\\s*([\\d.]+)`, "m").exec(output);
  return match === null ? undefined : Number(match[1]);
}

function required(output: string, label: string): number {
  const value = numberAfter(output, label);
  if (value === undefined) throw new Error(`Cannot find "${label}" in: ${output.slice(-300)}`);
  return value;
}

/** Requests by ab (ApacheBench): HTTP/1.0, a connection each unless they are to be kept. */
export async function ab(
  stage: Stage,
  contender: Contender,
  { clients, requests, keepAlive = false }: {
    readonly clients: number;
    readonly requests: number;
    readonly keepAlive?: boolean;
  },
): Promise<LoadResult> {
  const percentiles = `${stage.directory}/percentiles.csv`;
  // -r: a connection that is reset counts as failed instead of ending the measurement.
  const args = ["-q", "-r", "-s", "30", "-n", String(requests), "-c", String(clients), "-e", percentiles];
  if (keepAlive) args.push("-k");
  const command = { command: stage.programs.path("ab"), args: [...args, addressOf(contender)] };
  const output = await stage.processes.run("ab", command, PATIENCE);
  const times = Deno.readTextFileSync(percentiles).split("\n").slice(1).map((line) =>
    Number(line.split(",")[1])
  );
  const complete = required(output, "Complete requests:");
  const unlike = numberAfter(output, "Non-2xx responses:") ?? 0;
  return {
    requests: complete,
    failed: required(output, "Failed requests:") + unlike + (requests - complete),
    perSecond: required(output, "Requests per second:"),
    p50: times[50]! * 1_000,
    p99: times[99]! * 1_000,
  };
}

const UNITS: Readonly<Record<string, number>> = { us: 1, ms: 1_000, s: 1_000_000 };

/**
 * Requests on connections that are kept, by wrk with one thread.
 *
 * @param options `upload`: bytes of content that each request has
 */
export async function wrk(
  stage: Stage,
  contender: Contender,
  seconds: number,
  { clients = 64, upload = 0 }: { readonly clients?: number; readonly upload?: number } = {},
): Promise<LoadResult> {
  const args = [
    "-t1",
    `-c${clients}`,
    `-d${seconds}s`,
    "--timeout",
    "10s",
    "--latency",
    addressOf(contender),
  ];
  if (upload > 0) {
    const script = `${stage.directory}/upload-${upload}.lua`;
    Deno.writeTextFileSync(script, `wrk.method = "POST"\nwrk.body = string.rep("x", ${upload})\n`);
    args.push("-s", script);
  }
  const output = await stage.processes.run("wrk", { command: stage.programs.path("wrk"), args }, PATIENCE);
  const time = (label: string) => {
    const [, amount, unit] = new RegExp(`^\\s*${label}\\s+([\\d.]+)(us|ms|s)`, "m").exec(output) ?? [];
    return Number(amount) * (UNITS[unit ?? ""] ?? NaN);
  };
  const errors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(output);
  return {
    requests: Number(/(\d+) requests in /.exec(output)?.[1] ?? NaN),
    failed: (errors?.slice(1) ?? []).reduce((sum, count) => sum + Number(count), 0) +
      (numberAfter(output, "Non-2xx or 3xx responses:") ?? 0),
    perSecond: required(output, "Requests/sec:"),
    p50: time("50%"),
    p99: time("99%"),
  };
}

/** Requests on kept connections, by whichever program there is. */
export async function keepAliveLoad(
  stage: Stage,
  contender: Contender,
  seconds: number = stage.amounts.keepAlive.seconds,
): Promise<LoadResult> {
  const { requests } = stage.amounts.keepAlive;
  if (stage.programs.has("wrk")) return await wrk(stage, contender, seconds);
  return await ab(stage, contender, { clients: 64, requests, keepAlive: true });
}

async function client<T>(stage: Stage, contender: Contender, what: string, count: number): Promise<T> {
  const command = stage.programs.floor("client");
  const args = [what, String(contender.port), contender.path, String(count)];
  return JSON.parse(await stage.processes.run(`client ${what}`, { command, args }, PATIENCE)) as T;
}

/** Microseconds at three points of a distribution. */
export interface Times {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}

/** Connections one after the other: the time until an answer is whole, and until the connection has ended. */
export async function oneByOne(
  stage: Stage,
  contender: Contender,
  count: number,
): Promise<{ readonly failed: number; readonly answered: Times; readonly ended: Times }> {
  return await client(stage, contender, "latency", count);
}

/** Downloads of a contender's path, so many at a time. */
export async function download(
  stage: Stage,
  contender: Contender,
  streams: number,
): Promise<{ readonly failed: number; readonly bytes: number; readonly seconds: number }> {
  return await client(stage, contender, "download", streams);
}

/** What the client that speaks TLS saw. */
export interface SecureResult {
  readonly failed: number;
  /** Connections on which a session went on. */
  readonly resumed: number;
  readonly bytes: number;
  readonly seconds: number;
}

/** Handshakes, one after the other by so many clients, each on a connection of its own. */
export async function handshakes(
  stage: Stage,
  contender: Contender,
  { clients, count, resumed, asks }: {
    readonly clients: number;
    readonly count: number;
    readonly resumed: boolean;
    /** Whether each asks for the contender's path. */
    readonly asks: boolean;
  },
): Promise<SecureResult> {
  const how = [String(clients), String(count), resumed ? "resumed" : "full"];
  const args = ["handshakes", String(contender.port), asks ? contender.path : "-", ...how];
  const command = { command: stage.programs.floor("tls"), args };
  return JSON.parse(await stage.processes.run("tls handshakes", command, PATIENCE));
}

/** Downloads over TLS of a contender's path, so many at a time. */
export async function secureDownload(
  stage: Stage,
  contender: Contender,
  streams: number,
): Promise<SecureResult> {
  const args = ["download", String(contender.port), contender.path, String(streams)];
  const command = { command: stage.programs.floor("tls"), args };
  return JSON.parse(await stage.processes.run("tls download", command, PATIENCE));
}

/** Where requests go in turn, and whether connections are kept. */
export interface Switching {
  readonly clients: number;
  readonly seconds: number;
  readonly keep: boolean;
  readonly targets: readonly { readonly host: string; readonly path: string }[];
}

/** Requests that go to several targets in turn, by clients that keep their connections as long as the server does. */
export async function switching(
  stage: Stage,
  contender: Contender,
  { clients, seconds, keep, targets }: Switching,
): Promise<{
  /** Processor time of the client, in microseconds. */
  readonly cpu: number;
  readonly requests: number;
  readonly failed: number;
  readonly connections: number;
  readonly seconds: number;
  readonly times: Times;
}> {
  const command = stage.programs.floor("switch");
  const args = [String(contender.port), String(clients), String(seconds), keep ? "keep" : "close"];
  args.push(...targets.flatMap(({ host, path }) => [host, path]));
  return JSON.parse(await stage.processes.run("switch", { command, args }, PATIENCE));
}

/** Small messages that come back, on WebSockets that send the next one then. */
export async function echoes(
  stage: Stage,
  contender: Contender,
  connections: number,
  seconds: number,
): Promise<
  { readonly messages: number; readonly failed: number; readonly seconds: number; readonly times: Times }
> {
  const args = [String(contender.port), contender.path, String(connections), String(seconds)];
  const command = { command: stage.programs.floor("echo"), args };
  return JSON.parse(await stage.processes.run("echo", command, PATIENCE));
}

/** Connections that are open until they are let go. */
export interface Held {
  /** Those that never came about. */
  readonly failed: number;
  /** Lets them go. @returns how many the server had ended by then */
  release(): Promise<number>;
}

/** Says nothing on the connections it holds. */
export const SILENT = "-";

/**
 * Opens connections and holds them: each with an answer from a path, or with a stream of events, or silent.
 *
 * @param websocket whether they are to become WebSockets
 */
export async function hold(
  stage: Stage,
  contender: Contender,
  path: string,
  count: number,
  websocket = false,
): Promise<Held> {
  const args = [String(contender.port), path, String(count), ...websocket ? ["websocket"] : []];
  const command = { command: stage.programs.floor("hold"), args };
  const service = await stage.processes.serve("hold", command, { line: /^\{"open".*\}$/m });
  const { failed } = JSON.parse(/^\{.*\}$/m.exec(service.output)![0]) as { failed: number };
  if (failed > 0) stage.say(`  ${contender.title}: ${service.output.trim()}`);
  return {
    failed,
    async release() {
      await service.stop();
      const last = service.output.trim().split("\n").at(-1)!;
      return (JSON.parse(last) as { ended?: number }).ended ?? count;
    },
  };
}
