/**
 * Reads Apache configuration files into a tree. Conditions are decided, variables filled in and files included while
 * reading, in the order of the lines, as httpd does: a Define has no effect on what stands before it.
 */

import { quote } from "../reading.ts";
import {
  type Circumstances,
  CONDITIONS,
  holds,
  type LeftOut,
  type LeftOutItem,
  surelyLeftOut,
} from "./conditions.ts";
import { type Faults, isComplete, type Spot } from "./faults.ts";
import { type Line, linesOf, wordsOf } from "./lines.ts";
import { Modules } from "./modules.ts";
import type { Directive, Item, Section } from "./tree.ts";
import { Variables } from "./variables.ts";

/** What reading needs of the world. */
export interface World {
  /** The value of an environment variable. */
  environment(name: string): string | undefined;
  /**
   * The files that a pattern of Include stands for, in order; a directory stands for all that is in it.
   *
   * @param pattern an absolute path, in which `*`, `?` and `[…]` may stand
   */
  files(pattern: string): readonly string[];
  /** The text of a file. @throws {Error} whose message says why it cannot be read */
  read(path: string): string;
}

/** As many files within files as httpd takes. */
const DEEPEST = 128;

/** A section that is being read. */
interface Open {
  readonly section: Directive;
  readonly children: Item[];
  /** A condition: what stands in it belongs to the section around it. */
  readonly condition: boolean;
  /** What stands in it, where the condition does not hold. */
  readonly leftOut?: LeftOutItem[];
}

/** Reads one configuration. */
export class Reader {
  readonly modules: Modules = new Modules();
  /** What conditions have kept out. */
  readonly leftOut: LeftOut[] = [];
  readonly #variables: Variables;
  readonly #faults: Faults;
  readonly #world: World;
  readonly #isKnown: Circumstances["isKnown"];
  /** Makes the path of an included file absolute; ServerRoot changes what it is relative to. */
  #absolute: (path: string) => string;
  #stack: Open[] = [];
  /** Sections within one whose condition does not hold. */
  #skipped = 0;
  #depth = 0;

  /** @param isKnown whether a directive, or a section with `<` in front, has an effect here */
  constructor(
    faults: Faults,
    world: World,
    absolute: (path: string) => string,
    defines: readonly string[],
    isKnown: Circumstances["isKnown"] = () => false,
  ) {
    this.#faults = faults;
    this.#world = world;
    this.#absolute = absolute;
    this.#isKnown = isKnown;
    const envvars = () => {
      // A site of Debian's tree has it one directory above.
      const path = ["envvars", "../envvars"].map(this.#absolute)
        .find((path) => world.files(path).includes(path));
      return path === undefined ? undefined : world.read(path);
    };
    this.#variables = new Variables({ environment: (name) => world.environment(name), envvars }, defines);
  }

  /** Reads a whole configuration. */
  read(text: string, file: string): Item[] {
    const items: Item[] = [];
    this.#file(text, file, items);
    return items;
  }

  /** Reads a file; every section that begins in it has to end in it. */
  #file(text: string, file: string, items: Item[]): void {
    const outer = this.#stack;
    const skippedOutside = this.#skipped;
    const base: Open = { section: { file, line: 0, name: "", args: [] }, children: items, condition: false };
    this.#stack = [base];
    this.#skipped = 0;
    for (const line of linesOf(text, file)) this.#line(line);
    for (const { section } of this.#stack.slice(1).reverse()) {
      this.#faults.add(section, `Found a section without an end; write </${section.name}> behind it`);
    }
    this.#stack = outer;
    this.#skipped = skippedOutside;
  }

  #line(line: Line): void {
    const closing = /^<\/([^\s>]*)\s*>?\s*(.*)$/.exec(line.text);
    const opening = closing === null ? /^<([^\s>]*)([^]*)$/.exec(line.text) : null;
    if (this.#skipped > 0) {
      // Within what does not hold only the sections count: what else stands there may be of a module that is not loaded.
      if (closing === null) this.#leaveOut(line);
      if (opening !== null) this.#skipped++;
      else if (closing !== null && --this.#skipped === 0) return this.#close(line, closing[1]!);
      return;
    }
    if (closing !== null) return this.#close(line, closing[1]!);
    if (opening !== null) return this.#open(line, opening[1]!, opening[2]!);
    const [, name = "", rest = ""] = /^(\S+)\s*([^]*)$/.exec(line.text)!;
    const directive = this.#withArguments({ file: line.file, line: line.line, name }, rest);
    if (directive !== undefined) this.#directive(directive);
  }

