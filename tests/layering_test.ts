/**
 * The rooms of this project and which of them may know which. A broken rule fails with a sentence that names the file,
 * the line and the rule.
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { posix } from "node:path";

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
    "rules",
    "pattern",
    "logs",
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
  config: ["route", "rules", "pattern", "logs", "protocol", "http"],
  // What stands around routes; it knows nothing of them.
  rules: ["pattern", "http"],
  pattern: [],
  logs: [],
  protocol: ["route", "config", "http"],
  http: ["route", "config", "protocol"],
  ffi: [],
};

/** Rooms without I/O, time and chance: those come in as arguments. */
const PURE = ["http", "route", "rules", "pattern", "protocol", "config", "logs", "tls"];

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

interface Import {
  readonly line: number;
  readonly specifier: string;
}

/** The source with comments and, where asked, strings blanked out; line numbers stay as they are. */
function codeOf(source: string, strings: "kept" | "blanked"): string {
  const token = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`|\/\/.*|\/\*[^]*?\*\//g;
  return source.replace(token, (text) => {
    // A template may hold code, so its text counts as code.
    if (text.startsWith("`")) return text;
    if (text.startsWith("/")) return text.replace(/[^\n]/g, " ");
    return strings === "kept" ? text : '""';
  });
}

/** Everything by which a file names another module: imports, re-exports, dynamic imports, and URLs of Workers. */
function importsOf(source: string): Import[] {
  const forms = [
    /^[ \t]*(?:import|export)\b[^"';]*?\bfrom\s*"([^"]+)"/gm,
    /^[ \t]*import\s*"([^"]+)"/gm,
    /\bimport\(\s*"([^"]+)"/g,
    /\bimport\.meta\.resolve\(\s*"([^"]+)"/g,
    /\bnew URL\(\s*"([^"]+)"\s*,\s*import\.meta\.url/g,
  ];
  const code = codeOf(source, "kept");
  return forms.flatMap((form) =>
    [...code.matchAll(form)].map((match) => ({
      line: code.slice(0, match.index + match[0].length).split("\n").length,
      specifier: match[1]!,
    }))
  );
}

/** The file that a relative import means, from the project's root; undefined for packages and for data, as JSON is. */
function targetOf(file: string, specifier: string): string | undefined {
  return /^\.{1,2}\/.*\.tsx?$/.test(specifier) ? posix.join(posix.dirname(file), specifier) : undefined;
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
  codeOf(source, "blanked").split("\n").forEach((text, index) => {
    for (const { word, allowed, rule } of WORDS) {
      const found = word.exec(text);
      if (found !== null && !allowed(file)) broken.push(`${file}:${index + 1} uses ${found[0]}: ${rule}`);
    }
  });
  return broken;
}

