/** What an Apache configuration is made of, once conditions are decided and files included. */

import type { Place } from "./lines.ts";

/** A directive, with its arguments as words. */
export interface Directive extends Place {
  /** As written; names are the same in any case. */
  readonly name: string;
  readonly args: readonly string[];
  /** Variables in it that nobody has set: they stand in the arguments as they were written. */
  readonly unset?: readonly string[];
}

/** A section, with what stands in it. */
export interface Section extends Directive {
  /** In order: directives and sections, as they mix. */
  readonly children: readonly Item[];
}

export type Item = Directive | Section;

/** Whether an item is a section. */
export function isSection(item: Item): item is Section {
  return "children" in item;
}

/** The lower-case name of an item, `<virtualhost` for a section. */
export function keyOf(item: Item): string {
  return (isSection(item) ? "<" : "") + item.name.toLowerCase();
}
