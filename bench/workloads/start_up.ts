/** From a command to serving, and what it occupies when there is nothing to do. */

import { fileURLToPath } from "node:url";
import { app, denoServe, startBackend, startFront } from "../contenders.ts";
import { readMemory } from "../cpu.ts";
import { duration, mebibytes } from "../formats.ts";
import type { Outcome, Sample, Workload } from "../measure.ts";
import { START } from "../pace.ts";
import { apacheFdpass, apacheProxy, haproxy, nginxProxy } from "../peers.ts";
import { pause, type Service } from "../processes.ts";
import { NotInstalled } from "../programs.ts";
import type { Stage } from "../stage.ts";

/** Milliseconds of rest before memory is read. */
const REST = 500;
const VARIATION = "to ready, and at rest";

interface Starter {
  readonly id: string;
  readonly title: string;
  /** Starts it; the first is the one that is looked at. */
  readonly start: () => Promise<Service>;
}

/** The compiled binary: the one that the environment names, or what `deno task compile` has made. */
function findBinary(): string {
  const path = Deno.env.get("FDPASS_BINARY") ?? fileURLToPath(import.meta.resolve("../../fdpass"));
  try {
    if (Deno.statSync(path).isFile) return path;
  } catch {
    // It has not been made.
  }
  throw new NotInstalled("the binary", "`deno task compile` has not been run");
}

function starters(stage: Stage): Starter[] {
  const fetch = { fetch: app("hello.ts") };
  const behind = async () => {
    const { behind, port } = await denoServe(stage);
    return [behind[0]!, port] as const;
  };
  const front = async (binary?: string) => {
    const { socket } = await startBackend(stage, fetch);
    return (await startFront(stage, socket, binary === undefined ? {} : { binary })).service;
  };
  return [
    {
      id: "front",
      title: "fdpass front, deno run",
      start: () => front(),
    },
    {
      id: "front-binary",
      title: "fdpass front, binary",
      start: () => front(findBinary()),
    },
    {
      id: "backend",
      title: "fdpass fetch backend, deno run",
      start: async () => (await startBackend(stage, fetch)).service,
    },
    { id: "deno", title: "Deno.serve", start: async () => (await denoServe(stage)).behind[0]! },
    {
      id: "nginx",
      title: "nginx",
      start: async () => (await nginxProxy(stage, ...await behind())).front[0]!,
    },
    {
      id: "haproxy",
      title: "haproxy",
      start: async () => (await haproxy(stage, ...await behind())).front[0]!,
    },
    {
      id: "apache-http",
      title: "Apache mod_proxy_http",
      start: async () => (await apacheProxy(stage, ...await behind())).front[0]!,
    },
    {
      id: "apache-fdpass",
      title: "Apache mod_proxy_fdpass",
      start: async () => (await apacheFdpass(stage)).front[0]!,
    },
  ];
}

async function run(stage: Stage): Promise<Outcome> {
  const samples: Sample[] = [];
  const absent = new Map<string, string>();
  const all = starters(stage);
  for (let round = 0; round < stage.amounts.startUp; round++) {
    for (const { id, start } of all) {
      if (absent.has(id)) continue;
      try {
        const service = await start();
        await pause(REST);
        const { resident, proportional } = readMemory([service.pid]);
        const values = { ready: service.readyAfter * 1_000, resident, proportional };
        samples.push({ variation: VARIATION, contender: id, round, values });
      } catch (error) {
        if (!(error instanceof NotInstalled)) throw error;
        absent.set(id, error.message);
      }
      await stage.processes.stopRunning();
    }
    stage.say(`  round ${round + 1} of ${stage.amounts.startUp}`);
  }
  const entries = all.map(({ id, title }) => {
    const why = absent.get(id);
    return why === undefined ? { id, title } : { id, title, why };
  });
  return { entries, variations: [VARIATION], samples, problems: [] };
}

/** Workload (g). */
export const startUp: Workload = {
  name: "start-up",
  title: "Start-up and memory",
  about:
    "From the start of the process until it says that it is ready, or can be connected to. Memory of all its " +
    "processes half a second later, before any request: resident, and with shared pages counted once.",
  metrics: [
    { key: "ready", label: "ready after", format: duration },
    { key: "resident", label: "resident", format: mebibytes },
    { key: "proportional", label: "its share", format: mebibytes },
  ],
  // Each with what it needs behind it, and stopped again.
  estimate: ({ startUp }) => startUp * 8 * (2 * START + REST / 1_000),
  run,
};
