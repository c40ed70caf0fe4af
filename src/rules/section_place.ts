/** Which sections a request is in. */

import { holds, patternOf } from "./expression.ts";
import { isPlaceOf } from "./file_place.ts";
import type { Place } from "./model.ts";
import { behind } from "./redirects.ts";
import type { RequestState } from "./request.ts";

/** Whether a place is about a request, which has one of its routes, should it name any. */
export function isIn({ file, path, pattern, condition }: Place, state: RequestState): boolean {
  if (file !== undefined && (state.file === undefined || !isPlaceOf(file, state.file))) return false;
  if (path !== undefined && behind(path.replace(/(?<=.)\/$/, ""), state.path) === undefined) return false;
  if (path?.endsWith("/") && path !== "/" && !state.path.startsWith(path)) return false;
  if (pattern !== undefined && !patternOf(pattern).test(state.path)) return false;
  return condition === undefined || holds(condition, { state, groups: [] });
}