  #leaveOut({ file, line, text }: Line): void {
    const [, name = "", first = ""] = /^(<?[^\s>]+)\s*(\S*)/.exec(text) ?? [];
    if (CONDITIONS.includes(name.slice(1).toLowerCase())) return;
    const grants = /^(require\s+all\s+granted|allow\s+from\s+all|satisfy\s+any)\s*$/i.test(text);
    this.#stack.at(-1)!.leftOut?.push({ file, line, name, first, depth: this.#skipped, grants });
  }

  /** A directive with what follows its name: variables filled in, those of Define, then those of the environment. */
  #withArguments(spot: Spot & { readonly name: string }, text: string): Directive | undefined {
    const unset: string[] = [];
    const filled = text.replace(/\$\{([^}]*)\}/g, (whole, name: string) => {
      const value = this.#variables.get(name);
      // With a colon it is no variable, but a map of mod_rewrite.
      if (value === undefined && !name.includes(":")) unset.push(name);
      return value ?? whole;
    });
    const words = wordsOf(filled);
    if ("words" in words) return { ...spot, args: words.words, ...unset.length > 0 ? { unset } : {} };
    this.#faults.add(spot, words.fault);
    return undefined;
  }

  #open(line: Line, name: string, rest: string): void {
    const spot = { file: line.file, line: line.line, name };
    if (name === "") {
      return this.#faults.add(line, `Found "<" without the name of a section; write one, or remove it`);
    }
    // What follows the last ">" says nothing: people write comments there.
    const end = rest.lastIndexOf(">");
    if (end < 0) {
      this.#faults.add(spot, `Found a section without a ">" at the end of its line; write one there`);
    }
    const section = this.#withArguments(spot, end < 0 ? rest : rest.slice(0, end)) ?? { ...spot, args: [] };
    const condition = CONDITIONS.includes(name.toLowerCase());
    const children = condition ? this.#stack.at(-1)!.children : [];
    const isLeftOut = condition && !holds(section, this.#circumstances);
    this.#stack.push({ section, children, condition, ...isLeftOut ? { leftOut: [] } : {} });
    if (isLeftOut) this.#skipped = 1;
  }

  #close(line: Line, name: string): void {
    const spot = { file: line.file, line: line.line, name: `/${name}` };
    const open = this.#stack.at(-1)!;
    if (this.#stack.length === 1) {
      return this.#faults.add(
        spot,
        `Found the end of a section that does not begin; remove it, or write <${name}> before it`,
      );
    }
    if (open.section.name.toLowerCase() !== name.toLowerCase()) {
      this.#faults.add(
        spot,
        `Found the end of another section than <${open.section.name}> of line ${open.section.line}; write </${open.section.name}>`,
      );
      // Whichever is meant: where the name is that of a section further out, that one ends too.
      const place = this.#stack.findLastIndex(({ section }) =>
        section.name.toLowerCase() === name.toLowerCase()
      );
      if (place < 1) return;
      while (this.#stack.length > place + 1) this.#finish();
    }
    this.#finish();
  }

  #finish(): void {
    const { section, children, condition, leftOut } = this.#stack.pop()!;
    if (leftOut !== undefined) {
      this.leftOut.push({ section, items: leftOut, surely: surelyLeftOut(section, this.modules) });
    }
    if (!condition) this.#stack.at(-1)!.children.push({ ...section, children } satisfies Section);
  }

  #directive(directive: Directive): void {
    const { args } = directive;
    switch (directive.name.toLowerCase()) {
      case "define":
        if (args.length < 1 || args.length > 2) {
          return this.#faults.add(
            directive,
            "Takes a name and a value; write them, in quotes where there is white space in it",
          );
        }
        if (isComplete(directive, this.#faults)) this.#variables.define(args[0]!, args[1] ?? "");
        return;
      case "undefine":
        this.#variables.undefine(args[0] ?? "");
        return;
      case "include":
      case "includeoptional":
        return this.#include(directive);
      case "loadmodule":
        this.modules.load(args[0] ?? "");
        break;
      case "serverroot": {
        const root = this.#absolute(args[0] ?? "");
        this.#absolute = (path) => path.startsWith("/") ? path : `${root}/${path}`;
        break;
      }
      case "error":
        return this.#faults.add(
          directive,
          `The configuration itself says that it cannot be used: ${
            quote(args.join(" "))
          }; do what that asks for`,
        );
    }
    this.#stack.at(-1)!.children.push(directive);
  }

  #include(directive: Directive): void {
    if (!isComplete(directive, this.#faults)) return;
    const [pattern] = directive.args;
    if (pattern === undefined || pattern === "") {
      return this.#faults.add(directive, "Takes the path of a file; write it, or remove the line");
    }
    if (this.#depth >= DEEPEST) {
      return this.#faults.add(
        directive,
        `Found files that include each other, ${DEEPEST} deep; remove the line that closes the circle`,
      );
    }
    const path = this.#absolute(pattern);
    const optional = directive.name.toLowerCase() === "includeoptional";
    const files = this.#world.files(path);
    if (files.length === 0) {
      if (optional) return;
      return this.#faults.add(
        directive,
        `Cannot find ${quote(path)}; write the path of a file, or IncludeOptional where it may be missing`,
      );
    }
    this.#depth++;
    for (const file of files) {
      try {
        this.#file(this.#world.read(file), file, this.#stack.at(-1)!.children);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        this.#faults.add(
          directive,
          `Cannot read ${quote(file)} (${reason}); make it readable, or leave it out`,
        );
      }
    }
    this.#depth--;
  }

  get #circumstances(): Circumstances {
    return {
      modules: this.modules,
      isDefined: (name) => this.#variables.isDefined(name),
      isFile: (path) => this.#world.files(this.#absolute(path)).length > 0,
      isKnown: this.#isKnown,
    };
  }
}
