/** Requests that go on to another HTTP server: what relaying costs. */

import { enter, type Entry, fdpassRelay, origin, takesPart } from "../contenders.ts";
import { inTurn, type Outcome, rehearse, warmUp, type Workload } from "../measure.ts";
import type { Amounts } from "../options.ts";
import { roundsTake } from "../pace.ts";
import { apacheProxy, haproxy, nginxProxy } from "../peers.ts";
import { METRICS, questionsFor, questionTakes, SMALL, uploadsFor, variationOf } from "../questions.ts";
import { wrk } from "../load.ts";
import type { Stage } from "../stage.ts";

const PATH = `/${SMALL}`;

const asked = (amounts: Amounts) => [...questionsFor(amounts), ...uploadsFor(amounts)];

/** Those who relay, in front of one server in C. */
export async function relays(stage: Stage): Promise<Entry[]> {
  const alone = await enter(stage, "origin", "C server alone", SMALL, () => origin(stage, PATH));
  if (!takesPart(alone)) return [alone];
  const server = alone.behind[0]!;
  const { port } = alone;
  const clients = Math.max(...stage.amounts.answers.clients);
  const options = { path: PATH, clients };
  return [
    await enter(stage, "fdpass", "fdpass", SMALL, () => fdpassRelay(stage, server, port, PATH)),
    await enter(stage, "nginx", "nginx", SMALL, () => nginxProxy(stage, server, port, { path: PATH })),
    await enter(stage, "haproxy", "haproxy", SMALL, () => haproxy(stage, server, port, { path: PATH })),
    await enter(stage, "apache-http", "Apache", SMALL, () => apacheProxy(stage, server, port, options)),
    alone,
  ];
}

async function run(stage: Stage): Promise<Outcome> {
  stage.programs.path("wrk");
  const entries = await relays(stage);
  await warmUp(stage, entries);
  // Kept connections take other ways through a relay than those that are closed; so does content.
  const { seconds } = stage.amounts.answers;
  for (const upload of [0, 1_024]) {
    await rehearse(stage, entries, (entry) => wrk(stage, entry, seconds, { upload }));
  }
  return await inTurn(stage, entries, asked(stage.amounts).map((question) => variationOf(stage, question)));
}

/** The price of what `ProxyPass / http://...` does. */
export const relay: Workload = {
  name: "relay",
  title: "Relay",
  about:
    "An HTTP server in C behind a relay, by connections that the relay keeps. wrk with one thread where connections of " +
    "clients are kept, ab where each request has its own. The front's CPU is that of everything between client and " +
    "server: of fdpass, the front and the relay.",
  metrics: METRICS,
  estimate: (amounts) => {
    const round = asked(amounts).reduce((sum, question) => sum + questionTakes(amounts, question), 0);
    return roundsTake(amounts, 5, round) + 5 * 2 * amounts.rehearsals * amounts.answers.seconds;
  },
  run,
};
