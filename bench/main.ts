/** Measures fdpass beside its peers, in one run. See README.md. */

import { describeMachine } from "./machine.ts";
import type { Outcome, Workload } from "./measure.ts";
import { readOptions, USAGE } from "./options.ts";
import { spoken } from "./pace.ts";
import { NotInstalled } from "./programs.ts";
import { type Section, showEnd, showSection } from "./report.ts";
import { sumUp, writeResults } from "./results.ts";
import { Stage } from "./stage.ts";
import { ALL } from "./workloads/all.ts";

/** A run that takes so many times as long as was estimated has gone wrong, and is ended. */
const FAR_TOO_LONG = 4;
/** Seconds that are on top of what the workloads take: compiling, looking for programs, drawing. */
const AROUND_ALL = 10;

const encoder = new TextEncoder();
const print = (text: string) => void Deno.stdout.writeSync(encoder.encode(`${text}\n`));

/** Runs one workload; without the program that makes its load it is left out, and says so. */
async function runWorkload(stage: Stage, workload: Workload): Promise<Outcome> {
  try {
    return await workload.run(stage);
  } catch (error) {
    if (!(error instanceof NotInstalled)) throw error;
    return { entries: [], variations: [], samples: [], problems: [`${workload.title}: ${error.message}`] };
  } finally {
    await stage.processes.stopRunning();
  }
}

async function main(stage: Stage): Promise<void> {
  const { options } = stage;
  const began = performance.now();
  const workloads = ALL.filter(({ name }) => options.only.includes(name));
  const estimate = workloads.reduce((sum, { estimate }) => sum + estimate(options.amounts), AROUND_ALL);
  stage.say(`This takes about ${spoken(estimate)} on a slow machine with two cores.`);
  const watchdog = setTimeout(() => {
    stage.say("bench: this takes far too long; giving up");
    Deno.kill(Deno.pid, "SIGTERM");
  }, FAR_TOO_LONG * estimate * 1_000);
  Deno.unrefTimer(watchdog);
  await stage.prepare();
  const machine = describeMachine(stage.programs.versions);
  const sections: Section[] = [];
  for (const workload of workloads) {
    const started = performance.now();
    stage.say(`${workload.title}: about ${spoken(workload.estimate(options.amounts))}`);
    const outcome = await runWorkload(stage, workload);
    sections.push({ workload, outcome });
    stage.say(`  took ${spoken((performance.now() - started) / 1_000)}`);
    print(showSection({ workload, outcome }));
    // Whoever ends it early has what was measured until then.
    writeResults(sumUp(options, machine, sections), { ...options, only: [workload.name] });
  }
  const run = sumUp(options, machine, sections);
  print(showEnd(run));
  const directory = writeResults(run, options);
  stage.say(`Results are in ${directory}; this took ${spoken((performance.now() - began) / 1_000)}.`);
}

const options = readOptions(Deno.args);
if (typeof options === "string") {
  await Deno.stderr.write(encoder.encode(`${options}\n${USAGE}\n`));
  Deno.exit(2);
}
const stage = new Stage(options);
for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const) {
  Deno.addSignalListener(signal, async () => {
    await stage.clear(0);
    Deno.exit(code);
  });
}
let code = 0;
try {
  await main(stage);
} catch (error) {
  code = 1;
  const reason = error instanceof Error ? error.message : String(error);
  // The end of the run makes everything in it fail; that is no news.
  if (!stage.processes.ending) stage.say(`bench: ${reason}`);
}
if (stage.processes.ending) await new Promise(() => {}); // the signal's listener ends the process
await stage.clear();
Deno.exit(code);
