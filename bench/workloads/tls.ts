/** Clients that speak TLS: what a handshake costs, a request on a kept connection, and a byte of a large file. */

import { type Certificate, makeCertificate } from "../certificate.ts";
import {
  app,
  type Built,
  type Contender,
  denoServe,
  enter,
  type Entry,
  fdpass,
  takesPart,
} from "../contenders.ts";
import { duration, precise, whole } from "../formats.ts";
import { HELLO } from "../line_up.ts";
import { handshakes, keepAliveLoad, secureDownload } from "../load.ts";
import { inTurn, type Outcome, rehearse, type Variation, withCpu, type Workload } from "../measure.ts";
import { AROUND, bytesTake, roundsTake } from "../pace.ts";
import { haproxy, nginxProxy, nginxStatic } from "../peers.ts";
import type { Stage } from "../stage.ts";
import { makeFile, PATH } from "./download.ts";

const GIB = 2 ** 30;
const CLIENTS = 32;
/** Handshakes a second, roughly, of a slow machine. */
const PACE = 1_200;

/** Who differs from another one in routes alone, which no handshake looks at. */
const ROUTED = "fdpass-routes";

/** Another backend's, so that every request is looked at for where it belongs. */
const ROUTES = (to: string) => [{ routes: [{ path: "/other/", to: `${to}.other` }, { path: "/", to }] }];

/** Those who answer with a few bytes: the proxies in front of one server, which has no certificate. */
async function enterSmall(stage: Stage, certificate: Certificate): Promise<Entry[]> {
  const plain = await denoServe(stage);
  const server = plain.behind[0]!, { port } = plain;
  const handler = { fetch: app("hello.ts") };
  const build: readonly (readonly [id: string, title: string, build: () => Promise<Built>])[] = [
    ["fdpass", "fdpass", () => fdpass(stage, handler, "/", { certificate })],
    [
      ROUTED,
      "fdpass, several routes",
      () => fdpass(stage, handler, "/", { certificate, sites: ROUTES }),
    ],
    ["nginx", "nginx", () => nginxProxy(stage, server, port, { certificate })],
    ["haproxy", "haproxy", () => haproxy(stage, server, port, { certificate })],
    ["deno", "Deno.serve alone", () => denoServe(stage, "serve_tls.ts", certificate)],
  ];
  const entries: Entry[] = [];
  for (const [id, title, one] of build) entries.push(await enter(stage, id, title, HELLO, one));
  return entries;
}

/** Those who answer with a large file: the proxies in front of nginx. */
async function enterLarge(stage: Stage, certificate: Certificate): Promise<Entry[]> {
  const { bytes } = stage.amounts.tls;
  const files = await makeFile(stage, bytes);
  const behind = await nginxStatic(stage, files, PATH);
  const server = behind.behind[0]!, { port } = behind;
  const options = { path: PATH, certificate };
  return [
    await enter(stage, "fdpass", "fdpass", bytes, () => fdpass(stage, { static: files }, PATH, options)),
    await enter(stage, "nginx", "nginx", bytes, () => nginxProxy(stage, server, port, options)),
    await enter(stage, "haproxy", "haproxy", bytes, () => haproxy(stage, server, port, options)),
  ];
}

/** The share of what stands in front, where anything does. */
function frontShare({ front }: Contender, name: string, amount: number): Record<string, number> {
  return front.length === 0 ? {} : { [name]: amount };
}

async function shakeHands(stage: Stage, contender: Contender, resumed: boolean, asks: boolean) {
  const count = stage.amounts.tls.handshakes;
  const load = { clients: CLIENTS, count, resumed, asks };
  const { result, front, all } = await withCpu(contender, () => handshakes(stage, contender, load));
  const unlike = resumed ? count - result.resumed : result.resumed;
  return {
    perSecond: count / result.seconds,
    ...frontShare(contender, "front", front / count),
    all: all / count,
    failed: result.failed + unlike,
  };
}

function keep(stage: Stage, contender: Contender) {
  return keepAliveLoad(stage, contender, stage.amounts.tls.seconds);
}

const short = (stage: Stage): readonly Variation[] =>
  [false, true].flatMap((asks) =>
    [false, true].map((resumed) => ({
      name: `${resumed ? "resumed" : "full"} handshakes${asks ? ", a request each" : ""}`,
      measure: (contender: Contender) => shakeHands(stage, contender, resumed, asks),
    }))
  );

