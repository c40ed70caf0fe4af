/**
 * The rooms of this project and which of them may know which. A broken rule fails with a sentence that names the file,
 * the line and the rule.
 */
import assert from "node:assert/strict";
import { BROKEN, KEPT } from "./layering/cases.ts";
import { circle, codeOf, filesOf, graph, importsOf, targetOf } from "./support/imports.ts";

/** Each room and the rooms below it, which it may import; always itself, never one above. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  cli: ["commands", "control"],
  mod: [
    "control",
    "front",
    "backend",
    "wire",
    "loop",
    "tls",
    "route",
    "rules",
    "pattern",
    "config",
    "protocol",
    "http",
    "ffi",
  ],
  commands: ["demo", "control", "route", "config", "ffi"],
  // Its app is a handler as anyone writes it, and knows the type of one from backend; no more than that.
  demo: ["control", "backend", "config"],
  control: [
    "front",
    "backend",
    "output",
    "wire",
    "loop",
    "tls",
    "route",
    "trust",
    "rules",
    "pattern",
    "logs",
    "config",
    "protocol",
    "http",
    "ffi",
  ],
  front: [
    "output",
    "wire",
    "loop",
    "tls",
    "route",
    "trust",
    "rules",
    "pattern",
    "logs",
    "config",
    "protocol",
    "http",
    "ffi",
  ],
  backend: [
    "output",
    "wire",
    "loop",
    "tls",
    "route",
    "trust",
    "rules",
    "pattern",
    "logs",
    "fastcgi",
    "websocket",
    "config",
    "protocol",
    "http",
    "ffi",
  ],
  output: ["loop", "logs", "ffi"],
  // Both ends of a channel.
  wire: ["loop", "protocol", "ffi"],
  // These stand beside each other. They may look sideways, as route does at config's types, but not in a circle.
  loop: ["route", "config", "protocol", "http", "ffi"],
  route: ["config", "rules", "pattern", "protocol", "http"],
  tls: ["route", "config", "protocol", "http"],
  config: ["route", "trust", "rules", "pattern", "logs", "protocol", "http"],
  // Who stands in front, and whose words count.
  trust: ["rules", "protocol", "http"],
  // What stands around routes; it knows nothing of them.
  rules: ["pattern", "http"],
  pattern: [],
  // Records of a protocol behind backends.
  fastcgi: [],
  websocket: ["http"],
  // Conditions of logs are those of rules.
  logs: ["rules"],
  protocol: ["route", "config", "http"],
  http: ["route", "config", "protocol"],
  ffi: [],
};

/** Rooms with rooms inside, and those in the order in which they may import each other: none one that comes later. */
const INSIDE: Record<string, readonly string[]> = {
  front: [
    "plan.ts",
    "core/",
    "answer/",
    "connection/",
    "look/",
    "peer/",
    "handoff/",
    "inquiry/",
    "route/",
    "wait/",
    "accept/",
    "endings.ts",
    "introductions.ts",
    "dispatch.ts",
    "moving.ts",
    "flow.ts",
    "front.ts",
    "worker.ts",
  ],
};

/** Rooms without I/O, time and chance: those come in as arguments. */
const PURE = [
  "http",
  "route",
  "rules",
  "pattern",
  "protocol",
  "config",
  "logs",
  "tls",
  "trust",
  "fastcgi",
  "websocket",
];

/** The files of a pure room that read files. */
const NOT_PURE = ["environment", "load", "load_apache", "run_directory"].map((name) =>
  `src/config/${name}.ts`
);

/** Words that may stand only in files for which the rule says so. */
const WORDS: readonly {
  readonly word: RegExp;
  readonly allowed: (file: string) => boolean;
  readonly rule: string;
}[] = [
  {
    word: /\bDeno\.Unsafe\w*/,
    allowed: () => false,
    rule: "no file uses Deno.Unsafe*, which the scoped --allow-ffi does not permit",
  },
  { word: /\bDeno\.dlopen\b/, allowed: (file) => roomOf(file) === "ffi", rule: "only ffi opens a library" },
  {
    word: /\b(?:Deno\.\w+|Date\.now|performance\.\w+|Math\.random)|\bnew Date\(\)/,
    allowed: (file) => !isPure(file),
    rule: `${PURE.join(", ")} take what the system, time or chance says as arguments`,
  },
];

/** Modules of Node that reach the system; a pure room uses none of them. */
const SYSTEM_MODULES =
  /^node:(?:fs|net|http|https|tls|dgram|os|process|child_process|worker_threads|timers|perf_hooks)\b/;

/** `cli`, `mod`, `ffi`, or the folder below src/; anything else is its own path, which no rule knows. */
function roomOf(file: string): string {
  return /^(cli|mod)\.ts$|^(ffi)\/|^src\/([^/]+)\//.exec(file)?.slice(1).find((room) => room !== undefined) ??
    file;
}

function isPure(file: string): boolean {
  return PURE.includes(roomOf(file)) && !NOT_PURE.includes(file);
}

