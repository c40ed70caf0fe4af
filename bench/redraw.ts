/** Makes results.md and the charts again from results.json. usage: deno run -A bench/redraw.ts [--partial] */

import { PARTIAL, redraw, WHOLE } from "./results.ts";

redraw(Deno.args.includes("--partial") ? PARTIAL : WHOLE);
