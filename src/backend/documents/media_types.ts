/** What a file is, by all the endings of its name, as mod_mime has it. */

import mime from "mime";
import { endingsOf } from "../../config/handlers.ts";
import type { MergedSettings } from "./settings.ts";

/** Types by the end of a name, in small letters. */
export type TypeTable = ReadonlyMap<string, string>;

/** Reads a table in the form of mime.types: a type, and the endings of its files. */
export function readTypes(text: string): TypeTable {
  const table = new Map<string, string>();
  for (const line of text.split("\n")) {
    if (line.startsWith("#")) continue;
    const [type = "", ...endings] = line.trim().split(/\s+/);
    for (const ending of endings) table.set(ending.toLowerCase(), type);
  }
  return table;
}

/** What its endings say of a file. */
export interface MediaType {
  /** With a charset where there is one; undefined where none is known. */
  readonly type: string | undefined;
  readonly encoding: string | undefined;
  readonly language: string | undefined;
}

/**
 * Finds it out. Each ending counts, in order: `a.html.en` is HTML in English. Of two that say the same thing the later one
 * has it.
 *
 * @param name the last part of the file's name
 * @param table undefined for what is built in
 */
export function mediaTypeOf(name: string, settings: MergedSettings, table: TypeTable | undefined): MediaType {
  let type: string | undefined;
  let charset: string | undefined;
  let language: string | undefined;
  const encodings: string[] = [];
  for (const ending of endingsOf(name)) {
    type = own(settings.types, ending) ?? typeOf(ending, table) ?? type;
    charset = own(settings.charsets, ending) ?? charset;
    language = own(settings.languages, ending) ?? language;
    const encoding = own(settings.encodings, ending);
    if (encoding !== undefined) encodings.push(encoding);
  }
  const { forceType } = settings;
  if (forceType !== false) type = forceType;
  return {
    type: type === undefined ? undefined : withCharset(type, charset, settings.charset),
    encoding: encodings.length === 0 ? undefined : encodings.join(", "),
    language,
  };
}

function typeOf(ending: string, table: TypeTable | undefined): string | undefined {
  return table === undefined ? mime.getType(ending) ?? undefined : table.get(ending);
}

function own(table: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

/** @param usual for text that has none */
function withCharset(type: string, charset: string | undefined, usual: string | false): string {
  if (/;\s*charset=/i.test(type)) return type;
  if (charset !== undefined) return `${type}; charset=${charset}`;
  return usual !== false && /^text\/(plain|html)$/i.test(type) ? `${type}; charset=${usual}` : type;
}
