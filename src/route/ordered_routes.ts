/** Routes that are tried one after another: those by expression, and the prefixes that stand between them. */

import type { Route } from "../config/config.ts";
import { routeExpression } from "../config/mapping.ts";
import type { Pattern } from "../pattern/pattern.ts";
import { type DecodedPath, decodePath } from "./decoded_path.ts";
import { NONE } from "./name_trees.ts";
import { covers, type PathNormalizer } from "./path.ts";
import { PathTemplate } from "./path_template.ts";

/** The path that a route's template makes is none. */
export const BAD_MAPPING = -2;

/** A route that has its turn. */
interface Turn {
  readonly index: number;
  /** The normalised prefix, where there is no expression. */
  readonly prefix: string;
  readonly expression: Pattern | undefined;
  /** Absent where the path stays as it is. */
  readonly template: PathTemplate | undefined;
}

// The targets of requests are ASCII: their parser refuses others.
const decoder = new TextDecoder();

/** Whether a route has its turn among the ordered ones of its site. */
export function isOrdered(route: Route): boolean {
  return route.match !== undefined || route.inOrder === true;
}

/** The ordered routes of one site. A search makes strings, and takes the time that its expressions take. */
export class OrderedRoutes {
  readonly #turns: readonly Turn[];

  /** @param routes the ordered routes, with their indexes and normalised prefixes */
  constructor(routes: readonly { readonly route: Route; readonly index: number; readonly prefix: string }[]) {
    this.#turns = routes.map(({ route: { match, mapTo }, index, prefix }) => ({
      index,
      prefix,
      expression: match === undefined ? undefined : routeExpression(match),
      template: match === undefined || mapTo === undefined ? undefined : new PathTemplate(mapTo),
    }));
  }

  /**
   * Finds the first route that takes a path. One by expression leaves the mapped path in place of the normalised one.
   *
   * @returns Its index, {@linkcode NONE}, or {@linkcode BAD_MAPPING}.
   */
  find(path: PathNormalizer): number {
    const normal = decoder.decode(path.bytes.subarray(path.start, path.end));
    let decoded: DecodedPath | undefined;
    for (const { index, prefix, expression, template } of this.#turns) {
      if (expression === undefined) {
        if (covers(prefix, normal)) return index;
        continue;
      }
      decoded ??= decodePath(normal);
      const found = expression.exec(decoded.text);
      if (found === undefined) continue;
      if (template === undefined) return index;
      const mapped = template.fill(groupsOf(found, decoded));
      if (mapped === undefined) return BAD_MAPPING;
      path.replace(mapped);
      return index;
    }
    return NONE;
  }
}

function groupsOf(
  found: readonly number[],
  { encoded }: DecodedPath,
): (number: number) => string {
  return (number) => {
    const start = found[2 * number] ?? -1;
    return start < 0 ? "" : encoded(start, found[2 * number + 1]!);
  };
}
