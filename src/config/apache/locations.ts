/** Which requests a `<Location>` is about. */

import type { Place } from "../../rules/model.ts";
import { readExpression } from "./expressions.ts";
import type { Faults } from "./faults.ts";
import { isPattern } from "./glob.ts";
import type { Section } from "./tree.ts";

/** A path, or an expression for one. */
export interface LocationPlace {
  readonly path: string;
  /** Whether the path is an expression. */
  readonly expression: boolean;
}

/** What stands behind `<Location` or `<LocationMatch`. */
export function placeOf(section: Section): LocationPlace {
  const [first = "", second] = section.args;
  const expression = section.name.toLowerCase() === "locationmatch" || first === "~";
  return { path: second !== undefined && first === "~" ? second : first, expression };
}

/** The same for rules. A pattern with `*` and `?` stands for whole segments, and what is below them. */
export function rulePlace({ path, expression }: LocationPlace, faults: Faults, section: Section): Place {
  if (!expression && !isPattern(path)) return { path };
  const source = expression
    ? path
    : `^${path.replace(/[\\^$.+()|{}]/g, "\\$&").replaceAll("*", "[^/]*").replaceAll("?", "[^/]")}$`;
  const pattern = faults.take(readExpression(source), section);
  // What nobody can read is about everything: a rule of access must not be lost.
  return pattern === undefined ? {} : { pattern };
}
