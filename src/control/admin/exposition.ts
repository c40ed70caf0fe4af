/**
 * Figures as text, in the format of Prometheus (version 0.0.4) or OpenMetrics (1.0.0): one family after another, each with
 * what it means, then its samples.
 *
 * From one scrape to the next little changes but some numbers. So the bytes between them are kept, by place, and the text
 * stays where it is: a sample that is the same as the one at its place last time costs a comparison of its labels, and
 * bytes are written only where they are others.
 */

import { TextBytes } from "./text_bytes.ts";

/** How the figures of a family behave. */
export type MetricType = "counter" | "gauge" | "histogram";

/** Figures that mean the same and differ in labels. */
export interface Family {
  /** With `_total` where it is a counter. */
  readonly name: string;
  readonly type: MetricType;
  /** One line. */
  readonly help: string;
}

/** Labels by name. */
export type Labels = Readonly<Record<string, string>>;

/** What a histogram has counted. */
export interface Distribution {
  /** Upper bounds, rising; the last one, +Inf, is not said. */
  readonly bounds: readonly number[];
  /** How many lie at or below each bound and above the one before; one more, of those above all. */
  readonly counts: readonly number[];
  readonly sum: number;
}

/** What was written at a place last time: what it was about, and the bytes before each of its numbers. */
interface Kept {
  readonly subject: Family | string;
  readonly labels: Labels | undefined;
  readonly bounds: readonly number[] | undefined;
  readonly pieces: readonly Uint8Array<ArrayBuffer>[];
  /** For each piece: the number behind it, where in the text that was, and how many bytes it took with its number. */
  readonly values: Float64Array;
  readonly starts: Int32Array;
  readonly sizes: Int32Array;
}

/** Bytes before the text in which a response's head finds room. */
const ROOM_FOR_HEAD = 1_024;

const encoder = new TextEncoder();
const END_OF_LINE = encoder.encode("\n");
const END = encoder.encode("# EOF\n");

/** Writes one text after another. */
export class Exposition {
  readonly #text = new TextBytes(ROOM_FOR_HEAD);
  readonly #kept: Kept[] = [];
  #place = 0;

  /** @param open whether OpenMetrics is written */
  constructor(readonly open: boolean) {}

  get contentType(): string {
    return this.open
      ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
      : "text/plain; version=0.0.4; charset=utf-8";
  }

  /** Begins another text. */
  begin(): void {
    // One that was never finished has written over what came behind it.
    if (this.#place < this.#kept.length) this.#kept.length = 0;
    this.#text.clear();
    this.#place = 0;
  }

  /** Begins a family. Its samples have to follow at once. */
  family(family: Family): void {
    const kept = this.#same(family) ?? this.#keep(family, [this.#familyText(family)]);
    this.#write(kept, 0);
  }

  /** A sample of the family begun last. */
  sample(name: string, labels: Labels, value: number): void {
    const kept = this.#same(name, labels) ?? this.#keep(name, [`${name}${labelText(labels)} `], labels);
    this.#write(kept, 0, value);
  }

  /** All samples of one histogram. */
  histogram(name: string, labels: Labels, { bounds, counts, sum }: Distribution): void {
    const kept = this.#same(name, labels, bounds) ??
      this.#keep(name, histogramTexts(name, labels, bounds), labels, bounds);
    let below = 0;
    for (let index = 0; index <= bounds.length; index++) this.#write(kept, index, below += counts[index]!);
    this.#write(kept, bounds.length + 1, sum);
    this.#write(kept, bounds.length + 2, below);
  }

  /** The whole text: valid until the next one begins. */
  end(): TextBytes {
    if (this.open) this.#text.add(END);
    // What was there last time and is not any more.
    this.#kept.length = this.#place;
    return this.#text;
  }

  /** Writes a piece and the number behind it, if there is one, unless the very same is there still. */
  #write({ pieces, values, starts, sizes }: Kept, index: number, value?: number): void {
    const text = this.#text;
    const start = text.length;
    if (starts[index] === start && (value === undefined || Object.is(values[index], value))) {
      return text.skip(sizes[index]!);
    }
    text.add(pieces[index]!);
    if (value !== undefined) {
      text.addNumber(value);
      text.add(END_OF_LINE);
      values[index] = value;
    }
    starts[index] = start;
    sizes[index] = text.length - start;
  }

  /** What was kept at this place, where it is about the same. */
  #same(subject: Kept["subject"], labels?: Labels, bounds?: readonly number[]): Kept | undefined {
    const kept = this.#kept[this.#place];
    const same = kept !== undefined && kept.subject === subject && kept.bounds === bounds &&
      areSame(kept.labels, labels);
    if (!same) return undefined;
    this.#place++;
    return kept;
  }

  #keep(
    subject: Kept["subject"],
    texts: readonly string[],
    labels?: Labels,
    bounds?: readonly number[],
  ): Kept {
    return this.#kept[this.#place++] = {
      subject,
      labels,
      bounds,
      pieces: texts.map((text) => encoder.encode(text)),
      values: new Float64Array(texts.length),
      // Nothing has been written yet: the text begins further behind.
      starts: new Int32Array(texts.length),
      sizes: new Int32Array(texts.length),
    };
  }

  #familyText({ name, type, help }: Family): string {
    // In OpenMetrics a counter's family has no suffix, its samples have.
    const family = this.open && type === "counter" ? name.replace(/_total$/, "") : name;
    return `# HELP ${family} ${this.#escapeHelp(help)}\n# TYPE ${family} ${type}\n`;
  }

  #escapeHelp(help: string): string {
    const text = help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
    return this.open ? text.replaceAll('"', '\\"') : text;
  }
}

/** Whether two sets of labels say the same. */
function areSame(one: Labels | undefined, other: Labels | undefined): boolean {
  if (one === other) return true;
  if (one === undefined || other === undefined) return false;
  for (const name in one) if (one[name] !== other[name]) return false;
  for (const name in other) if (one[name] === undefined) return false;
  return true;
}

function histogramTexts(name: string, labels: Labels, bounds: readonly number[]): string[] {
  const pairs = pairsText(labels);
  const start = `${name}_bucket{${pairs}${pairs === "" ? "" : ","}le="`;
  const ends = bounds.map((bound) => Number.isInteger(bound) ? `${bound}.0` : String(bound));
  return [
    ...[...ends, "+Inf"].map((le) => `${start}${le}"} `),
    `${name}_sum${labelText(labels)} `,
    `${name}_count${labelText(labels)} `,
  ];
}

function labelText(labels: Labels): string {
  const pairs = pairsText(labels);
  return pairs === "" ? "" : `{${pairs}}`;
}

function pairsText(labels: Labels): string {
  let text = "";
  for (const [name, value] of Object.entries(labels)) {
    text += `${text === "" ? "" : ","}${name}="${escapeLabel(value)}"`;
  }
  return text;
}

function escapeLabel(value: string): string {
  if (!/[\\\n"]/.test(value)) return value;
  return value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}
