/** The fields of a head that somebody asks for, noted by their names. */

import { type HeaderField, membersOf } from "./hop_by_hop.ts";

const NONE: readonly string[] = [];

/** A few fields: what there is to be said of a request before it is passed on. */
export class NotedFields {
  /** Names in lower case, in the order of the head. */
  readonly all: HeaderField[] = [];

  /** @param name in lower case */
  add(name: string, value: string): void {
    this.all.push([name, value]);
  }

  /** The first value of a name. @param name in lower case */
  value(name: string): string | undefined {
    for (const [other, value] of this.all) {
      if (other === name) return value;
    }
    return undefined;
  }

  /** All values of a name, as they are. @param name in lower case */
  values(name: string): readonly string[] {
    if (this.value(name) === undefined) return NONE;
    return this.all.filter(([other]) => other === name).map(([, value]) => value);
  }

  /** The members of all of them, in lower case. @param name in lower case */
  list(name: string): readonly string[] {
    const values = this.values(name);
    return values === NONE ? NONE : membersOf(values);
  }

  clear(): void {
    this.all.length = 0;
  }
}
