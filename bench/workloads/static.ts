/** Files, small ones above all: what serving them costs. */

import { denoServe, enter, type Entry, fdpass } from "../contenders.ts";
import { wrk } from "../load.ts";
import { inTurn, type Outcome, rehearse, warmUp, type Workload } from "../measure.ts";
import { roundsTake } from "../pace.ts";
import { nginxStatic } from "../peers.ts";
import { LARGE, METRICS, questionsFor, questionTakes, SMALL, variationOf } from "../questions.ts";
import type { Stage } from "../stage.ts";

const PATH = `/${SMALL}`;

/** A directory with a file of each size, which is its name. */
export function makeFiles(stage: Stage): string {
  const directory = stage.room("files");
  for (const size of [SMALL, LARGE]) {
    Deno.writeFileSync(`${directory}/${size}`, new Uint8Array(size).fill(0x78), { mode: 0o644 });
  }
  return directory;
}

/** Those who serve files. */
export async function servers(stage: Stage): Promise<Entry[]> {
  const files = makeFiles(stage);
  const deno = async () => ({ ...await denoServe(stage, "serve_files.ts", undefined, files), path: PATH });
  return [
    await enter(stage, "fdpass", "fdpass", SMALL, () => fdpass(stage, { static: files }, PATH)),
    await enter(stage, "nginx", "nginx", SMALL, () => nginxStatic(stage, files, PATH)),
    await enter(stage, "deno", "Deno.serve with Deno.open", SMALL, deno),
  ];
}

async function run(stage: Stage): Promise<Outcome> {
  stage.programs.path("wrk");
  const entries = await servers(stage);
  await warmUp(stage, entries);
  // Kept connections take other ways through a server than those that are closed.
  await rehearse(stage, entries, (entry) => wrk(stage, entry, stage.amounts.answers.seconds));
  const questions = questionsFor(stage.amounts);
  return await inTurn(stage, entries, questions.map((question) => variationOf(stage, question)));
}

/** The price of a file. */
export const files: Workload = {
  name: "static",
  title: "Files",
  about:
    "Files in the page cache, served by fdpass (front and static backend), by nginx that keeps them open, and by a few " +
    "lines around Deno.serve. wrk with one thread where connections are kept, ab where each request has its own.",
  metrics: METRICS,
  estimate: (amounts) => {
    const round = questionsFor(amounts).reduce((sum, question) => sum + questionTakes(amounts, question), 0);
    return roundsTake(amounts, 3, round) + 3 * amounts.rehearsals * amounts.answers.seconds;
  },
  run,
};
