/** What of a process' responses is coded in what: as its configuration has it, or the rules that came with a connection. */

import {
  type Compression,
  COMPRESSION_CODINGS,
  COMPRESSION_DEFAULTS,
  type CompressionCoding,
} from "../../config/compression.ts";
import type { FieldOperation } from "../../rules/fields.ts";

/** What becomes of the entity tag of content that is coded. Only a weak one is true of it (RFC 9110, 8.8.1). */
export type TagChange = "weaken" | "keep" | "remove";

/** One coding, and what is coded in it. */
export interface Filter {
  readonly coding: CompressionCoding;
  /** As {@linkcode Compression.types}. */
  readonly types: ReadonlySet<string>;
  readonly level: number;
  readonly tag: TagChange;
  /** Whether responses of other statuses than 200 are coded, too. */
  readonly others: boolean;
}

/** Filters, the better first, and the least content that they are for. */
export interface Filters {
  readonly list: readonly Filter[];
  readonly minLength: number;
}

/** Bytes of content below which rules leave it as it is: of less than some sixty, httpd makes nothing smaller either. */
const LEAST = 64;

/** Those of a process. */
export function filtersOf({ codings, types, levels, minLength }: Compression): Filters {
  const all = new Set(types);
  const list = codings.map((coding): Filter => ({
    coding,
    types: all,
    level: levels[coding],
    tag: "weaken",
    others: true,
  }));
  return { list, minLength };
}

/**
 * Those of rules: operations of the action `compress`, whose name is a coding, and whose value has words, `level=6`,
 * `etag=keep` and types. `none` ends what was said of all types before.
 *
 * @returns nothing where there are none
 */
export function filtersBy(operations: readonly FieldOperation[]): Filters | undefined {
  let list: Filter[] = [];
  for (const { action, name, value = "" } of operations) {
    if (action !== "compress") continue;
    if (name === "none") list = list.filter(({ types }) => !types.has("*"));
    const coding = COMPRESSION_CODINGS.find((one) => one === name);
    if (coding === undefined) continue;
    const words = value.split(" ").filter((word) => word !== "");
    const said = (key: string) => words.find((word) => word.startsWith(`${key}=`))?.slice(key.length + 1);
    const tag = said("etag");
    const types = new Set(words.filter((word) => !word.includes("=")));
    // Of one coding, the types of a section take the place of those around it.
    const at = types.has("*") ? -1 : list.findIndex((one) => one.coding === coding && !one.types.has("*"));
    list.splice(at < 0 ? list.length : at, at < 0 ? 0 : 1, {
      coding,
      types,
      level: Number(said("level") ?? COMPRESSION_DEFAULTS.levels[coding]),
      tag: tag === "keep" || tag === "remove" ? tag : "weaken",
      // As httpd has it: who goes by types leaves them alone.
      others: types.has("*"),
    });
  }
  if (list.length === 0) return undefined;
  // What is for everything comes before what goes by types, as httpd has it.
  const isForAll = ({ types }: Filter) => types.has("*");
  list.sort((a, b) => Number(isForAll(b)) - Number(isForAll(a)));
  return { list, minLength: LEAST };
}
