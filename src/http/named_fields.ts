/** The fields of a head, found by their names. */

import { type HeaderField, listOf, valuesOf } from "./hop_by_hop.ts";

const NONE: readonly string[] = [];

/** Fields whose names have been looked at once: most of those that somebody asks for are not among them. */
export class NamedFields {
  /** In lower case, in the order of the fields. */
  readonly names: readonly string[];

  constructor(readonly all: readonly HeaderField[]) {
    this.names = all.map(([name]) => name.toLowerCase());
  }

  /** Whether there is a field of a name. @param name in lower case */
  has(name: string): boolean {
    return this.names.includes(name);
  }

  /** As {@linkcode valuesOf}. */
  values(name: string): readonly string[] {
    return this.has(name) ? valuesOf(this.all, name) : NONE;
  }

  /** As {@linkcode listOf}. */
  list(name: string): readonly string[] {
    return this.has(name) ? listOf(this.all, name) : NONE;
  }
}
