/** The whole compliance table. */

import type { Case, Chapter } from "./case.ts";
import { CHUNKED } from "./chunked.ts";
import { CONNECTION } from "./connection.ts";
import { FIELDS } from "./fields.ts";
import { FRAMING } from "./framing.ts";
import { HOST } from "./host.ts";
import { LIMITED } from "./limits.ts";
import { REQUEST_LINE } from "./request_line.ts";
import { SMUGGLING } from "./smuggling.ts";
import { TARGETS } from "./targets.ts";

export const CHAPTERS: readonly Chapter[] = [
  REQUEST_LINE,
  TARGETS,
  HOST,
  FIELDS,
  FRAMING,
  CHUNKED,
  CONNECTION,
  LIMITED,
  SMUGGLING,
];

/** Every case. */
export const CASES: readonly Case[] = CHAPTERS.flatMap(({ cases }) => [...cases]);

/** What becomes of the first head in a case: it is whole, it is not yet, or the status that it is refused with. */
export function ofFirstHead([, , then, ...seen]: Case): "head" | "more" | number {
  if (seen.length > 0 || then === "content" || then === "broken") return "head";
  return typeof then === "number" ? then : "more";
}
