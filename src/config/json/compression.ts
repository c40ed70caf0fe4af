/** `compress` of a backend. */

import { z } from "zod";
import {
  type Compression,
  COMPRESSION_CODINGS,
  COMPRESSION_DEFAULTS,
  compressionOf,
  type CompressionWishes,
  LEVEL_BOUNDS,
  readCodings,
  readLevel,
  readTypes,
} from "../compression.ts";
import { readSize } from "../quantity.ts";
import type { Path, Report } from "./report.ts";
import { expect, whole } from "./shapes.ts";
import { isObject } from "./value.ts";

const COMPRESS = `write true, or an object such as {"codings": ["gzip"]}`;
const CODINGS = `write a list such as ["br", "gzip"]`;
const TYPES = `write a list such as ["text/html", "application/json"]`;

const levels = z.strictObject(
  Object.fromEntries(
    COMPRESSION_CODINGS.map((coding) => [
      coding,
      whole(...LEVEL_BOUNDS[coding]).optional().meta({
        description: `The level of ${coding}.`,
        default: COMPRESSION_DEFAULTS.levels[coding],
      }),
    ]),
  ),
  { error: expect(`write an object such as {"gzip": 6}`) },
);

const compression = z.strictObject({
  codings: z.array(z.string({ error: expect(CODINGS) }), { error: expect(CODINGS) }).optional().meta({
    description: "Content codings, the better first; a client's own weights come before that order.",
    default: COMPRESSION_DEFAULTS.codings,
  }),
  types: z.array(z.string({ error: expect(TYPES) }), { error: expect(TYPES) }).optional().meta({
    description:
      'Media types of what is compressed, instead of the usual ones; "text/*" for all of a kind, "*" for all.',
    examples: [["text/html", "application/json"], ["*"]],
  }),
  minLength: z.union([z.number(), z.string()], { error: expect(`write a number of bytes, or "1k"`) })
    .optional()
    .meta({
      description:
        "Bytes of content below which it goes as it is. What has no known length is taken for longer.",
      default: COMPRESSION_DEFAULTS.minLength,
    }),
  levels: levels.optional().meta({
    description: "How much work each coding may be, by the numbers of its own library.",
  }),
}, { error: expect(COMPRESS) });

/** Its keys, and those of `levels`. */
export const COMPRESSION_KEYS = {
  compress: Object.keys(compression.shape),
  levels: Object.keys(levels.shape),
};

/** The shape of the value. */
export const compressShape: z.ZodType = z.union([z.boolean(), compression], { error: expect(COMPRESS) });

/**
 * Reads the value.
 *
 * @param at where it stands
 * @returns nothing where nothing is compressed, or it is faulty
 */
export function readCompression(value: unknown, at: Path, report: Report): Compression | undefined {
  if (value === true) return compressionOf({});
  if (!isObject(value)) return undefined;
  const { codings, types, minLength, levels } = value;
  const wishes: { -readonly [Key in keyof CompressionWishes]: CompressionWishes[Key] } = {};
  if (isTexts(codings)) {
    const read = report.take(readCodings(codings), [...at, "codings"]);
    if (read !== undefined) wishes.codings = read;
  }
  if (isTexts(types)) {
    const read = report.take(readTypes(types), [...at, "types"]);
    if (read !== undefined) wishes.types = read;
  }
  if (typeof minLength === "number" || typeof minLength === "string") {
    const read = report.take(readSize(minLength, { least: 0, most: Number.MAX_SAFE_INTEGER }), [
      ...at,
      "minLength",
    ]);
    if (read !== undefined) wishes.minLength = read;
  }
  if (isObject(levels)) {
    // Those that are no levels have been reported with the shape.
    for (const [coding, level] of Object.entries(levels)) {
      const read = typeof level === "number" ? readLevel(coding, level) : undefined;
      if (read !== undefined && "value" in read) wishes.levels = { ...wishes.levels, ...read.value };
    }
  }
  return compressionOf(wishes);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
