/**
 * Figures as text, in the format of Prometheus (version 0.0.4) or OpenMetrics (1.0.0): one family after another, each with
 * what it means, then its samples.
 */

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

/** Writes one text. */
export class Exposition {
  readonly #lines: string[] = [];

  /** @param open whether OpenMetrics is written */
  constructor(readonly open: boolean) {}

  get contentType(): string {
    return this.open
      ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
      : "text/plain; version=0.0.4; charset=utf-8";
  }

  /** Begins a family. Its samples have to follow at once. */
  family({ name, type, help }: Family): void {
    // In OpenMetrics a counter's family has no suffix, its samples have.
    const family = this.open && type === "counter" ? name.replace(/_total$/, "") : name;
    this.#lines.push(`# HELP ${family} ${this.#escapeHelp(help)}`, `# TYPE ${family} ${type}`);
  }

  /** A sample of the family begun last. */
  sample(name: string, labels: Labels, value: number): void {
    this.#lines.push(`${name}${labelText(labels)} ${numberText(value)}`);
  }

  /** All samples of one histogram. */
  histogram(name: string, labels: Labels, { bounds, counts, sum }: Distribution): void {
    let below = 0;
    const pairs = pairsText(labels);
    const start = `${name}_bucket{${pairs}${pairs === "" ? "" : ","}le="`;
    for (let index = 0; index < counts.length; index++) {
      below += counts[index]!;
      const bound = bounds[index];
      const le = bound === undefined ? "+Inf" : Number.isInteger(bound) ? `${bound}.0` : String(bound);
      this.#lines.push(`${start}${le}"} ${below}`);
    }
    this.sample(`${name}_sum`, labels, sum);
    this.sample(`${name}_count`, labels, below);
  }

  /** The whole text. */
  text(): string {
    return `${this.#lines.join("\n")}\n${this.open ? "# EOF\n" : ""}`;
  }

  #escapeHelp(help: string): string {
    const text = help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
    return this.open ? text.replaceAll('"', '\\"') : text;
  }
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

function numberText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  return Number.isFinite(value) ? String(value) : value > 0 ? "+Inf" : "-Inf";
}
