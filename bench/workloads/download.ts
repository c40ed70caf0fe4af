/** A large file: what each of its bytes costs those between the disk and the client. */

import { enter, type Entry, fdpass, takesPart } from "../contenders.ts";
import { duration, precise, whole } from "../formats.ts";
import { download as downloadLoad } from "../load.ts";
import { inTurn, type Outcome, warmUp, withCpu, type Workload } from "../measure.ts";
import { bytesTake, roundsTake } from "../pace.ts";
import { haproxy, nginxProxy, nginxStatic } from "../peers.ts";
import type { Stage } from "../stage.ts";

const GIB = 2 ** 30;
export const PATH = "/large.bin";
/** What is asked for before anything is measured: a front that has just started has its code still to compile. */
const SMALL = "/small.bin";

/** A file without blocks on the disk: what is read of it is memory that the kernel keeps, as of any file in use. */
export async function makeFile(stage: Stage, bytes: number): Promise<string> {
  const directory = stage.room("files");
  const path = directory + PATH;
  Deno.writeFileSync(path, new Uint8Array(0), { mode: 0o644 });
  Deno.truncateSync(path, bytes);
  Deno.writeFileSync(directory + SMALL, new Uint8Array(6), { mode: 0o644 });
  using file = await Deno.open(path);
  const buffer = new Uint8Array(1 << 20);
  while (await file.read(buffer) !== null);
  return directory;
}

async function enterAll(stage: Stage): Promise<Entry[]> {
  const { bytes } = stage.amounts.download;
  const files = await makeFile(stage, bytes);
  const entries = [
    await enter(stage, "fdpass", "fdpass → static", bytes, () => fdpass(stage, { static: files }, PATH)),
  ];
  const direct = await enter(
    stage,
    "nginx-alone",
    "nginx alone",
    bytes,
    () => nginxStatic(stage, files, PATH),
  );
  if (!takesPart(direct)) {
    const { why } = direct;
    return [
      ...entries,
      { id: "nginx", title: "nginx → nginx", why },
      { id: "haproxy", title: "haproxy → nginx", why },
      direct,
    ];
  }
  const server = direct.behind[0]!;
  const { port } = direct;
  return [
    ...entries,
    await enter(
      stage,
      "nginx",
      "nginx → nginx",
      bytes,
      () => nginxProxy(stage, server, port, { path: PATH }),
    ),
    await enter(
      stage,
      "haproxy",
      "haproxy → nginx",
      bytes,
      () => haproxy(stage, server, port, { path: PATH }),
    ),
    direct,
  ];
}

async function run(stage: Stage): Promise<Outcome> {
  stage.programs.floor("client");
  const entries = await enterAll(stage);
  const { bytes, streams } = stage.amounts.download;
  await warmUp(stage, entries, SMALL);
  return await inTurn(
    stage,
    entries,
    streams.map(({ count, rounds }) => ({
      name: `${count} at a time`,
      rounds,
      measure: async (contender) => {
        const { result, front, all } = await withCpu(contender, () => downloadLoad(stage, contender, count));
        const share = contender.front.length === 0 ? {} : { frontPerGiB: front / (result.bytes / GIB) };
        return {
          perSecond: result.bytes / result.seconds / GIB,
          ...share,
          allPerGiB: all / (result.bytes / GIB),
          failed: result.failed + (result.bytes < count * bytes ? 1 : 0),
        };
      },
    })),
  );
}

/** Workload (c). */
export const download: Workload = {
  name: "download",
  title: "Download",
  about:
    "A file that is in memory, read and thrown away by a small client. nginx serves it behind the proxies.",
  metrics: [
    { key: "perSecond", label: "GiB/s", format: precise },
    { key: "frontPerGiB", label: "front CPU/GiB", format: duration },
    { key: "allPerGiB", label: "all CPU/GiB", format: duration },
    { key: "failed", label: "failed", format: whole, sum: true },
  ],
  estimate: ({ warmUp, download: { bytes, streams } }) =>
    streams.reduce(
      (sum, { count, rounds }) => sum + roundsTake({ rounds, warmUp: 0 }, 4, bytesTake(count * bytes)),
      roundsTake({ rounds: 0, warmUp }, 4, 0),
    ),
  run,
};
