/** Large configurations: what finding the route costs when there are many. */

import { enter, type Entry, fdpassToFloor, floor, type Sites } from "../contenders.ts";
import { precise, whole } from "../formats.ts";
import { ab } from "../load.ts";
import { inTurn, type Outcome, warmUp, withCpu, type Workload } from "../measure.ts";
import { requestsTake, roundsTake } from "../pace.ts";
import { HELLO } from "../line_up.ts";
import type { Stage } from "../stage.ts";

/** One site with so many routes, all to the same backend. */
function routes(count: number): Sites {
  return (to) => [{ routes: Array.from({ length: count }, (_, index) => ({ path: `/part-${index}/`, to })) }];
}

/** So many sites, each with a route to the same backend; the one in the middle also answers to ab's Host. */
function sites(count: number): Sites {
  return (to) =>
    Array.from({ length: count }, (_, index) => ({
      names: [`site-${index}.example.com`, ...index === count >> 1 ? ["127.0.0.1"] : []],
      to,
    }));
}

async function enterAll(stage: Stage): Promise<Entry[]> {
  const entries: Entry[] = [];
  const { routes: counts } = stage.amounts.growth;
  for (const count of counts) {
    const path = `/part-${count >> 1}/page`;
    const title = count === 1 ? "1 route" : `${whole(count)} routes`;
    entries.push(
      await enter(
        stage,
        `routes-${count}`,
        title,
        HELLO,
        () => fdpassToFloor(stage, { sites: routes(count) }, path),
      ),
    );
  }
  const many = Math.max(...counts);
  entries.push(
    await enter(
      stage,
      `sites-${many}`,
      `${whole(many)} sites`,
      HELLO,
      () => fdpassToFloor(stage, { sites: sites(many) }),
    ),
    await enter(stage, "floor", "C floor, no routes", HELLO, () => floor(stage)),
  );
  return entries;
}

async function run(stage: Stage): Promise<Outcome> {
  const { growth } = stage.amounts;
  const entries = await enterAll(stage);
  await warmUp(stage, entries);
  return await inTurn(stage, entries, [{
    name: "64 clients",
    measure: async (contender) => {
      const load = { clients: 64, requests: growth.requests };
      const { result, front } = await withCpu(contender, () => ab(stage, contender, load));
      return { perSecond: result.perSecond, front: front / result.requests, failed: result.failed };
    },
  }]);
}

/** Workload (f), by the size of the configuration. */
export const growth: Workload = {
  name: "growth",
  title: "Growth with the configuration",
  about:
    "fdpass → C with ab as in the first workload. The request goes to the route, or the site, in the middle.",
  metrics: [
    { key: "perSecond", label: "requests/s", format: whole },
    { key: "front", label: "front CPU µs/request", format: precise },
    { key: "failed", label: "failed", format: whole, sum: true },
  ],
  estimate: (amounts) =>
    roundsTake(amounts, amounts.growth.routes.length + 2, requestsTake(amounts.growth.requests)),
  run,
};
