/** `<Directory>`, `<Files>` and their like: what they say, once it is known which files are served. */

import type { FilePlace } from "../../../rules/file_place.ts";
import { judge } from "../directives.ts";
import { readExpression } from "../expressions.ts";
import type { Faults } from "../faults.ts";
import { isPattern } from "../glob.ts";
import { Draft, type DraftWorld } from "../rules/draft.ts";
import { type Directive, isSection, type Item, type Section } from "../tree.ts";
import { FileWords } from "./file_words.ts";
import { handedOnBy } from "./handler_words.ts";

/** A section, as it is read. */
export interface FileSection {
  readonly place: FilePlace;
  readonly spot: Section;
  readonly words: FileWords;
  readonly draft: Draft;
  /** Whether what it says of who may ask is said anew for all that is served. */
  readonly covered?: true;
}

/** Whether a section is about files. */
export function isFileSection({ name }: Section): boolean {
  return /^(directory|files)(match)?$/i.test(name);
}

/** Reads them, each once, however many servers it is about. */
export class FileSectionReader {
  readonly #read = new Map<Section, readonly FileSection[]>();

  constructor(readonly faults: Faults, readonly world: DraftWorld) {}

  /**
   * The sections of a server, in the order in which later ones take the place of earlier ones: directories from the
   * shortest name to the longest, expressions for them, names of files.
   *
   * @param sections those of the main server before its own
   * @param roots the names of what is served, with slashes at their ends; undefined where that can be anything
   */
  inOrder(sections: readonly Section[], roots: readonly string[] | undefined): FileSection[] {
    const read = sections.flatMap((section) => this.#isServed(section, roots) ? this.#sections(section) : []);
    const rank = ({ place: { directory, pattern, name } }: FileSection) =>
      name !== undefined && directory === undefined && pattern === undefined
        ? 2
        : pattern !== undefined
        ? 1
        : 0;
    const depth = ({ place: { directory = "" } }: FileSection) => directory.split("/").length;
    // Stable: of equal ones the later one counts.
    return read.toSorted((a, b) => rank(a) - rank(b) || (rank(a) === 0 ? depth(a) - depth(b) : 0));
  }

  /** Whether a section is about anything that is served: of others nobody needs to hear. */
  #isServed(section: Section, roots: readonly string[] | undefined): boolean {
    if (roots === undefined) return true;
    if (roots.length === 0) return false;
    const { directory } = this.#place(section) ?? {};
    return directory === undefined ||
      roots.some((root) => root.startsWith(directory) || directory.startsWith(root));
  }

  #sections(section: Section, around: FilePlace = {}): readonly FileSection[] {
    const known = this.#read.get(section);
    if (known !== undefined) return known;
    const own = this.#place(section, this.faults);
    // What nobody can read is about everything: a rule of access must not be lost.
    const place = { ...around, ...own };
    const words = new FileWords(this.faults);
    const draft = new Draft(this.faults, this.world, false);
    const inner: FileSection[] = [];
    for (const item of section.children) {
      const handing = handingOn(item);
      if (handing !== undefined) {
        for (const child of handing) words.take(child);
        continue;
      }
      if (!judge(item, "directory", this.faults)) continue;
      if (isSection(item)) {
        if (isFileSection(item)) inner.push(...this.#sections(item, place));
        else if (!draft.section(item)) {
          this.faults.notDone(item, `<${item.name}> in <${section.name}>`, "changes");
        }
      } else if (!words.take(item) && !draft.directive(item)) {
        this.faults.notDone(
          item,
          `${item.name} in <${section.name}>`,
          item.name.toLowerCase() === "loglevel" ? "none" : "changes",
        );
      }
    }
    const sections = [{ place, spot: section, words, draft }, ...inner];
    this.#read.set(section, sections);
    return sections;
  }

  /** Which files it is about. @param faults where to report what is wrong with it, if that is wanted */
  #place(section: Section, faults?: Faults): FilePlace | undefined {
    const [first = "", second] = section.args;
    const name = section.name.toLowerCase();
    const expression = name.endsWith("match") || first === "~";
    const text = first === "~" ? second ?? "" : first;
    const isName = name.startsWith("files");
    if (!expression && !isName && !isPattern(text)) {
      return { directory: `${this.world.resolve(text).replace(/\/+$/, "")}/` };
    }
    if (!expression && isName && !isPattern(text)) return { name: `^${escaped(text)}$` };
    const source = expression ? text : globSource(text, isName);
    const reading = readExpression(source);
    if (faults === undefined) return "value" in reading ? {} : undefined;
    const pattern = faults.take(reading, section);
    return pattern === undefined ? undefined : isName ? { name: pattern } : { pattern };
  }
}

/**
 * What a condition hands to somebody, as `<If "-f %{REQUEST_FILENAME}">` around SetHandler does: it is taken to hold, so
 * that files are kept back rather than sent.
 *
 * @returns undefined for whatever says anything else
 */
function handingOn(item: Item): readonly Directive[] | undefined {
  if (!isSection(item) || !/^(if|elseif|else)$/i.test(item.name)) return undefined;
  const directives = item.children.flatMap((child) => isSection(child) ? [] : [child]);
  const isAll = directives.length === item.children.length &&
    directives.every(({ name }) => /^(set|add|remove)handler$/i.test(name));
  return isAll ? directives.filter((directive) => handedOnBy(directive) !== undefined) : undefined;
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

/** The expression for a pattern. In the name of a directory nothing stands for a slash. */
function globSource(text: string, isName: boolean): string {
  const any = isName ? "." : "[^/]";
  const source = text.replace(/\/+$/, "").replace(/\[!?[^\]]+\]|[\\^$.*+?()[\]{}|]/g, (part) => {
    if (part === "*") return `${any}*`;
    if (part === "?") return any;
    return part.length > 1 ? part.replace(/^\[!/, "[^").replaceAll("\\", "\\\\") : `\\${part}`;
  });
  return isName ? `^${source}$` : `^${source}/?$`;
}