const kept = (stage: Stage): readonly Variation[] => [
  {
    name: "kept requests",
    measure: async (contender) => {
      const { result, front, all } = await withCpu(contender, () => keep(stage, contender));
      const { requests, perSecond, p50, p99, failed } = result;
      return {
        perSecond,
        p50,
        p99,
        ...frontShare(contender, "front", front / requests),
        all: all / requests,
        failed,
      };
    },
  },
];

const large = (stage: Stage): readonly Variation[] => [{
  name: "download",
  measure: async (contender) => {
    const { result, front, all } = await withCpu(contender, () => secureDownload(stage, contender, 1));
    const { bytes, seconds, failed } = result;
    const amount = bytes / GIB;
    return {
      speed: amount / seconds,
      ...frontShare(contender, "frontPerGiB", front / amount),
      allPerGiB: all / amount,
      failed,
    };
  },
}];

/** How often kept connections are rehearsed. */
const TIMES = 2;

/** JavaScript and the calls it makes get fast when they have run often; everybody has the same. */
async function warmUp(stage: Stage, entries: readonly Entry[]): Promise<void> {
  stage.say("  warming up");
  const load = { clients: CLIENTS, count: stage.amounts.tls.warmUp, resumed: true, asks: true };
  for (const entry of entries) {
    if (!takesPart(entry)) continue;
    await handshakes(stage, entry, load);
  }
  for (let time = 0; time < TIMES; time++) {
    await rehearse(stage, entries, (entry) => keep(stage, entry));
  }
}

async function run(stage: Stage): Promise<Outcome> {
  stage.programs.floor("tls");
  const certificate = await makeCertificate(stage);
  const answering = await enterSmall(stage, certificate);
  await warmUp(stage, answering);
  const brief = await inTurn(stage, answering.filter(({ id }) => id !== ROUTED), short(stage));
  const first = await inTurn(stage, answering, kept(stage));
  // Whoever waits for nothing costs nothing, and what serves files has to be warm as well.
  const serving = await enterLarge(stage, certificate);
  await rehearse(stage, serving, (entry) => secureDownload(stage, entry, 1));
  const second = await inTurn(stage, serving, large(stage));
  const missing = second.entries.filter(({ id, why }) =>
    why !== undefined && first.entries.some((entry) => entry.id === id && entry.why === undefined)
  );
  return {
    entries: first.entries,
    variations: [...brief.variations, ...first.variations, ...second.variations],
    samples: [...brief.samples, ...first.samples, ...second.samples],
    problems: [
      ...brief.problems,
      ...first.problems,
      ...second.problems,
      ...missing.map(({ title, why }) => `${title}, download: ${why}`),
    ],
  };
}

/** Workload (h). */
export const tls: Workload = {
  name: "tls",
  title: "TLS",
  about:
    "A certificate with a key of ECDSA, P-256; TLS 1.3 with X25519 for handshakes and the download, from 32 clients: " +
    "each ends its connection when the ticket has come, or asks for something first; wrk with one thread for requests on kept connections. Behind " +
    "fdpass are a fetch and a static backend, behind the proxies Deno.serve in clear text and nginx.",
  metrics: [
    { key: "perSecond", label: "a second", format: whole },
    { key: "p50", label: "p50", format: duration },
    { key: "p99", label: "p99", format: duration },
    { key: "front", label: "front CPU µs each", format: precise },
    { key: "all", label: "all CPU µs each", format: precise },
    { key: "speed", label: "GiB/s", format: precise },
    { key: "frontPerGiB", label: "front CPU/GiB", format: duration },
    { key: "allPerGiB", label: "all CPU/GiB", format: duration },
    { key: "failed", label: "failed", format: whole, sum: true },
  ],
  estimate: (
    { rounds, rehearsals, tls: { handshakes, warmUp, seconds, bytes } },
  ) =>
    roundsTake({ rounds: rounds + TIMES * rehearsals, warmUp: 0 }, 5, seconds + AROUND) +
    (5 * warmUp + 4 * 4 * rounds * handshakes) / PACE +
    roundsTake({ rounds: rounds + rehearsals, warmUp: 0 }, 3, 2 * bytesTake(bytes)),
  run,
};
