/** Clients that keep their connections and ask for what belongs to different backends. */

import { app, type Contender, enter, type Entry, startBackend, startFront } from "../contenders.ts";
import { duration, precise, whole } from "../formats.ts";
import { HELLO } from "../line_up.ts";
import { type Switching, switching as load } from "../load.ts";
import { inTurn, type Outcome, rehearse, warmUp, withCpu, type Workload } from "../measure.ts";
import { AROUND, roundsTake } from "../pace.ts";
import type { Stage } from "../stage.ts";

const SITE_A = { host: "a.bench.localhost", path: "/" };
const SITE_B = { host: "b.bench.localhost", path: "/" };
const ROUTE_A = { host: "routes.bench.localhost", path: "/a/" };
const ROUTE_B = { host: "routes.bench.localhost", path: "/b/" };

/** How a client asks; everybody asks the same front. */
interface Manner extends Pick<Switching, "keep" | "targets"> {
  readonly id: string;
  readonly title: string;
}

const MANNERS: readonly Manner[] = [
  { id: "stay", title: "always the same site", keep: true, targets: [SITE_A] },
  { id: "sites", title: "another site each time", keep: true, targets: [SITE_A, SITE_B] },
  { id: "stay-route", title: "always the same of two routes", keep: true, targets: [ROUTE_A] },
  { id: "routes", title: "another route each time", keep: true, targets: [ROUTE_A, ROUTE_B] },
  { id: "close", title: "a new connection each time", keep: false, targets: [SITE_A, SITE_B] },
];

/** A front with two sites of one route each and one with two routes, and the two fetch backends that they share. */
async function enterAll(stage: Stage): Promise<Entry[]> {
  const handler = { fetch: app("hello.ts") };
  const [a, b] = [await startBackend(stage, handler), await startBackend(stage, handler)];
  const to = (socket: string) => `fd://${socket}`;
  const sites = () => [
    { names: [SITE_A.host], to: to(a.socket) },
    { names: [SITE_B.host], to: to(b.socket) },
    {
      names: [ROUTE_A.host],
      routes: [{ path: ROUTE_A.path, to: to(a.socket) }, { path: ROUTE_B.path, to: to(b.socket) }],
    },
  ];
  const front = await startFront(stage, a.socket, { sites });
  const entries: Entry[] = [];
  for (const { id, title } of MANNERS) {
    const build = () =>
      Promise.resolve({ port: front.port, front: [front.service], behind: [a.service, b.service] });
    entries.push(await enter(stage, id, title, HELLO, build));
  }
  return entries;
}

/** One measurement, or a rehearsal of it. */
async function ask(stage: Stage, contender: Contender, clients: number): ReturnType<typeof load> {
  const { seconds } = stage.amounts.switching;
  const { keep, targets } = MANNERS.find(({ id }) => id === contender.id)!;
  return await load(stage, contender, { clients, seconds, keep, targets });
}

async function run(stage: Stage): Promise<Outcome> {
  stage.programs.floor("switch");
  const entries = await enterAll(stage);
  const { clients } = stage.amounts.switching;
  // They share their processes, so one of them warms up all.
  await warmUp(stage, entries.slice(0, 1));
  await rehearse(stage, entries, (entry) => ask(stage, entry, clients[0]!));
  return await inTurn(
    stage,
    entries,
    clients.map((count) => ({
      name: count === 1 ? "1 client" : `${count} clients`,
      measure: async (contender) => {
        const { result, front, all } = await withCpu(contender, () => ask(stage, contender, count));
        const { cpu, requests, connections, failed, seconds, times } = result;
        return {
          perSecond: requests / seconds,
          p50: times.p50,
          p99: times.p99,
          perRequest: connections / requests,
          front: front / requests,
          backends: (all - front) / requests,
          // Half of the price of a connection is paid by who opens it.
          all: (all + cpu) / requests,
          failed,
        };
      },
    })),
  );
}

/** What it costs that a connection's next request is another backend's. */
export const switching: Workload = {
  name: "switching",
  title: "Switching",
  about:
    "One fdpass front with two fetch backends, asked by a small client that keeps its connections for as long as it may. " +
    "When the next request is another backend's, because it is for another site or another route, the connection goes " +
    "back to the front and on from there. Connections/request says where it could not be kept.",
  metrics: [
    { key: "perSecond", label: "requests/s", format: whole },
    { key: "p50", label: "p50", format: duration },
    { key: "p99", label: "p99", format: duration },
    { key: "perRequest", label: "connections/request", format: precise },
    { key: "front", label: "front CPU µs/request", format: precise },
    { key: "backends", label: "backends' CPU µs/request", format: precise },
    { key: "all", label: "all CPU µs/request, the client's too", format: precise },
    { key: "failed", label: "failed", format: whole, sum: true },
  ],
  estimate: ({ rounds, warmUp, switching: { seconds, clients } }) =>
    roundsTake({ rounds: 0, warmUp }, 1, 0) +
    roundsTake({ rounds: rounds * clients.length + 1, warmUp: 0 }, MANNERS.length, seconds + AROUND),
  run,
};
