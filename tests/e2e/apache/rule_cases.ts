/** Configurations of Apache with rules around ProxyPass, and requests that Apache and fdpass are both sent under each. */

import { ACCESS } from "./access_cases.ts";
import type { Configuration } from "./configuration.ts";
import { FIELDS } from "./field_cases.ts";
import { PEOPLE } from "./people_cases.ts";
import { REDIRECTS, REWRITES } from "./rewriting_cases.ts";

export const RULE_CONFIGURATIONS: readonly Configuration[] = [
  ...REDIRECTS,
  ...REWRITES,
  ...ACCESS,
  ...FIELDS,
  ...PEOPLE,
];
