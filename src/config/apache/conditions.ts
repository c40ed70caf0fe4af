/** Sections that hold if something is true, and then are as if they were not there. */

import type { Place } from "./lines.ts";
import type { Modules } from "./modules.ts";
import type { Directive } from "./tree.ts";

/** Their names, in lower case. */
export const CONDITIONS = ["ifmodule", "ifdefine", "ifversion", "iffile", "ifdirective", "ifsection"];

/** The version of httpd that `<IfVersion>` compares with: the one whose syntax is understood. */
const VERSION = [2, 4, 62];

/** What conditions ask about. */
export interface Circumstances {
  readonly modules: Modules;
  isDefined(name: string): boolean;
  /** Whether there is a file. @param path as written */
  isFile(path: string): boolean;
  /** Whether a directive, or a section (`<if`), is known. @param key in lower case */
  isKnown(key: string): boolean;
}

/** A directive, or the beginning of a section, where a condition does not hold. */
export interface LeftOutItem extends Place {
  readonly name: string;
  /** Its first argument as written; empty where it has none. */
  readonly first: string;
  /** In how many sections it stands, so that what stands in a section follows it with a greater one. */
  readonly depth: number;
  /** Whether it lets everybody in: without it less is open. */
  readonly grants: boolean;
}

/** A section whose condition does not hold, with what stands in it. */
export interface LeftOut {
  readonly section: Directive;
  /** Names as they are written, `<VirtualHost` for a section; conditions in it are looked through. */
  readonly items: readonly LeftOutItem[];
  /** Whether any httpd would leave it out as well. */
  readonly surely: boolean;
}

/** Whether a condition holds. */
export function holds({ name, args }: Directive, circumstances: Circumstances): boolean {
  const [first = "", second] = args;
  const no = first.startsWith("!");
  const what = no ? first.slice(1) : first;
  switch (name.toLowerCase()) {
    case "ifmodule":
      return circumstances.modules.has(what) !== no;
    case "ifdefine":
      return circumstances.isDefined(what) !== no;
    case "iffile":
      return circumstances.isFile(what) !== no;
    case "ifversion":
      return compare(first, second);
    case "ifsection":
      return circumstances.isKnown(`<${what.replace(/^<|>$/g, "").toLowerCase()}`) !== no;
    default:
      return circumstances.isKnown(what.toLowerCase()) !== no;
  }
}

/**
 * Whether httpd would leave out what does not hold here as well: what depends on its version, on files, on a module that it
 * does not load, or on something that is not there but is here.
 */
export function surelyLeftOut({ name, args: [first = ""] }: Directive, modules: Modules): boolean {
  const key = name.toLowerCase();
  return key === "ifversion" || key === "iffile" || first.startsWith("!") ||
    key === "ifmodule" && modules.areAll;
}

/** `>= 2.4`, or a version that it has to be. */
function compare(operator: string, version: string | undefined): boolean {
  const [sign, wanted] = version === undefined ? ["=", operator] : [operator, version];
  if (!/^\d+(\.\d+)*$/.test(wanted)) return false;
  let order = 0;
  for (const [index, part] of wanted.split(".").entries()) order ||= (VERSION[index] ?? 0) - Number(part);
  const no = sign.startsWith("!");
  const test = no ? sign.slice(1) : sign;
  const result = test === ">"
    ? order > 0
    : test === ">="
    ? order >= 0
    : test === "<"
    ? order < 0
    : test === "<="
    ? order <= 0
    : order === 0;
  return result !== no;
}
