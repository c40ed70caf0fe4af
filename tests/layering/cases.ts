/** Files that break the rules of layering_test.ts, and some that keep them. */

/** What is wrong with each, in a sentence; an ellipsis stands for the lists of rooms in it. */
export const BROKEN: readonly [file: string, source: string, sentence: string][] = [
  [
    "src/front/flow.ts",
    'import { adopt } from "../backend/adopt.ts";',
    'src/front/flow.ts:1 imports "../backend/adopt.ts": front may import …, not backend',
  ],
  [
    "src/front/core/core.ts",
    'import type { Loop } from "../../loop/loop.ts";\nimport { Flow } from "../flow.ts";',
    'src/front/core/core.ts:2 imports "../flow.ts": inside front, core/ comes before flow.ts',
  ],
  [
    "src/front/flow.ts",
    'import "./front.ts";',
    'src/front/flow.ts:1 imports "./front.ts": inside front, flow.ts comes before front.ts',
  ],
  [
    "src/front/peek.ts",
    "",
    "src/front/peek.ts is in no room inside front that tests/layering_test.ts knows: say there where",
  ],
  [
    "src/backend/fetch/serve.ts",
    '\n\nexport * from "../../front/mod.ts";',
    'src/backend/fetch/serve.ts:3 imports "../../front/mod.ts": backend may import …, not front',
  ],
  [
    "src/loop/poller.ts",
    'import type {\n  Front,\n} from "../front/front.ts";',
    'src/loop/poller.ts:3 imports "../front/front.ts": loop may import …, not front',
  ],
  [
    "ffi/socket.ts",
    'const x = 1;\nimport "../src/loop/poller.ts";',
    'ffi/socket.ts:2 imports "../src/loop/poller.ts": ffi may import …, not loop',
  ],
  [
    "src/control/up.ts",
    'const { main } = await import("../../cli.ts");',
    'src/control/up.ts:1 imports "../../cli.ts": control may import …, not cli',
  ],
  [
    "src/front/front.ts",
    'new Worker(new URL("../control/worker.ts", import.meta.url), { type: "module" });',
    'src/front/front.ts:1 imports "../control/worker.ts": front may import …, not control',
  ],
  [
    "src/protocol/message.ts",
    'import { close } from "../../ffi/descriptor.ts";',
    'src/protocol/message.ts:1 imports "../../ffi/descriptor.ts": protocol may import …, not ffi',
  ],
  [
    "src/http/date.ts",
    "export const now = () => Date.now();",
    "src/http/date.ts:1 uses Date.now: … take what the system, time or chance says as arguments",
  ],
  [
    "src/route/pick.ts",
    "/* weights */\nconst i = Math.random() * 2;",
    "src/route/pick.ts:2 uses Math.random: … take what the system, time or chance says as arguments",
  ],
  [
    "src/config/read.ts",
    "const text = `${Deno.readTextFileSync(path)}`;",
    "src/config/read.ts:1 uses Deno.readTextFileSync: … take what the system, time or chance says as arguments",
  ],
  [
    "src/config/read.ts",
    'import { readFileSync } from "node:fs";',
    'src/config/read.ts:1 imports "node:fs": config is pure and reaches the system nowhere',
  ],
  [
    "src/front/flow.ts",
    "Deno.dlopen(path, symbols);",
    "src/front/flow.ts:1 uses Deno.dlopen: only ffi opens a library",
  ],
  [
    "ffi/memory.ts",
    "Deno.UnsafePointer.of(view);",
    "ffi/memory.ts:1 uses Deno.UnsafePointer: no file uses Deno.Unsafe*, which the scoped --allow-ffi does not permit",
  ],
  [
    "src/http/response_head.ts",
    'import { now } from "../clock.ts";\nimport "../../tests/support/descriptors.ts";',
    'src/http/response_head.ts:1 imports "../clock.ts": http may import …, not src/clock.ts\n' +
    'src/http/response_head.ts:2 imports "../../tests/support/descriptors.ts": http may import …, not tests/support/descriptors.ts',
  ],
  [
    "src/misc/log.ts",
    "",
    "src/misc/log.ts is in no room that tests/layering_test.ts knows: say there what it may import",
  ],
];

/** Nothing is wrong with these. */
export const KEPT: readonly [file: string, source: string][] = [
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