/** What is wrong with one file, a sentence each. */
function brokenRules(file: string, source: string): string[] {
  const room = roomOf(file);
  const below = MAY_IMPORT[room];
  if (below === undefined) {
    return [`${file} is in no room that tests/layering_test.ts knows: say there what it may import`];
  }
  const broken: string[] = [];
  for (const { line, specifier } of importsOf(source)) {
    const target = targetOf(file, specifier);
    if (target === undefined) {
      if (isPure(file) && SYSTEM_MODULES.test(specifier)) {
        broken.push(`${file}:${line} imports "${specifier}": ${room} is pure and reaches the system nowhere`);
      }
      continue;
    }
    const other = roomOf(target);
    const permitted = [...below, ...(NOT_PURE.includes(file) ? ["ffi"] : [])];
    if (other !== room && !permitted.includes(other)) {
      broken.push(
        `${file}:${line} imports "${specifier}": ${room} may import ${
          permitted.join(", ") || "no other room"
        }, not ${other}`,
      );
    }
  }
  broken.push(...brokenInside(file, source));
  codeOf(source, "blanked").split("\n").forEach((text, index) => {
    for (const { word, allowed, rule } of WORDS) {
      const found = word.exec(text);
      if (found !== null && !allowed(file)) broken.push(`${file}:${index + 1} uses ${found[0]}: ${rule}`);
    }
  });
  return broken;
}

/** What is wrong with a file's imports among the rooms inside its room. */
function brokenInside(file: string, source: string): string[] {
  const room = roomOf(file);
  const order = INSIDE[room];
  if (order === undefined) return [];
  const place = (path: string) => order.findIndex((inside) => `${path}/`.startsWith(`src/${room}/${inside}`));
  const own = place(file);
  if (own < 0) {
    return [`${file} is in no room inside ${room} that tests/layering_test.ts knows: say there where`];
  }
  return importsOf(source).flatMap(({ line, specifier }) => {
    const other = place(targetOf(file, specifier) ?? "");
    if (other <= own) return [];
    return `${file}:${line} imports "${specifier}": inside ${room}, ${order[own]} comes before ${
      order[other]
    }`;
  });
}

/** What is wrong with a set of files, where they import each other in a circle; types count as well. */
function circularFiles(files: ReadonlyMap<string, string>): string | undefined {
  const found = circle(graph(files, (file) => file));
  if (found === undefined) return undefined;
  return `${found}: each imports the next. Have one of them say in an interface of its own what it needs of the other`;
}

/** Every file of the product. */
function productFiles(): Map<string, string> {
  return filesOf(["cli.ts", "mod.ts", "ffi", "src"]);
}

Deno.test("imports go down only, and pure rooms stay pure", () => {
  const files = productFiles();
  assert.ok(files.has("ffi/libc.ts"), "the product was not found");
  const broken = [...files].flatMap(([file, source]) => brokenRules(file, source));
  assert.equal(broken.join("\n"), "");
});

Deno.test("rooms do not import each other in a circle", () => {
  assert.equal(circle(graph(productFiles(), roomOf)), undefined);
});

/** All that we have written. */
const ALL = ["cli.ts", "mod.ts", "ffi", "src", "tests", "bench", "examples"];

Deno.test("files do not import each other in a circle", () => {
  assert.equal(circularFiles(filesOf(ALL)), undefined);
});

/** Lines that a file may have. A longer one has more than one job. */
const MOST_LINES = 320;

Deno.test(`no file has more than ${MOST_LINES} lines`, () => {
  const long = [...filesOf(ALL)]
    .map(([file, text]) => ({ file, lines: text.trimEnd().split("\n").length }))
    .filter(({ lines }) => lines > MOST_LINES)
    .map(({ file, lines }) => `${file} has ${lines} lines: give a part of it a file of its own`);
  assert.equal(long.join("\n"), "");
});

/** A sentence without the lists of rooms in it, which grow. */
function withoutLists(sentence: string): string {
  return sentence.replace(/(may import )[^:]*?(, not )/g, "$1…$2").replace(PURE.join(", "), "…");
}

BROKEN.forEach(([file, source, sentence], index) => {
  Deno.test(`a broken rule is a sentence (${index + 1}): ${file}`, () => {
    assert.equal(withoutLists(brokenRules(file, source).join("\n")), sentence);
  });
});

KEPT.forEach(([file, source], index) => {
  Deno.test(`a kept rule says nothing (${index + 1}): ${file}`, () => {
    assert.deepEqual(brokenRules(file, source), []);
  });
});

Deno.test("a circle among rooms is named, and looking sideways is none", () => {
  const route: [string, string] = ["src/route/a.ts", 'import "../config/b.ts";\nimport "./other.ts";'];
  assert.equal(circle(graph(new Map([route]), roomOf)), undefined);
  const files = new Map([route, ["src/config/b.ts", 'import "../http/c.ts";'], [
    "src/http/c.ts",
    'import "../route/a.ts";',
  ]]);
  assert.equal(circle(graph(files, roomOf)), "route → config → http → route");
});

Deno.test("a circle among files is named, also one of types, and two ways to one file are none", () => {
  const line = "/connection/connection.ts";
  const files = new Map([
    ["src/front/a.ts", 'import "./b.ts";\nimport "./c.ts";'],
    ["src/front/b.ts", 'import "./c.ts";'],
    ["src/front/c.ts", `import type { X } from ".${line}";`],
    [`src/front${line}`, ""],
  ]);
  assert.equal(circularFiles(files), undefined);
  files.set(`src/front${line}`, 'import type {\n  B,\n} from "../b.ts";');
  assert.equal(
    circularFiles(files),
    "src/front/b.ts → src/front/c.ts → src/front/connection/connection.ts → src/front/b.ts: each imports the next. " +
      "Have one of them say in an interface of its own what it needs of the other",
  );
});
