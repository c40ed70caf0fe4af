/** Which responses are made smaller, and what their heads say then. No bytes of content are looked at. */

import { parseAcceptEncoding, rankCodings } from "../../http/accept_encoding.ts";
import type { CompressionCoding } from "../../config/compression.ts";
import type { Field } from "../http/head_text.ts";
import type { Filter, Filters } from "./filters.ts";

/** What of a request matters. */
export interface Asked {
  /** The first field of a name. @param name in lower case */
  field(name: string): string | undefined;
  /** Variables that rules of the front have set. */
  readonly rules?: { readonly variables: Readonly<Record<string, string>> } | undefined;
}

/** A response for whose content there is a coding. */
export interface Choice {
  /** How it is coded; undefined where it stays as it is, though for another client it would not. */
  readonly filter: Filter | undefined;
  /** Its fields as long as it is not coded. */
  readonly fields: readonly Field[];
}

/** Responses without content, and parts of one: a part is one of the content as it is (RFC 9110, 15.3.7). */
const EXEMPT: ReadonlySet<number> = new Set([204, 205, 206, 304]);

/** Fields that would not be true of the coded content: sums of it (RFC 9530; RFC 3230), and that it has ranges. */
const UNTRUE: ReadonlySet<string> = new Set([
  "accept-ranges",
  "content-digest",
  "content-length",
  "content-md5",
  "digest",
  "repr-digest",
]);

/** One value of a list in a field, anywhere in it. Linear: nothing in it is optional twice. */
const NO_TRANSFORM = /(?:^|[,\s])no-transform(?:[,\s]|$)/i;
const VARIES = /(?:^|[,\s])(?:accept-encoding|\*)(?:[,\s]|$)/i;

const NONE: Readonly<Record<string, string>> = {};

/** Values of Accept-Encoding that are remembered, and how long one may be. */
const MOST_KNOWN = 200;
const LONGEST_KNOWN = 100;

/** Chooses by one set of filters. */
export class Chooser {
  /** Weights by what clients accept: these are of few kinds, and all of a kind send the same. */
  readonly #known = new Map<string, ReadonlyMap<string, number>>();

  constructor(readonly filters: Filters) {}

  /**
   * Decides about a response.
   *
   * @param length bytes of its content, where that is known
   * @returns nothing for a response that nobody would get in another form
   */
  choose(
    asked: Asked,
    status: number,
    fields: readonly Field[],
    length: number | undefined,
  ): Choice | undefined {
    if (status === 304) return unchanged(asked, fields);
    if (status < 200 || EXEMPT.has(status)) return undefined;
    if (length !== undefined && length < Math.max(1, this.filters.minLength)) return undefined;
    const variables = asked.rules?.variables ?? NONE;
    const type = typeOf(fields);
    if (type === undefined) return undefined;
    const concerned = this.filters.list.filter(({ types, coding, others }) =>
      (others || status === 200) && isOf(types, type) && !isKept(coding, type, variables)
    );
    if (concerned.length === 0) return undefined;
    const weights = this.#weights(asked.field("accept-encoding") ?? "");
    const [coding] = rankCodings(weights, concerned.map((one) => one.coding));
    const filter = concerned.find((one) => one.coding === coding);
    return { filter, fields: variables["dont-vary"] === undefined ? varied(fields) : fields };
  }

  #weights(accepted: string): ReadonlyMap<string, number> {
    const known = this.#known.get(accepted);
    if (known !== undefined) return known;
    const weights = parseAcceptEncoding(accepted);
    if (this.#known.size < MOST_KNOWN && accepted.length <= LONGEST_KNOWN) this.#known.set(accepted, weights);
    return weights;
  }
}

/**
 * The type of content that may be coded, in lower case, empty where it has none; undefined for content that has been coded,
 * is a part, or is to stay as it is.
 */
function typeOf(fields: readonly Field[]): string | undefined {
  let type = "";
  for (const [name, value] of fields) {
    switch (name.toLowerCase()) {
      case "content-type":
        type = value.split(";", 1)[0]!.trim().toLowerCase();
        break;
      case "content-encoding":
        if (value.trim().toLowerCase() !== "identity") return undefined;
        break;
      case "content-range":
        return undefined;
      case "cache-control":
        // RFC 9111, 5.2.2.6.
        if (NO_TRANSFORM.test(value)) return undefined;
    }
  }
  return type;
}

/** Whether rules keep content as it is, by the variables of mod_deflate and mod_brotli. */
function isKept(
  coding: CompressionCoding,
  type: string,
  variables: Readonly<Record<string, string>>,
): boolean {
  if (coding === "br") return variables["no-brotli"] !== undefined;
  return variables["no-gzip"] !== undefined ||
    variables["gzip-only-text/html"] !== undefined && type !== "text/html";
}

function isOf(types: ReadonlySet<string>, type: string): boolean {
  return types.has("*") || types.has(type) || types.has(`${type.split("/", 1)[0]}/*`);
}

/**
 * That a client has the current version says what 200 would have said (RFC 9110, 15.4.5): where it has shown a weak tag
 * for one that is strong here, it has been given coded content with that, and is to find it again by the same.
 */
function unchanged(asked: Asked, fields: readonly Field[]): Choice | undefined {
  const tag = fields.find(([name]) => name.toLowerCase() === "etag")?.[1];
  if (tag === undefined || tag.startsWith("W/")) return undefined;
  if (!asked.field("if-none-match")?.includes(`W/${tag}`)) return undefined;
  return { filter: undefined, fields: varied(fields.map((field) => changed(field, "weaken"))) };
}

/** Tells caches that the content depends on what a client accepts (RFC 9110, 12.5.5). */
function varied(fields: readonly Field[]): readonly Field[] {
  const at = fields.findIndex(([name]) => name.toLowerCase() === "vary");
  if (at < 0) return [...fields, ["Vary", "Accept-Encoding"]];
  if (fields.some(([name, value]) => name.toLowerCase() === "vary" && VARIES.test(value))) return fields;
  return fields.with(at, [fields[at]![0], `${fields[at]![1]}, Accept-Encoding`]);
}

/** The fields of coded content. */
export function codedFields(fields: readonly Field[], { coding, tag }: Filter): readonly Field[] {
  const kept = fields.filter(([name]) => {
    const lower = name.toLowerCase();
    return !UNTRUE.has(lower) && lower !== "content-encoding" && !(lower === "etag" && tag === "remove");
  });
  return [...kept.map((field) => changed(field, tag)), ["Content-Encoding", coding]];
}

function changed(field: Field, tag: Filter["tag"]): Field {
  const [name, value] = field;
  return tag === "weaken" && name.toLowerCase() === "etag" && !value.startsWith("W/")
    ? [name, `W/${value}`]
    : field;
}
