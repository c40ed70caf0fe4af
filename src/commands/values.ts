/** Values of options, as the command line has them. What is out of bounds is bad usage, told in a sentence. */

import { InvalidArgumentError } from "commander";
import { readDuration, readSize } from "../config/quantity.ts";

/** The largest id of a user or a group. */
export const MAX_ID = 0xffff_fffe;
/** chown(2): (uid_t) -1 and (gid_t) -1 leave the user or the group as it is. */
const UNCHANGED = 0xffff_ffff;

/** A whole number between two bounds. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (!/^\d+$/.test(text) || number < least || number > most) {
      throw new InvalidArgumentError(`It takes a whole number from ${least} to ${most}.`);
    }
    return number;
  };
}

/** A duration in milliseconds: `500ms`, `10s`, `2m`, or seconds. The bounds are the configuration's. */
export function duration(text: string): number {
  const reading = readDuration(/^\d+(?:\.\d+)?$/.test(text) ? Number(text) : text, { least: 0 });
  if ("fault" in reading) throw new InvalidArgumentError(`${reading.fault}.`);
  return reading.value;
}

/** A size in bytes: `64m`, `1GiB`, or bytes. */
export function size(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : text;
  const reading = readSize(value, { least: 0, most: Number.MAX_SAFE_INTEGER });
  if ("fault" in reading) throw new InvalidArgumentError(`${reading.fault}.`);
  return reading.value;
}

/** Permission bits in octal. */
export function fileMode(text: string): number {
  if (!/^0?[0-7]{3}$/.test(text)) throw new InvalidArgumentError("It takes permission bits such as 660.");
  return parseInt(text, 8);
}

/** Whom a file is to belong to; {@linkcode UNCHANGED} for what stays as it is. */
export interface FileOwner {
  readonly uid: number;
  readonly gid: number;
}

/** A numeric user, a group, or both; what is left out stays as it is. */
export function fileOwner(text: string): FileOwner {
  const match = /^(\d+)?(?::(\d+))?$/.exec(text);
  const [uid, gid] = [match?.[1], match?.[2]];
  if (uid === undefined && gid === undefined || [uid, gid].some((id) => Number(id ?? 0) > MAX_ID)) {
    throw new InvalidArgumentError(
      `It takes numbers up to ${MAX_ID}, such as 33, 33:33, or :33 for the group alone; \`id\` tells those of a user.`,
    );
  }
  return { uid: Number(uid ?? UNCHANGED), gid: Number(gid ?? UNCHANGED) };
}

/** A path, from where the program was started. */
export function absolute(path: string): string {
  return path.startsWith("/") ? path : `${Deno.cwd()}/${path}`;
}