/** A circle among rooms, as `a → b → a`; undefined when there is none. */
function circle(files: ReadonlyMap<string, string>): string | undefined {
  const edges = new Map<string, Set<string>>();
  for (const [file, source] of files) {
    const from = roomOf(file);
    for (const { specifier } of importsOf(source)) {
      const target = targetOf(file, specifier);
      if (target === undefined || roomOf(target) === from) continue;
      edges.set(from, (edges.get(from) ?? new Set()).add(roomOf(target)));
    }
  }
  const walk = (path: readonly string[]): string | undefined => {
    for (const next of edges.get(path.at(-1)!) ?? []) {
      const found = path.includes(next)
        ? [...path.slice(path.indexOf(next)), next].join(" → ")
        : walk([...path, next]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  for (const room of edges.keys()) {
    const found = walk([room]);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Every product file that exists: a room whose feature is not built yet has none. */
function productFiles(): Map<string, string> {
  const root = fileURLToPath(import.meta.resolve("../"));
  const files = new Map<string, string>();
  const visit = (path: string) => {
    const info = stat(root + path);
    if (info?.isDirectory) {
      for (const entry of Deno.readDirSync(root + path)) {
        visit(`${path}/${entry.name}`);
      }
    } else if (info?.isFile && /\.tsx?$/.test(path)) files.set(path, Deno.readTextFileSync(root + path));
  };
  ["cli.ts", "mod.ts", "ffi", "src"].forEach(visit);
  return files;
}

function stat(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

Deno.test("imports go down only, and pure rooms stay pure", () => {
  const files = productFiles();
  assert.ok(files.has("ffi/libc.ts"), "the product was not found");
  const broken = [...files].flatMap(([file, source]) => brokenRules(file, source));
  assert.equal(broken.join("\n"), "");
});

Deno.test("rooms do not import each other in a circle", () => {
  assert.equal(circle(productFiles()), undefined);
});

const BROKEN: readonly [file: string, source: string, sentence: string][] = [
  [
    "src/front/peek.ts",
    'import { adopt } from "../backend/adopt.ts";',
    'src/front/peek.ts:1 imports "../backend/adopt.ts": front may import output, wire, loop, tls, route, rules, pattern, logs, config, protocol, http, ffi, not backend',
  ],
  [
    "src/backend/fetch/serve.ts",
    '\n\nexport * from "../../front/mod.ts";',
    'src/backend/fetch/serve.ts:3 imports "../../front/mod.ts": backend may import output, wire, loop, tls, route, rules, pattern, logs, config, protocol, http, ffi, not front',
  ],
  [
    "src/loop/poller.ts",
    'import type {\n  Front,\n} from "../front/front.ts";',
    'src/loop/poller.ts:3 imports "../front/front.ts": loop may import route, config, protocol, http, ffi, not front',
  ],
  [
    "ffi/socket.ts",
    'const x = 1;\nimport "../src/loop/poller.ts";',
    'ffi/socket.ts:2 imports "../src/loop/poller.ts": ffi may import no other room, not loop',
  ],
  [
    "src/control/up.ts",
    'const { main } = await import("../../cli.ts");',
    'src/control/up.ts:1 imports "../../cli.ts": control may import front, backend, output, wire, loop, tls, route, rules, pattern, logs, config, protocol, http, ffi, not cli',
  ],
  [
    "src/front/front.ts",
    'new Worker(new URL("../control/worker.ts", import.meta.url), { type: "module" });',
    'src/front/front.ts:1 imports "../control/worker.ts": front may import output, wire, loop, tls, route, rules, pattern, logs, config, protocol, http, ffi, not control',
  ],
  [
    "src/protocol/message.ts",
    'import { close } from "../../ffi/descriptor.ts";',
    'src/protocol/message.ts:1 imports "../../ffi/descriptor.ts": protocol may import route, config, http, not ffi',
  ],
  [
    "src/http/date.ts",
    "export const now = () => Date.now();",
    "src/http/date.ts:1 uses Date.now: http, route, rules, pattern, protocol, config, logs, tls take what the system, time or chance says as arguments",
  ],
  [
    "src/route/pick.ts",
    "/* weights */\nconst i = Math.random() * 2;",
    "src/route/pick.ts:2 uses Math.random: http, route, rules, pattern, protocol, config, logs, tls take what the system, time or chance says as arguments",
  ],
  [
    "src/config/read.ts",
    "const text = `${Deno.readTextFileSync(path)}`;",
    "src/config/read.ts:1 uses Deno.readTextFileSync: http, route, rules, pattern, protocol, config, logs, tls take what the system, time or chance says as arguments",
  ],
  [
    "src/config/read.ts",
    'import { readFileSync } from "node:fs";',
    'src/config/read.ts:1 imports "node:fs": config is pure and reaches the system nowhere',
  ],
  [
    "src/front/libc.ts",
    "Deno.dlopen(path, symbols);",
    "src/front/libc.ts:1 uses Deno.dlopen: only ffi opens a library",
  ],
  [
    "ffi/memory.ts",
    "Deno.UnsafePointer.of(view);",
    "ffi/memory.ts:1 uses Deno.UnsafePointer: no file uses Deno.Unsafe*, which the scoped --allow-ffi does not permit",
  ],
  [
    "src/http/response_head.ts",
    'import { now } from "../clock.ts";\nimport "../../tests/support/descriptors.ts";',
    'src/http/response_head.ts:1 imports "../clock.ts": http may import route, config, protocol, not src/clock.ts\n' +
    'src/http/response_head.ts:2 imports "../../tests/support/descriptors.ts": http may import route, config, protocol, not tests/support/descriptors.ts',
  ],
  [
    "src/misc/log.ts",
    "",
    "src/misc/log.ts is in no room that tests/layering_test.ts knows: say there what it may import",
  ],
];
BROKEN.forEach(([file, source, sentence], index) => {
  Deno.test(`a broken rule is a sentence (${index + 1}): ${file}`, () => {
    assert.equal(brokenRules(file, source).join("\n"), sentence);
  });
});

const KEPT: readonly [file: string, source: string][] = [
  ["cli.ts", 'import { up } from "./src/control/up.ts";\nimport { Command } from "commander";'],
  ["cli.ts", 'import project from "./deno.json" with { type: "json" };'],
  ["mod.ts", 'export { serve } from "./src/backend/serve.ts";\nexport * as libc from "./ffi/mod.ts";'],
  [
    "src/control/up.ts",
    'import { front } from "../front/front.ts";\nimport { serve } from "../backend/serve.ts";',
  ],
  [
    "src/route/pick.ts",
    'import type { Site } from "../config/config.ts";\nimport { posix } from "node:path";',
  ],
  ["src/config/load.ts", 'import { openBeneath } from "../../ffi/file.ts";\nDeno.readTextFileSync("x");'],
  [
    "src/config/target.ts",
    '// Deno.cwd() is not asked.\n/**\n * @see Date.now\n */\nconst text = "uses Deno.cwd()";',
  ],
  ["src/config/target.ts", 'const pattern = "/*"; // import x from "../front/x.ts"\nconst other = "*/";'],
  ["src/front/front.ts", "const now = performance.now() + Date.now() + Deno.pid;"],
  ["ffi/libc.ts", "Deno.dlopen(path, SYMBOLS);"],
];
KEPT.forEach(([file, source], index) => {
  Deno.test(`a kept rule says nothing (${index + 1}): ${file}`, () => {
    assert.deepEqual(brokenRules(file, source), []);
  });
});

Deno.test("a circle among rooms is named, and looking sideways is none", () => {
  const route: [string, string] = ["src/route/a.ts", 'import "../config/b.ts";\nimport "./other.ts";'];
  assert.equal(circle(new Map([route])), undefined);
  const files = new Map([route, ["src/config/b.ts", 'import "../http/c.ts";'], [
    "src/http/c.ts",
    'import "../route/a.ts";',
  ]]);
  assert.equal(circle(files), "route → config → http → route");
});
