/** What a run measures, and how much of it. */

/** The workloads by name, in the order in which they run. */
export const WORKLOADS = [
  "connections",
  "apache-sender",
  "keep-alive",
  "relay",
  "static",
  "switching",
  "access-log",
  "metrics",
  "download",
  "tls",
  "streams",
  "websockets",
  "idle-clients",
  "latency",
  "growth",
  "open-connections",
  "start-up",
  "system-calls",
] as const;

export type WorkloadName = typeof WORKLOADS[number];

/**
 * What a quick run has only if it is named: that which no goal is about, and that whose goals are about differences of a
 * few hundredths, which one round does not show.
 */
const NOT_QUICK: ReadonlySet<WorkloadName> = new Set([
  "access-log",
  "metrics",
  "open-connections",
  "start-up",
  "system-calls",
]);

/** How much is done: a full run for figures, a quick one to see that everything works. */
export interface Amounts {
  /** How often each contender is measured, in turn with the others. */
  readonly rounds: number;
  /** Rounds for each of those where what is looked for is smaller than what one round tells. */
  readonly moreRounds: number;
  /** How often what is measured is done before, which warms those ways of a program. */
  readonly rehearsals: number;
  /** Requests, on connections of their own, that each contender that runs JavaScript answers before it is measured. */
  readonly warmUp: number;
  /** Clients at a time, and the requests that they make in all. */
  readonly connections: readonly { readonly clients: number; readonly requests: number }[];
  /** Seconds of a keep-alive measurement, and the requests where `ab` has to do it. */
  readonly keepAlive: { readonly seconds: number; readonly requests: number };
  /** Seconds of a measurement on kept connections, requests with a connection each, and clients at a time. */
  /** Short measurements of what differs by a little, and how many of each contender. */
  readonly turns: { readonly count: number; readonly seconds: number };
  /** Lines of a log of which none may stay in memory. */
  readonly lines: number;
  readonly answers: {
    readonly seconds: number;
    readonly requests: number;
    readonly clients: readonly number[];
  };
  readonly websockets: {
    readonly seconds: number;
    readonly connections: readonly number[];
    readonly idle: number;
  };
  /** Requests whose system calls are counted. */
  readonly calls: number;
  readonly switching: { readonly seconds: number; readonly clients: readonly number[] };
  /** Bytes of the file, and how many clients read it at a time. */
  readonly download: { readonly bytes: number; readonly streams: readonly Downloads[] };
  /** Handshakes of a measurement, and those before all measurements; seconds on kept connections; bytes of the file. */
  readonly tls: {
    readonly handshakes: number;
    readonly warmUp: number;
    readonly seconds: number;
    readonly bytes: number;
  };
  /** Streams that are open and idle, if the limit of descriptors allows for as many. */
  readonly streams: number;
  /** Connections of the one client that has the server to itself. */
  readonly latency: number;
  readonly growth: { readonly routes: readonly number[]; readonly requests: number };
  /** Connections that are open while others are handed over. */
  readonly open: { readonly counts: readonly number[]; readonly requests: number };
  /** Rounds of starting everything. */
  readonly startUp: number;
}

/** So many downloads at a time, in rounds of their own number. */
export interface Downloads {
  readonly count: number;
  readonly rounds: number;
}

const FULL: Amounts = {
  rounds: 5,
  moreRounds: 2,
  // For some three seconds of kept connections V8 still compiles what they need.
  rehearsals: 2,
  // V8 compiles what is hot, and FFI calls get fast after some 60,000 connections.
  warmUp: 60_000,
  connections: [
    { clients: 64, requests: 25_000 },
    { clients: 1, requests: 5_000 },
    { clients: 8, requests: 15_000 },
    { clients: 512, requests: 15_000 },
  ],
  keepAlive: { seconds: 4, requests: 200_000 },
  turns: { count: 11, seconds: 1 },
  lines: 1_000_000,
  answers: { seconds: 2, requests: 15_000, clients: [64, 1, 512] },
  websockets: { seconds: 3, connections: [1, 1_000], idle: 10_000 },
  calls: 5_000,
  switching: { seconds: 2, clients: [64, 1] },
  download: { bytes: 1 << 30, streams: [{ count: 1, rounds: 5 }, { count: 16, rounds: 3 }] },
  tls: { handshakes: 1_200, warmUp: 8_000, seconds: 2, bytes: 512 << 20 },
  streams: 10_000,
  latency: 4_000,
  growth: { routes: [1, 100, 10_000], requests: 25_000 },
  open: { counts: [1, 100, 1_000, 10_000], requests: 25_000 },
  startUp: 5,
};

const QUICK: Amounts = {
  rounds: 1,
  moreRounds: 1,
  rehearsals: 1,
  // Not all that is hot is compiled by then: a fifth or more is still to be gained.
  warmUp: 10_000,
  connections: [{ clients: 64, requests: 3_000 }],
  keepAlive: { seconds: 1, requests: 5_000 },
  turns: { count: 1, seconds: 1 },
  lines: 10_000,
  answers: { seconds: 1, requests: 2_000, clients: [64] },
  websockets: { seconds: 1, connections: [1, 1_000], idle: 1_000 },
  calls: 500,
  switching: { seconds: 1, clients: [64] },
  download: { bytes: 64 << 20, streams: [{ count: 1, rounds: 1 }] },
  tls: { handshakes: 300, warmUp: 500, seconds: 1, bytes: 64 << 20 },
  streams: 1_000,
  latency: 300,
  growth: { routes: [1, 10_000], requests: 3_000 },
  open: { counts: [1, 1_000], requests: 3_000 },
  startUp: 1,
};

/** What was asked for on the command line. */
export interface Options {
  readonly quick: boolean;
  readonly only: readonly WorkloadName[];
  readonly amounts: Amounts;
  /** The command that does this again. */
  readonly command: string;
}

export const USAGE = `usage: deno task bench [--quick] [--only ${WORKLOADS.join(",")}]`;

/**
 * Reads the command line.
 *
 * @returns the options, or a sentence that says what is wrong
 */
export function readOptions(args: readonly string[]): Options | string {
  let quick = false;
  let only: readonly WorkloadName[] | undefined;
  for (let index = 0; index < args.length; index++) {
    const argument = args[index]!;
    if (argument === "--quick") {
      quick = true;
      continue;
    }
    const value = argument === "--only" ? args[++index] : /^--only=(.*)$/.exec(argument)?.[1];
    if (value === undefined) return `Cannot understand the argument "${argument}"`;
    const names = value.split(",");
    const unknown = names.find((name) => !(WORKLOADS as readonly string[]).includes(name));
    if (unknown !== undefined) return `Cannot find the workload "${unknown}": write ${WORKLOADS.join(", ")}`;
    only = WORKLOADS.filter((name) => names.includes(name));
  }
  const command = ["deno task bench", ...args].join(" ");
  only ??= quick ? WORKLOADS.filter((name) => !NOT_QUICK.has(name)) : WORKLOADS;
  return { quick, only, amounts: quick ? QUICK : FULL, command };
}
