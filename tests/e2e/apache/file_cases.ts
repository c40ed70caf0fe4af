/** Configurations that serve files. */

import { FILE_ACCESS_CASES } from "./file_access_cases.ts";
import { FILE_ALIAS_CASES } from "./file_alias_cases.ts";
import type { FileCase } from "./file_case.ts";
import { FILE_ERROR_CASES } from "./file_error_cases.ts";
import { FILE_HANDLER_CASES } from "./file_handler_cases.ts";
import { FILE_REWRITING_CASES } from "./file_rewriting_cases.ts";
import { FILE_SETTING_CASES } from "./file_setting_cases.ts";

export const FILE_CASES: readonly FileCase[] = [
  ...FILE_ACCESS_CASES,
  ...FILE_ALIAS_CASES,
  ...FILE_SETTING_CASES,
  ...FILE_REWRITING_CASES,
  ...FILE_ERROR_CASES,
  ...FILE_HANDLER_CASES,
];
