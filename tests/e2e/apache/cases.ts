/** All configurations of Apache, with requests that Apache and fdpass are both sent under each. */

import type { Configuration } from "./configuration.ts";
import { GENERATED_CASES } from "./generated_cases.ts";
import { PASS_CASES } from "./pass_cases.ts";
import { PLACE_CASES } from "./place_cases.ts";
import { RAW_CASES } from "./raw_cases.ts";

/** Those that people thought of, then those by chance. */
export const CONFIGURATIONS: readonly Configuration[] = [
  ...PASS_CASES,
  ...PLACE_CASES,
  ...RAW_CASES,
  ...GENERATED_CASES,
];
