/** A bar chart as an SVG file that can be read on a light page and on a dark one. */

import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";

/** One bar, with the extremes of the rounds as a line across its end. */
export interface Bar {
  readonly label: string;
  readonly median: number;
  readonly least: number;
  readonly most: number;
  /** The median as it is written beside the bar. */
  readonly shown: string;
  /** Whether it stands out. */
  readonly ours: boolean;
}

/** A chart. */
export interface BarChart {
  readonly title: string;
  /** What is measured, how, and which way is better. */
  readonly subtitle: string;
  readonly bars: readonly Bar[];
  readonly tick: (value: number) => string;
}

const WIDTH = 760;
const BAR = 26;
const TOP = 62;
const BOTTOM = 34;
/** Widths of a character at the size of the text, roughly: the fonts of who will read it are not known here. */
const CHARACTER = 6.7;
const SVG = "http://www.w3.org/2000/svg";

/** It brings its own background: a page may be dark where the system is light, and an image knows the system only. */
const STYLE = `
.chart { color: #1f2328; font: 12px system-ui, sans-serif; }
.chart .card { fill: #ffffff; }
.chart .ours rect { fill: #c2410c; }
.chart .others rect { fill: #94a3b8; }
.chart .spread line { stroke: currentColor; stroke-width: 1.5; }
.chart .title { font-size: 15px; font-weight: 600; }
.chart .subtitle { opacity: 0.75; }
@media (prefers-color-scheme: dark) {
  .chart { color: #e6edf3; }
  .chart .card { fill: #0d1117; }
  .chart .ours rect { fill: #f0883e; }
  .chart .others rect { fill: #64748b; }
}
`;

/** Draws a chart. */
export function drawBars({ title, subtitle, bars, tick }: BarChart): string {
  // The types of this document are not those of a browser's, which is all that the plot asks for.
  const { document } = parseHTML("<!doctype html><body></body>") as unknown as {
    document: NonNullable<Plot.PlotOptions["document"]>;
  };
  const left = Math.max(...bars.map(({ label }) => label.length)) * CHARACTER + 22;
  const right = Math.max(...bars.map(({ shown }) => shown.length)) * CHARACTER + 24;
  const most = Math.max(...bars.map((bar) => bar.most));
  const rows = bars.map((bar) => ({ ...bar }));
  const svg = Plot.plot({
    document,
    className: "plot",
    width: WIDTH,
    height: TOP + BOTTOM + BAR * bars.length,
    marginLeft: left,
    marginRight: right,
    marginTop: TOP,
    marginBottom: BOTTOM,
    x: {
      domain: [0, most === 0 ? 1 : most],
      ticks: 5,
      tickFormat: (value: number) => value === 0 ? "0" : tick(value),
      tickSize: 0,
      grid: true,
      label: null,
    },
    y: { domain: bars.map(({ label }) => label), label: null, tickSize: 0, padding: 0.3 },
    marks: [
      ...[true, false].map((ours) =>
        Plot.barX(rows.filter((row) => row.ours === ours), {
          x: "median",
          y: "label",
          className: ours ? "ours" : "others",
        })
      ),
      Plot.ruleY(rows, { x1: "least", x2: "most", y: "label", className: "spread" }),
      Plot.text(rows, { x: "most", y: "label", text: "shown", textAnchor: "start", dx: 8 }),
      Plot.ruleX([0]),
    ],
  });
  // The plot's own type is of a figure or an SVG; without a legend it is the latter.
  return finish(svg as unknown as Element, { title, subtitle });
}

/** The parts of a DOM element that are used here; Deno's own types have no documents. */
interface Element {
  readonly ownerDocument: { createElementNS(namespace: string, name: string): Element };
  readonly firstChild: Element | null;
  readonly outerHTML: string;
  textContent: string;
  setAttribute(name: string, value: string): void;
  insertBefore(element: Element, before: Element | null): void;
  append(...elements: Element[]): void;
}

/** Adds what makes it a picture of its own: background, title and colours. */
function finish(svg: Element, { title, subtitle }: { title: string; subtitle: string }): string {
  const make = (name: string, attributes: Record<string, string>, text = "") => {
    const element = svg.ownerDocument.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text !== "") element.textContent = text;
    return element;
  };
  const attributes = { xmlns: SVG, class: "chart plot", role: "img", "aria-label": `${title}: ${subtitle}` };
  for (const [key, value] of Object.entries(attributes)) svg.setAttribute(key, value);
  const place = { x: "16", "text-anchor": "start" };
  for (
    const element of [
      make("style", {}, STYLE),
      make("rect", { class: "card", width: "100%", height: "100%", rx: "6" }),
      make("text", { class: "title", y: "26", ...place }, title),
      make("text", { class: "subtitle", y: "45", ...place }, subtitle),
    ].reverse()
  ) svg.insertBefore(element, svg.firstChild);
  // Two decimals are a hundredth of a pixel.
  return svg.outerHTML.replace(/\d+\.\d{3,}/g, (number) => String(Number(Number(number).toFixed(2)))) + "\n";
}
