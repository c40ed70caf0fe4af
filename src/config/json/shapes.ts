/** The shapes of values that occur in several places of a JSON configuration. */

import { z } from "zod";
import { formatDuration } from "../quantity.ts";
import { found } from "../reading.ts";
import { MAX_HEAD, MIN_SIZE } from "./limits.ts";

/** Words what is wrong with a value. */
export type Explain = (issue: { readonly input: unknown }) => string;

/** What zod says when a value does not fit; `hint` begins with a verb. */
export function expect(hint: string): Explain {
  return ({ input }) => input === undefined ? `Missing; ${hint}` : `Found ${found(input)}; ${hint}`;
}

/** One text or a list of them, for keys that mostly have one. */
export function oneOrMore<T extends z.ZodType>(item: T, error: Explain): z.ZodUnion<[T, z.ZodArray<T>]> {
  const empty: Explain = () => error({ input: [] }).replace("a list", "an empty list");
  return z.union([item, z.array(item, { error }).min(1, { error: empty })], { error });
}

/** A text. @param hint what to write instead of something else; begins with a verb */
export function text(hint: string, meta: { pattern?: string; examples?: string[] } = {}): z.ZodString {
  return z.string({ error: expect(hint) }).meta(meta);
}

/** A whole number between two bounds. @param right what to write instead of something else */
export function whole(
  least: number,
  most: number,
  right = `write a whole number from ${least} to ${most}`,
): z.ZodInt {
  const error = expect(right);
  return z.int({ error }).min(least, { error }).max(most, { error });
}

/** Time: seconds, or a text with a unit. @param milliseconds unless given */
export function duration(milliseconds: number, description: string): z.ZodOptional {
  const pattern = "^[0-9]+([.][0-9]+)? ?(ms|s|m)$";
  const error = expect(`write seconds as a number, or "500ms", "10s" or "2m"`);
  return z.union([z.number().meta({ minimum: 0 }), z.string().meta({ pattern })], { error })
    .optional().meta({ description, default: formatDuration(milliseconds) });
}

/** Bytes. @param bytes unless given */
export function size(bytes: number, description: string): z.ZodOptional {
  const pattern = "^[0-9]+([.][0-9]+)? ?[kK]([iI][bB])?$";
  const error = expect(`write a number of bytes, or "8k" or "64KiB"`);
  const count = z.number().meta({ minimum: MIN_SIZE, maximum: MAX_HEAD });
  return z.union([count, z.string().meta({ pattern })], { error })
    .optional().meta({ description, default: bytes });
}

/** Yes or no. @param unless what it is unless given */
export function flag(unless: boolean, description: string): z.ZodOptional {
  return z.boolean({ error: expect("write true or false") }).optional().meta({
    description,
    default: unless,
  });
}

/** A duration or size that there is none of unless given: a number, or text with a unit. */
export function amount(hint: string, description: string, examples: (string | number)[]): z.ZodOptional {
  return z.union([z.string(), z.number()], { error: expect(hint) }).optional().meta({
    description,
    examples,
  });
}
