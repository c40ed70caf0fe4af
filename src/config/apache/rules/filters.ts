/** Compression in Apache's words: SetOutputFilter, AddOutputFilterByType and AddOutputFilter with DEFLATE and BROTLI_COMPRESS. */

import type { FieldRule } from "../../../rules/model.ts";
import { type CompressionCoding, readTypes } from "../../compression.ts";
import type { Faults } from "../faults.ts";
import type { Directive } from "../tree.ts";
import { readCondition } from "./reading.ts";

/** Filters that code content, and the codings that they make. */
const CODINGS: Readonly<Record<string, CompressionCoding>> = { deflate: "gzip", brotli_compress: "br" };

/** Undoes what a server behind has done, to have it done again. Here that stays as it is. */
const UNDOING = "inflate";

const NAMES: ReadonlySet<string> = new Set(["setoutputfilter", "addoutputfilterbytype", "addoutputfilter"]);

const filtersIn = ({ args: [names = ""] }: Directive) => names.toLowerCase().split(";");

/** Whether a directive has content compressed, whatever else it says. */
export function isCompressing(directive: Directive): boolean {
  return NAMES.has(directive.name.toLowerCase()) && filtersIn(directive).some((filter) => filter in CODINGS);
}

/** Collects what one server or section says of it. */
export class FilterWords {
  /** Of all that is sent, and by the ends of names. */
  readonly #rules: FieldRule[] = [];
  readonly #types = new Map<CompressionCoding, readonly string[]>();

  constructor(readonly faults: Faults) {}

  /** Takes a directive in. @returns whether it is one of these */
  take(directive: Directive): boolean {
    if (!isCompressing(directive)) return false;
    const filters = filtersIn(directive);
    const others = filters.filter((filter) => !(filter in CODINGS) && filter !== UNDOING);
    if (others.length > 0) {
      this.faults.notDone(directive, `${directive.name} ${others.join(";").toUpperCase()}`, "changes");
    }
    const codings = filters.flatMap((filter) => CODINGS[filter] ?? []);
    const words = directive.args.slice(1);
    switch (directive.name.toLowerCase()) {
      case "setoutputfilter":
        // It takes the place of another one.
        this.#rules.push({ action: "compress", name: "none" });
        for (const name of codings) this.#rules.push({ action: "compress", name, value: ["*"] });
        return true;
      case "addoutputfilterbytype": {
        const types = this.faults.take(readTypes(words), directive);
        for (const coding of types === undefined ? [] : codings) {
          this.#types.set(coding, [...this.#types.get(coding) ?? [], ...types!]);
        }
        return true;
      }
    }
    const endings = words.map((word) => word.replace(/^\./, "").replace(/[^\w]/g, "\\$&"));
    const condition = this.faults.take(
      readCondition(`%{REQUEST_URI} =~ m#\\.(?:${endings.join("|")})(?:\\.[^/]*)?$#i`),
      directive,
    );
    for (const name of condition === undefined ? [] : codings) {
      this.#rules.push({ action: "compress", name, value: ["*"], condition: condition! });
    }
    return true;
  }

  /** What it comes to. Of one filter, the types of a section take the place of those around it, as httpd has it. */
  rules(): FieldRule[] {
    const byType = [...this.#types].map(([name, types]): FieldRule => ({
      action: "compress",
      name,
      value: [types.join(" ")],
    }));
    return [...this.#rules, ...byType];
  }
}

/** Each with the number of its arguments, and what they are, for people. */
export const COMPRESSION_DIRECTIVES = [
  ["DeflateCompressionLevel", 1, 1, "a number from 1 to 9"],
  ["DeflateAlterETag", 1, 1, "AddSuffix, NoChange or Remove"],
  ["BrotliCompressionQuality", 1, 1, "a number from 0 to 11"],
  ["BrotliAlterETag", 1, 1, "AddSuffix, NoChange or Remove"],
] as const;

/** How a filter of httpd codes where nothing is said. */
const USUAL = { gzip: "level=6", br: "level=5" } as const;

/** Collects what a server says of levels and of tags. */
export class CompressionWords {
  readonly #levels = new Map<string, string>();
  readonly #tags = new Map<string, string>();

  constructor(readonly faults: Faults) {}

  /** Takes a directive in; others are left alone. @returns whether it was one of these */
  take(directive: Directive): boolean {
    const [, filter, key] =
      /^(deflate|brotli)(compressionlevel|compressionquality|alteretag)$/i.exec(directive.name) ?? [];
    if (filter === undefined || !COMPRESSION_DIRECTIVES.some(([name]) => equal(name, directive.name))) {
      return false;
    }
    const coding = equal(filter, "deflate") ? "gzip" : "br";
    const [value = ""] = directive.args;
    if (equal(key!, "alteretag")) {
      const tag = { addsuffix: "", nochange: "etag=keep", remove: "etag=remove" }[value.toLowerCase()];
      if (tag === undefined) {
        this.faults.add(directive, `Found "${value}"; write AddSuffix, NoChange or Remove`);
      } else this.#tags.set(coding, tag);
      return true;
    }
    const [least, most] = coding === "gzip" ? [1, 9] : [0, 11];
    if (!/^\d+$/.test(value) || Number(value) < least || Number(value) > most) {
      this.faults.add(directive, `Found "${value}"; write a number from ${least} to ${most}`);
    } else this.#levels.set(coding, `level=${Number(value)}`);
    return true;
  }

  /** Puts it into rules of a server. @param around what is said outside of it */
  complete(rule: FieldRule, around: CompressionWords): FieldRule {
    const { action, name, value } = rule;
    if (action !== "compress" || value === undefined) return rule;
    const level = this.#levels.get(name) ?? around.#levels.get(name) ?? USUAL[name as keyof typeof USUAL];
    const tag = this.#tags.get(name) ?? around.#tags.get(name) ?? "";
    return { ...rule, value: [[level, tag, ...value].filter((word) => word !== "").join(" ")] };
  }
}

function equal(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
