/** Small answers and larger ones, uploads, kept connections and new ones: what relays and servers of files are asked. */

import type { Contender } from "./contenders.ts";
import { duration, precise, whole } from "./formats.ts";
import { ab, wrk } from "./load.ts";
import { type Metric, type Variation, withCpu } from "./measure.ts";
import type { Amounts } from "./options.ts";
import { AROUND, requestsTake } from "./pace.ts";
import type { Stage } from "./stage.ts";

const GIB = 2 ** 30;
const KIB = 1_024;

/** Bytes of the answers. */
export const SMALL = KIB;
export const LARGE = 64 * KIB;

/** What is asked, and how. */
export interface Question {
  /** Bytes of each answer: the path of it is this number. */
  readonly answer: number;
  /** Bytes of content that each request has. */
  readonly upload?: number;
  /** Whether connections are kept; a connection each otherwise. */
  readonly kept: boolean;
  readonly clients: number;
}

/** Bytes, as people say them. */
function spoken(bytes: number): string {
  return bytes < KIB * KIB ? `${bytes / KIB} KiB` : `${bytes / KIB / KIB} MiB`;
}

/** A question's name, for results and goals. */
export function nameOf({ answer, upload, kept, clients }: Question): string {
  const what = upload === undefined ? spoken(answer) : `upload of ${spoken(upload)}`;
  return `${what}, ${kept ? "kept" : "a connection each"}, ${clients} ${
    clients === 1 ? "client" : "clients"
  }`;
}

/** What is asked of everybody: answers of both sizes by so many clients, those by the first number of them in each way. */
export function questionsFor({ answers: { clients } }: Amounts): Question[] {
  const [usual = 64, ...others] = clients;
  return [
    { answer: SMALL, kept: true, clients: usual },
    ...others.map((clients) => ({ answer: SMALL, kept: true, clients })),
    { answer: SMALL, kept: false, clients: usual },
    ...others.map((clients) => ({ answer: SMALL, kept: false, clients })),
    { answer: LARGE, kept: true, clients: usual },
    { answer: LARGE, kept: false, clients: usual },
  ];
}

/** Uploads, which are read and answered with a few bytes. */
export function uploadsFor({ answers: { clients: [usual = 64] } }: Amounts): Question[] {
  return [SMALL, KIB * KIB].map((upload) => ({ answer: 2, upload, kept: true, clients: usual }));
}

/** The figures of an answer. */
export const METRICS: readonly Metric[] = [
  { key: "perSecond", label: "requests/s", format: whole },
  { key: "rate", label: "GiB/s", format: precise },
  { key: "p50", label: "p50", format: duration },
  { key: "p99", label: "p99", format: duration },
  { key: "front", label: "front CPU µs/request", format: precise },
  { key: "all", label: "all CPU µs/request", format: precise },
  { key: "failed", label: "failed", format: whole, sum: true },
];

/** A question as something that is measured. */
export function variationOf(stage: Stage, question: Question): Variation {
  return { name: nameOf(question), measure: (contender) => ask(stage, contender, question) };
}

/** Seconds that a question takes. */
export function questionTakes({ answers: { seconds, requests } }: Amounts, question: Question): number {
  return question.kept ? seconds + AROUND : requestsTake(requests, question.clients);
}

async function ask(stage: Stage, contender: Contender, question: Question): Promise<Record<string, number>> {
  const { answer, upload = 0, kept, clients } = question;
  const { seconds, requests } = stage.amounts.answers;
  const asked = { ...contender, path: `/${answer}` };
  const load = () =>
    kept
      ? wrk(stage, asked, seconds, { clients, upload })
      : ab(stage, asked, { clients, requests: clients === 1 ? Math.ceil(requests / 4) : requests });
  const { result, front, all } = await withCpu(contender, load);
  const share = contender.front.length === 0 ? {} : { front: front / result.requests };
  return {
    perSecond: result.perSecond,
    rate: result.perSecond * Math.max(answer, upload) / GIB,
    p50: result.p50,
    p99: result.p99,
    ...share,
    all: all / result.requests,
    failed: result.failed,
  };
}
