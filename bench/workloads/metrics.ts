/** What figures cost: the same front and backend with nobody who looks at them, and scraped ten times a second. */

import { app, enter, type Entry, startBackend, startFront } from "../contenders.ts";
import { duration, precise, whole } from "../formats.ts";
import { HELLO } from "../line_up.ts";
import { ab, keepAliveLoad } from "../load.ts";
import { inTurn, type Outcome, rehearse, warmUp, withCpu, type Workload } from "../measure.ts";
import { AROUND, requestsTake, roundsTake } from "../pace.ts";
import { freePort, pause } from "../processes.ts";
import type { Stage } from "../stage.ts";

/** Who comes twice says what the machine alone makes of two that are the same. */
const CONTENDERS = [
  { id: "none", title: "no admin address" },
  { id: "none-again", title: "no admin address, again" },
  { id: "scraped", title: "scraped every 100 ms", scraped: true },
] as const;

/** A checkout that is measured as well: one from before there were counters says what they cost. */
const BEFORE = Deno.env.get("FDPASS_BEFORE");

/** Milliseconds between two scrapes. */
const PAUSE = 100;
/** Seconds of scraping a front that does nothing else. */
const AT_REST = 2;
/** Scrapes before anything is measured: a front that is scraped for hours has its code warm. */
const WARM_SCRAPES = 2_000;
/** Into so many a round is cut, so that what changes on the machine meets all of them within seconds. */
const FINER = 4;
/** Sites with a route each, in whose names series are counted. */
const SITES = 10;

async function scrapeOnce(port: number): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  const text = await response.text();
  if (!text.includes("fdpass_requests_total")) throw new Error(`no figures: ${text.slice(0, 200)}`);
}

/** Asks for figures again and again, on a connection that stays, until it is told to end. */
async function scrape(port: number, ends: AbortSignal): Promise<void> {
  for (let next = performance.now(); !ends.aborted; next += PAUSE) {
    await scrapeOnce(port);
    await pause(Math.max(0, next + PAUSE - performance.now()));
  }
}

/** Does something while figures are asked for at a port, if there is one. */
async function whileScraped<T>(port: number | undefined, work: () => Promise<T>): Promise<T> {
  const ends = new AbortController();
  const scrapes = port === undefined ? undefined : scrape(port, ends.signal);
  try {
    return await work();
  } finally {
    ends.abort();
    await scrapes;
  }
}

async function run(stage: Stage): Promise<Outcome> {
  const admins = new Map<string, number>();
  const entries: Entry[] = [];
  const others = BEFORE === undefined
    ? []
    : [{ id: "before", title: "the checkout of FDPASS_BEFORE", program: `${BEFORE}/cli.ts` }];
  for (const { id, title, ...how } of [...others, ...CONTENDERS]) {
    const { scraped, program } = { scraped: false, program: undefined, ...how };
    const build = async () => {
      const backend = await startBackend(stage, { fetch: app("hello.ts") }, [], program);
      const admin = freePort();
      if (scraped) admins.set(id, admin);
      const { service, port } = await startFront(stage, backend.socket, {
        program,
        sites: (
          to,
        ) => [{ to }, ...Array.from({ length: SITES - 1 }, (_, n) => ({ names: `n${n}.test`, to }))],
        more: scraped ? { admin: `127.0.0.1:${admin}` } : {},
      });
      return { port, front: [service], behind: [backend.service] };
    };
    entries.push(await enter(stage, id, title, HELLO, build));
  }
  await warmUp(stage, entries);
  await rehearse(stage, entries, (entry) => keepAliveLoad(stage, entry));
  for (const port of admins.values()) {
    for (let count = 0; count < WARM_SCRAPES; count++) await scrapeOnce(port);
  }
  const { requests, clients } = stage.amounts.connections[0]!;
  const load = { clients, requests: Math.ceil(requests / FINER) };
  const rounds = FINER * stage.amounts.rounds;
  return await inTurn(stage, entries, [
    {
      name: "a connection per request",
      rounds,
      measure: async (contender) => {
        const { result, front, all } = await withCpu(
          contender,
          () => whileScraped(admins.get(contender.id), () => ab(stage, contender, load)),
        );
        const { requests, perSecond, p99, failed } = result;
        return { perSecond, p99, front: front / requests, all: all / requests, failed };
      },
    },
    {
      name: "kept connections",
      rounds,
      measure: async (contender) => {
        const { result, front, all } = await withCpu(
          contender,
          () =>
            whileScraped(
              admins.get(contender.id),
              () => keepAliveLoad(stage, contender, Math.ceil(stage.amounts.keepAlive.seconds / FINER)),
            ),
        );
        const { requests, perSecond, p99, failed } = result;
        return { perSecond, p99, front: front / requests, all: all / requests, failed };
      },
    },
    {
      name: "at rest",
      rounds: 2 * stage.amounts.rounds,
      measure: async (contender) => {
        const { front } = await withCpu(
          contender,
          () => whileScraped(admins.get(contender.id), () => pause(AT_REST * 1_000)),
        );
        return { core: front / AT_REST / 10_000 };
      },
    },
  ]);
}

/** The price of figures. */
export const metrics: Workload = {
  name: "metrics",
  title: "Figures",
  about:
    "One fdpass front with ten sites, and one fetch backend; with an admin address that is scraped every 100 ms on a " +
    "kept connection, or without: ab with 64 clients and a connection per request, wrk with one thread on 64 kept " +
    "connections (ab -k where it is not installed), and no load at all.",
  metrics: [
    { key: "perSecond", label: "requests/s", format: whole },
    { key: "p99", label: "p99", format: duration },
    { key: "front", label: "front CPU µs/request", format: precise },
    { key: "all", label: "all CPU µs/request", format: precise },
    { key: "core", label: "front, % of a core", format: precise },
    { key: "failed", label: "failed", format: whole, sum: true },
  ],
  estimate: ({ rounds, warmUp, connections, keepAlive: { seconds } }) => {
    const { requests, clients } = connections[0]!;
    const each = requestsTake(requests, clients) + seconds + FINER * 2 * AROUND + 2 * (AT_REST + AROUND);
    return roundsTake({ rounds, warmUp }, CONTENDERS.length, each);
  },
  run,
};
