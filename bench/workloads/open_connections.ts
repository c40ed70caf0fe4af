/** Many open connections: what handing over another one costs when there are thousands already. */

import { type Contender, enter, type Entry, fdpassToFloor, floor, takesPart } from "../contenders.ts";
import { countDescriptors } from "../cpu.ts";
import { precise, whole } from "../formats.ts";
import { ab, hold, SILENT } from "../load.ts";
import { HELLO } from "../line_up.ts";
import { inTurn, type Outcome, warmUp, withCpu, type Workload } from "../measure.ts";
import { openingTakes, requestsTake, roundsTake } from "../pace.ts";
import { pause } from "../processes.ts";
import type { Stage } from "../stage.ts";

/** The path on which the backend in C keeps a connection open. */
const OPEN = "/open";
/** Silent connections are to stay as long as everything takes. */
const PATIENT = { more: { headTimeout: "60m" } };

/** Somebody, and the connections that are open there meanwhile. */
interface Crowded {
  readonly id: string;
  readonly title: string;
  readonly count: number;
  /** What the connections ask for; silent ones have not asked yet and are still the front's. */
  readonly path: string;
  readonly build: Parameters<typeof enter>[4];
}

function crowds(stage: Stage): Crowded[] {
  const { counts } = stage.amounts.open;
  const most = Math.max(...counts);
  const ours = () => fdpassToFloor(stage, PATIENT);
  const theirs = () => floor(stage);
  const title = (count: number, where: string) => `${whole(count)} open ${where}`;
  return [
    ...counts.map((count) => ({
      id: `backend-${count}`,
      title: title(count, "at the backend"),
      count,
      path: OPEN,
      build: ours,
    })),
    {
      id: `front-${most}`,
      title: title(most, "at the front, silent"),
      count: most,
      path: SILENT,
      build: ours,
    },
    { id: "floor-1", title: "C floor, 1 open at the backend", count: 1, path: OPEN, build: theirs },
    {
      id: `floor-${most}`,
      title: `C floor, ${title(most, "at the front, silent")}`,
      count: most,
      path: SILENT,
      build: theirs,
    },
  ];
}

/** Waits until the front has accepted connections that say nothing; others have been answered. */
async function accepted(contender: Contender, count: number): Promise<void> {
  const front = contender.front.map(({ pid }) => pid);
  for (let waited = 0; countDescriptors(front) < count; waited += 50) {
    if (waited > 10_000) throw new Error(`${contender.title}: connections are not accepted`);
    await pause(50);
  }
}

async function run(stage: Stage): Promise<Outcome> {
  const { requests } = stage.amounts.open;
  const all = crowds(stage);
  const entries: Entry[] = [];
  for (const { id, title, build } of all) entries.push(await enter(stage, id, title, HELLO, build));
  await warmUp(stage, entries);
  const problems: string[] = [];
  for (const [index, entry] of entries.entries()) {
    if (!takesPart(entry)) continue;
    const { count: wanted, path, title } = all[index]!;
    const count = stage.affordable(wanted, 1);
    if (count < wanted) problems.push(`${title}: only ${whole(count)}, for want of descriptors`);
    const { failed } = await hold(stage, entry, path, count);
    if (failed > 0) problems.push(`${title}: ${failed} of the open connections failed`);
    if (path === SILENT) await accepted(entry, count);
  }
  const outcome = await inTurn(stage, entries, [{
    name: "64 clients",
    measure: async (contender) => {
      const load = { clients: 64, requests };
      const { result, front } = await withCpu(contender, () => ab(stage, contender, load));
      return { perSecond: result.perSecond, front: front / result.requests, failed: result.failed };
    },
  }]);
  return { ...outcome, problems: [...problems, ...outcome.problems] };
}

/** Workload (f), by the connections that are open. */
export const openConnections: Workload = {
  name: "open-connections",
  title: "Growth with open connections",
  about:
    "fdpass → C with ab as in the first workload, while other connections are open: streams that the backend has, or " +
    "clients that have connected and said nothing, which the front still has.",
  metrics: [
    { key: "perSecond", label: "requests/s", format: whole },
    { key: "front", label: "front CPU µs/request", format: precise },
    { key: "failed", label: "failed", format: whole, sum: true },
  ],
  estimate: (amounts) => {
    const { counts, requests } = amounts.open;
    const opened = counts.reduce((sum, count) => sum + count, 2 * Math.max(...counts));
    return roundsTake(amounts, counts.length + 3, requestsTake(requests)) + openingTakes(opened);
  },
  run,
};
