/** `<Macro>` and `Use` (mod_macro): what stands for several sections alike is put in for each of them. */

import { quote } from "../reading.ts";
import type { Faults } from "./faults.ts";
import { isSection, type Item, type Section } from "./tree.ts";

/** Directives and sections that macros may come to: more is a mistake, or meant to be. */
const MOST = 100_000;
/** Macros that use each other. */
const DEEPEST = 16;

/**
 * Puts in what macros stand for.
 *
 * @param items a whole configuration; macros are known from where they stand on
 */
export function expandMacros(items: readonly Item[], faults: Faults): readonly Item[] {
  return new Expansion(faults).expand(items, 0);
}

class Expansion {
  readonly #macros = new Map<string, Section>();
  #made = 0;
  #isEndless = false;

  constructor(readonly faults: Faults) {}

  expand(items: readonly Item[], depth: number): Item[] {
    return items.flatMap((item) => {
      const name = item.name.toLowerCase();
      if (isSection(item)) {
        if (name !== "macro") return [{ ...item, children: this.expand(item.children, depth) }];
        this.#define(item);
        return [];
      }
      if (name === "undefmacro") {
        this.#macros.delete(item.args[0]?.toLowerCase() ?? "");
        return [];
      }
      return name === "use" ? this.#use(item, depth) : [item];
    });
  }

  #define(macro: Section): void {
    const [name] = macro.args;
    if (name === undefined) {
      this.faults.add(macro, "Found no argument; write a name, and those of its parameters");
    } else this.#macros.set(name.toLowerCase(), macro);
  }

  #use(use: Item, depth: number): Item[] {
    const [name = "", ...values] = use.args;
    const macro = this.#macros.get(name.toLowerCase());
    if (macro === undefined) {
      this.faults.add(use, `Cannot find the macro ${quote(name)}; write <Macro ${name}> before it`);
      return [];
    }
    const parameters = macro.args.slice(1);
    if (parameters.length !== values.length) {
      const wanted = parameters.length === 0 ? "none" : parameters.join(" ");
      this.faults.add(
        use,
        `Found ${values.length} values for the macro ${quote(name)}; write one for each of: ${wanted}`,
      );
      return [];
    }
    if (this.#isEndless) return [];
    if (depth >= DEEPEST || this.#made > MOST) {
      this.#isEndless = true;
      this.faults.add(use, `Cannot put the macro ${quote(name)} in, for macros use each other without end`);
      return [];
    }
    // `$name` must not be found in `$names`.
    const order = parameters.map((parameter, index) => [parameter, values[index]!] as const)
      .toSorted(([a], [b]) => b.length - a.length);
    return this.expand(macro.children.map((child) => this.#filled(child, order)), depth + 1);
  }

  #filled(item: Item, values: readonly (readonly [parameter: string, value: string])[]): Item {
    this.#made++;
    const args = item.args.map((arg) => filled(arg, values));
    if (!isSection(item)) return { ...item, args };
    return { ...item, args, children: item.children.map((child) => this.#filled(child, values)) };
  }
}

/** A text with values in the place of parameters: each place once, so that a value is not looked into. */
function filled(text: string, values: readonly (readonly [parameter: string, value: string])[]): string {
  let result = "";
  for (let at = 0; at < text.length;) {
    const found = values.find(([parameter]) => parameter !== "" && text.startsWith(parameter, at));
    result += found === undefined ? text[at] : found[1];
    at += found === undefined ? 1 : found[0].length;
  }
  return result;
}
