/** Until when what is answered counts (mod_expires). */

import { httpDate } from "../http/response_head.ts";

/** A field as it stands in a head. */
type Field = readonly [name: string, value: string];

/** A time from when somebody asks, or from when the file was changed. */
export interface Expiry {
  readonly from: "access" | "modification";
  readonly seconds: number;
}

/** What one part of a configuration says of it. What is missing is left to the parts before. */
export interface ExpiryRules {
  readonly active?: boolean;
  /** By types in lower case, `text/*` among them. */
  readonly types?: Readonly<Record<string, Expiry>>;
  readonly otherwise?: Expiry;
}

/** All that holds, the last word on everything. */
export function mergeExpiry(rules: readonly ExpiryRules[]): ExpiryRules {
  return rules.reduce((all, one) => ({ ...all, ...one, types: { ...all.types, ...one.types } }), {});
}

/**
 * Adds `Expires`, and how many seconds that is to `Cache-Control`, unless somebody has said until when it counts, or it is
 * an error.
 *
 * @param ofFile whether there is a file that may have been changed
 * @param now milliseconds since 1970
 */
export function expiring(
  fields: readonly Field[],
  rules: ExpiryRules,
  status: number,
  ofFile: boolean,
  now: number,
): Field[] {
  const valueOf = (name: string) => fields.find(([own]) => own.toLowerCase() === name)?.[1];
  if (status >= 400 || valueOf("expires") !== undefined) return [...fields];
  const type = valueOf("content-type")?.replace(/[;,][^]*$/, "").trim().toLowerCase() ?? "";
  // Which type it has is not said of what the client has already.
  if (type === "" && status === 304) return [...fields];
  const { types = {} } = rules;
  const expiry = types[type] ?? types[type.replace(/\/[^]*$/, "/*")] ?? rules.otherwise;
  if (expiry === undefined) return [...fields];
  const modified = Date.parse(valueOf("last-modified") ?? "");
  if (expiry.from === "modification" && !(ofFile && Number.isFinite(modified))) return [...fields];
  const base = expiry.from === "access" ? now : modified;
  const until = Math.max(now, base + expiry.seconds * 1_000);
  const age = `max-age=${Math.floor((until - now) / 1_000)}`;
  const control = fields.filter(([own]) => own.toLowerCase() === "cache-control").map(([, value]) => value);
  return [
    ...fields.filter(([own]) => own.toLowerCase() !== "cache-control"),
    ["Cache-Control", [...control, age].join(", ")],
    ["Expires", httpDate(until)],
  ];
}
