/** Which sections a request is in. */

import { holds, patternOf } from "./expression.ts";
import { isPlaceOf } from "./file_place.ts";
import type { Place } from "./model.ts";
import { behind } from "./redirects.ts";
import type { RequestState } from "./request.ts";

/** Whether a place is about a request. @param route the index of its route; undefined where none takes it */
export function isIn(
  { file, path, pattern, routes, condition }: Place,
  state: RequestState,
  route: number | undefined,
): boolean {
  if (file !== undefined && (state.file === undefined || !isPlaceOf(file, state.file))) return false;
  if (path !== undefined && behind(path.replace(/(?<=.)\/$/, ""), state.path) === undefined) return false;
  if (path?.endsWith("/") && path !== "/" && !state.path.startsWith(path)) return false;
  if (pattern !== undefined && !patternOf(pattern).test(state.path)) return false;
  if (routes !== undefined && (route === undefined || !routes.includes(route))) return false;
  return condition === undefined || holds(condition, { state, groups: [] });
}
