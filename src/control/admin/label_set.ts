/** Labels that are the same object each time somebody asks for them: who compares them need not look into them. */

import type { Labels } from "./exposition.ts";

/** Some labels, and all that were made of them by one more. As many as there are series, which are those of configurations. */
export class LabelSet {
  readonly #more = new Map<string, Map<string, LabelSet>>();

  private constructor(readonly labels: Labels) {}

  /** No labels yet. */
  static none(): LabelSet {
    return new LabelSet({});
  }

  /** The same and another one. */
  with(name: string, value: string): LabelSet {
    let values = this.#more.get(name);
    if (values === undefined) this.#more.set(name, values = new Map());
    let set = values.get(value);
    if (set === undefined) values.set(value, set = new LabelSet({ ...this.labels, [name]: value }));
    return set;
  }
}
