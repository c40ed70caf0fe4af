/** Which charts there are, and what is in them. */

import type { Metric, Outcome, Workload } from "../measure.ts";
import type { WorkloadName } from "../options.ts";
import { summarize } from "../statistics.ts";
import { type Bar, drawBars } from "./bars.ts";

/** One chart: a figure of everybody in one variation of a workload. */
interface Picture {
  readonly file: string;
  readonly title: string;
  readonly subtitle: string;
  readonly workload: WorkloadName;
  readonly variation: string;
  readonly metric: string;
  /** Who stands out; fdpass unless said otherwise. */
  readonly ours?: (id: string) => boolean;
}

const notFloor = (id: string) => !id.startsWith("floor");

const PICTURES: readonly Picture[] = [
  {
    file: "connections-cpu",
    title: "CPU of the front for a connection",
    subtitle: "a connection per request, 64 clients; less is better",
    workload: "connections",
    variation: "64 clients",
    metric: "front",
  },
  {
    file: "connections-rate",
    title: "Requests a second, a connection each",
    subtitle: "64 clients; more is better",
    workload: "connections",
    variation: "64 clients",
    metric: "perSecond",
  },
  {
    file: "keep-alive",
    title: "Requests a second on kept connections",
    subtitle: "a JavaScript handler, 64 connections; more is better",
    workload: "keep-alive",
    variation: "64 connections",
    metric: "perSecond",
  },
  {
    file: "switching",
    title: "CPU of front and backends per request",
    subtitle: "64 clients that keep their connections where they may; less is better",
    workload: "switching",
    variation: "64 clients",
    metric: "all",
    ours: (id) => id !== "close",
  },
  {
    file: "download-cpu",
    title: "CPU of the front for a GiB downloaded",
    subtitle: "one client; less is better",
    workload: "download",
    variation: "1 at a time",
    metric: "frontPerGiB",
  },
  {
    file: "streams-memory",
    title: "Memory of the front for an idle stream",
    subtitle: "growth of resident memory for each open stream; less is better",
    workload: "streams",
    variation: "idle streams",
    metric: "memory",
  },
  {
    file: "streams-descriptors",
    title: "Descriptors of the front for an idle stream",
    subtitle: "for each open stream; less is better",
    workload: "streams",
    variation: "idle streams",
    metric: "descriptors",
  },
  {
    file: "latency",
    title: "Time until the answer, at low load",
    subtitle: "one client, a connection per request, median; less is better",
    workload: "latency",
    variation: "one client",
    metric: "p50",
  },
  {
    file: "growth",
    title: "CPU of the front for a hand-off, by routes and sites",
    subtitle: "a connection per request, 64 clients; the same everywhere is best",
    workload: "growth",
    variation: "64 clients",
    metric: "front",
    ours: notFloor,
  },
  {
    file: "open-connections",
    title: "CPU of the front for a hand-off, by open connections",
    subtitle: "a connection per request, 64 clients; the same everywhere is best",
    workload: "open-connections",
    variation: "64 clients",
    metric: "front",
    ours: notFloor,
  },
];

const isFdpass = (id: string) => /^(fdpass|front|backend)/.test(id);

function barsOf({ entries, samples }: Outcome, picture: Picture, { key, format }: Metric): Bar[] {
  const { variation, ours = isFdpass } = picture;
  return entries.flatMap(({ id, title }) => {
    const values = samples.filter((sample) => sample.contender === id && sample.variation === variation)
      .map(({ values }) => values[key] ?? NaN);
    const summary = summarize(values);
    if (summary === undefined) return [];
    return [{ label: title, ...summary, shown: format(summary.median), ours: ours(id) }];
  });
}

/** A chart that was drawn: its file's name without directory, and the file. */
export interface Drawn {
  readonly workload: WorkloadName;
  readonly title: string;
  readonly name: string;
  readonly svg: string;
}

/** Draws every chart for which there are figures. */
export function drawAll(sections: readonly { workload: Workload; outcome: Outcome }[]): Drawn[] {
  return PICTURES.flatMap((picture) => {
    const section = sections.find(({ workload }) => workload.name === picture.workload);
    const metric = section?.workload.metrics.find(({ key }) => key === picture.metric);
    if (section === undefined || metric === undefined) return [];
    const bars = barsOf(section.outcome, picture, metric);
    if (bars.length === 0) return [];
    const { title, subtitle, workload } = picture;
    const unit = /µs\/request/.test(metric.label) ? " µs" : "";
    const withUnit = bars.map((bar) => ({ ...bar, shown: bar.shown + unit }));
    const tick = (value: number) => metric.format(value).replace(/\.0+(?= |$)/, "") + unit;
    const svg = drawBars({ title, subtitle, bars: withUnit, tick });
    return [{ workload, title, name: `${picture.file}.svg`, svg }];
  });
}
