/** Reads OpenMetrics 1.0.0 as strictly as its grammar (ABNF, and "Overall Structure"): whoever is lax shows nothing. */

import assert from "node:assert/strict";

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|[+-]Inf|NaN)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/y;
/** What samples are called, behind the name of their family. */
const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  counter: ["_total", "_created"],
  gauge: [""],
  histogram: ["_bucket", "_sum", "_count", "_created"],
};

function labelsOf(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const [, name, value] = LABEL.exec(text) ?? assert.fail(`labels: ${text}`);
    assert.ok(!Object.hasOwn(labels, name!), `${name} twice`);
    labels[name!] = value!;
  }
  return labels;
}

/** Asserts that a text is what it has to be. @returns how many samples it has */
export function assertOpenMetrics(text: string): number {
  assert.ok(text.endsWith("\n# EOF\n"));
  const lines = text.slice(0, -"# EOF\n".length - 1).split("\n");
  const families = new Set<string>();
  const series = new Set<string>();
  let family = "";
  let type = "";
  let helped = "";
  let bucket = { of: "", le: -Infinity, count: 0 };
  for (const line of lines) {
    const [, word, name = "", rest = ""] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (word === "HELP") {
      assert.doesNotMatch(rest, /(^|[^\\])(\\\\)*"/, `a bare quotation mark: ${line}`);
      helped = name;
    } else if (word === "TYPE") {
      assert.ok(!families.has(name), `${name} twice`);
      assert.equal(helped, name);
      assert.ok(Object.hasOwn(SUFFIXES, rest), line);
      if (rest === "counter") assert.doesNotMatch(name, /_total$/);
      families.add(family = name);
      type = rest;
    } else {
      const [, sample = "", labelText = "", value = ""] = SAMPLE.exec(line) ??
        assert.fail(`no sample: ${line}`);
      assert.ok(SUFFIXES[type]!.some((suffix) => sample === family + suffix), `${sample} in ${family}`);
      const labels = labelsOf(labelText);
      const key = `${sample} ${JSON.stringify(Object.entries(labels).sort())}`;
      assert.ok(!series.has(key), `twice: ${line}`);
      series.add(key);
      if (type !== "gauge") assert.ok(Number(value) >= 0, line);
      if (!sample.endsWith("_bucket")) continue;
      const { le, ...others } = labels;
      const of = JSON.stringify(others);
      assert.match(le!, /^(\d+\.\d+(e[+-]?\d+)?|\+Inf)$/, line);
      const bound = le === "+Inf" ? Infinity : Number(le);
      if (bucket.of === family + of) assert.ok(bound > bucket.le && Number(value) >= bucket.count, line);
      else assert.ok(bucket.of === "" || bucket.le === Infinity, "the one before has no +Inf");
      bucket = { of: family + of, le: bound, count: Number(value) };
    }
  }
  return series.size;
}
