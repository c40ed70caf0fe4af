/** Which responses a backend makes smaller on their way, and how. */

import type { BackendKind } from "./kinds.ts";
import { quote, type Reading } from "./reading.ts";

/** A content coding that can be made (RFC 9110, 8.4.1; RFC 7932; RFC 8878), by its registered name. */
export type CompressionCoding = "zstd" | "br" | "gzip";

/** All of them: zstd takes a fraction of the time of the others for content of the same size. */
export const COMPRESSION_CODINGS: readonly CompressionCoding[] = ["zstd", "br", "gzip"];

/** How much work a coding may be: the numbers that its own library has. */
export type CompressionLevels = Readonly<Record<CompressionCoding, number>>;

/** The least and the greatest of them. Zstandard's highest need more memory than clients have to have (RFC 9659). */
export const LEVEL_BOUNDS: Readonly<Record<CompressionCoding, readonly [least: number, most: number]>> = {
  zstd: [1, 19],
  br: [0, 11],
  gzip: [1, 9],
};

/** What is made smaller, and how. */
export interface Compression {
  /** The better first. A client's own weights come before that order. */
  readonly codings: readonly CompressionCoding[];
  /** Media types in lower case, such as `text/html`; `text/*` for all of a kind, `*` for everything. */
  readonly types: readonly string[];
  /** Bytes of content below which it is sent as it is. What has no known length is taken for longer. */
  readonly minLength: number;
  readonly levels: CompressionLevels;
}

/** Types whose content becomes smaller, and is not waited for piece by piece: `text/event-stream` is. */
const TYPES = [
  "text/html",
  "text/css",
  "text/plain",
  "text/xml",
  "text/javascript",
  "text/markdown",
  "text/csv",
  "text/calendar",
  "text/vcard",
  "application/javascript",
  "application/json",
  "application/ld+json",
  "application/manifest+json",
  "application/problem+json",
  "application/vnd.api+json",
  "application/geo+json",
  "application/x-ndjson",
  "application/graphql-response+json",
  "application/xml",
  "application/xhtml+xml",
  "application/rss+xml",
  "application/atom+xml",
  "application/soap+xml",
  "application/wasm",
  "application/vnd.ms-fontobject",
  "font/otf",
  "font/ttf",
  "image/svg+xml",
  "image/bmp",
  "image/x-icon",
  "image/vnd.microsoft.icon",
] as const;

/** What applies where a configuration says nothing else. */
export const COMPRESSION_DEFAULTS: Compression = {
  codings: COMPRESSION_CODINGS,
  types: TYPES,
  minLength: 256,
  levels: { zstd: 3, br: 4, gzip: 6 },
};

/** What is said of it, with everything else as it is unless said. */
export type CompressionWishes = Partial<Omit<Compression, "levels">> & {
  readonly levels?: Partial<CompressionLevels>;
};

/** All of it. */
export function compressionOf(wishes: CompressionWishes): Compression {
  return {
    ...COMPRESSION_DEFAULTS,
    ...wishes,
    levels: { ...COMPRESSION_DEFAULTS.levels, ...wishes.levels },
  };
}

/** Whether a text is a media type, as {@linkcode Compression.types} has them. */
function isMediaRange(text: string): boolean {
  return text === "*" || /^[a-z0-9!#$&^_.+-]{1,127}\/(?:\*|[a-z0-9!#$&^_.+-]{1,127})$/.test(text);
}

/** Whether a kind answers requests itself, so that there is something to be made smaller. */
export function hasCompression(kind: BackendKind): boolean {
  switch (kind.kind) {
    case "fetch":
    case "static":
    case "fastcgi":
    case "documents":
      return true;
    case "relay":
      return kind.plain === undefined;
    case "exec":
      return kind.cgi === true;
    case "tls":
      return false;
  }
}

/** A list of codings, as words. */
export function readCodings(words: readonly string[]): Reading<readonly CompressionCoding[]> {
  const strange = words.find((word) => !COMPRESSION_CODINGS.some((coding) => coding === word));
  const known = `write some of ${COMPRESSION_CODINGS.join(", ")}`;
  if (words.length === 0) return { fault: `Found no coding; ${known}` };
  if (strange !== undefined) return { fault: `Cannot compress with ${quote(strange)}; ${known}` };
  if (new Set(words).size < words.length) return { fault: "Found a coding twice; write each once" };
  return { value: words as readonly CompressionCoding[] };
}

/** A list of media types, in any case. */
export function readTypes(words: readonly string[]): Reading<readonly string[]> {
  const types = words.map((word) => word.toLowerCase());
  const example = 'write one such as "text/html", "text/*", or "*" for all';
  if (types.length === 0) return { fault: `Found no type; ${example}` };
  const strange = types.find((type) => !isMediaRange(type));
  return strange === undefined
    ? { value: types }
    : { fault: `Cannot use ${quote(strange)} as a media type; ${example}` };
}

/** The level of a coding. */
export function readLevel(coding: string, level: number): Reading<Partial<CompressionLevels>> {
  const known = COMPRESSION_CODINGS.find((one) => one === coding);
  if (known === undefined) {
    return {
      fault: `Cannot compress with ${quote(coding)}; write some of ${COMPRESSION_CODINGS.join(", ")}`,
    };
  }
  const [least, most] = LEVEL_BOUNDS[known];
  if (Number.isInteger(level) && level >= least && level <= most) return { value: { [known]: level } };
  return {
    fault: `Cannot compress ${known} at the level ${level}; write a whole number from ${least} to ${most}`,
  };
}
