/** Every parser of what others write. */

import type { Target } from "./target.ts";
import { APACHE, JSON_DOCUMENTS } from "./targets/configurations.ts";
import { CHUNKS, FRAMES } from "./targets/content.ts";
import { PROGRAMS, REQUESTS, RESPONSES } from "./targets/heads.ts";
import { HELLOS, MESSAGES } from "./targets/messages.ts";

export const TARGETS: readonly Target[] = [
  REQUESTS,
  CHUNKS,
  RESPONSES,
  PROGRAMS,
  MESSAGES,
  HELLOS,
  FRAMES,
  APACHE,
  JSON_DOCUMENTS,
];
