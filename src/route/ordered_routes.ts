/** Routes that are tried one after another: those by expression, and the prefixes that stand between them. */

import type { Route } from "../config/config.ts";
import { routeExpression } from "../config/mapping.ts";
import { MAX_PATH } from "../protocol/messages.ts";
import type { Pattern } from "../pattern/pattern.ts";
import { type DecodedPath, decodePath } from "./decoded_path.ts";
import { NONE } from "./name_trees.ts";
import { covers, normalizePath, type PathNormalizer } from "./path.ts";
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
  /** Whether the mapped path is to have its parts as the client wrote them. */
  readonly asWritten: boolean;
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
    this.#turns = routes.map(({ route: { match, mapTo, preservePath }, index, prefix }) => ({
      index,
      prefix,
      expression: match === undefined ? undefined : routeExpression(match),
      template: match === undefined || mapTo === undefined ? undefined : new PathTemplate(mapTo),
      asWritten: preservePath === true,
    }));
  }

  /**
   * Finds the first route that takes a path. One by expression leaves the mapped path in place of the normalised one.
   *
   * @param bytes Where the path is as the client wrote it.
   * @param start Offset of its first byte.
   * @param end Offset after it.
   * @returns Its index, {@linkcode NONE}, or {@linkcode BAD_MAPPING}.
   */
  find(path: PathNormalizer, bytes: Uint8Array, start: number, end: number): number {
    const normal = decoder.decode(path.bytes.subarray(path.start, path.end));
    let decoded: DecodedPath | undefined;
    for (const { index, prefix, expression, template, asWritten } of this.#turns) {
      if (expression === undefined) {
        if (covers(prefix, normal)) return index;
        continue;
      }
      decoded ??= decodePath(normal);
      const found = expression.exec(decoded.text);
      if (found === undefined) continue;
      const mapped = template === undefined ? normal : template.fill(groupsOf(found, decoded));
      if (mapped === undefined) return BAD_MAPPING;
      const written = asWritten
        ? mappedAsWritten(decoder.decode(bytes.subarray(start, end)), expression, template)
        : undefined;
      // Where both lead to the same, it is the same request that has been decided about.
      if (written !== undefined && normalizePath(written) === mapped) path.replace(written);
      else if (template !== undefined) path.replace(mapped);
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

/** What comes of a path that is not normalised; nothing where the expression does not match that. */
function mappedAsWritten(
  path: string,
  expression: Pattern,
  template: PathTemplate | undefined,
): string | undefined {
  const found = expression.exec(path);
  if (found === undefined || path.length > MAX_PATH) return undefined;
  if (template === undefined) return path;
  return template.put((number) => {
    const start = found[2 * number] ?? -1;
    return start < 0 ? "" : path.slice(start, found[2 * number + 1]);
  });
}
