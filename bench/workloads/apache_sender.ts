/** A connection for every request, handed over by Apache's protocol: what a front takes for it. */

import { enter, fdpassAsApache, floorAsApache } from "../contenders.ts";
import { duration, precise, whole } from "../formats.ts";
import { HELLO } from "../line_up.ts";
import { ab } from "../load.ts";
import { inTurn, type Outcome, warmUp, withCpu, type Workload } from "../measure.ts";
import { requestsTake, roundsTake } from "../pace.ts";
import type { Amounts } from "../options.ts";
import type { Stage } from "../stage.ts";

/** As many at a time as everybody is asked by first. */
const loadOf = ({ connections }: Amounts) => connections[0]!;

async function run(stage: Stage): Promise<Outcome> {
  const entries = [
    await enter(stage, "fdpass", "fdpass → C", HELLO, () => fdpassAsApache(stage)),
    await enter(stage, "floor", "C floor → C", HELLO, () => floorAsApache(stage)),
  ];
  await warmUp(stage, entries);
  const load = loadOf(stage.amounts);
  return await inTurn(stage, entries, [{
    name: `${load.clients} clients`,
    measure: async (contender) => {
      const { result, front, all } = await withCpu(contender, () => ab(stage, contender, load));
      const { requests, perSecond, p50, p99, failed } = result;
      return { perSecond, p50, p99, front: front / requests, all: all / requests, failed };
    },
  }]);
}

/** The front as sender of Apache's protocol. */
export const apacheSender: Workload = {
  name: "apache-sender",
  title: "Handed over as Apache does",
  about:
    "ab, six bytes of answer, no keep-alive. The receiver in C gets each connection by Apache's protocol, its request " +
    "unread (flusher none): from the front, and from one in C that makes the same system calls.",
  metrics: [
    { key: "perSecond", label: "requests/s", format: whole },
    { key: "p50", label: "p50", format: duration },
    { key: "p99", label: "p99", format: duration },
    { key: "front", label: "front CPU µs/request", format: precise },
    { key: "all", label: "all CPU µs/request", format: precise },
    { key: "failed", label: "failed", format: whole, sum: true },
  ],
  estimate: (amounts) => {
    const { requests, clients } = loadOf(amounts);
    return roundsTake(amounts, 2, requestsTake(requests, clients));
  },
  run,
};
