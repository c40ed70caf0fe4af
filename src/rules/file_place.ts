/** Which files a section is about. */

import { patternOf } from "./expression.ts";

/** All files unless given; all that is given has to hold. */
export interface FilePlace {
  /** A directory, with a slash at its end, and what is below it. */
  readonly directory?: string;
  /** An expression for the name of a directory that the file is in, or is, without a slash at its end. */
  readonly pattern?: string;
  /** An expression for the last part of the file's name. */
  readonly name?: string;
}

/** Whether a section is about a file. @param file its absolute name, a character for each byte */
export function isPlaceOf({ directory, pattern, name }: FilePlace, file: string): boolean {
  if (directory !== undefined && !(file.endsWith("/") ? file : `${file}/`).startsWith(directory)) {
    return false;
  }
  if (pattern !== undefined && !isBelow(pattern, file)) return false;
  return name === undefined || patternOf(name).test(file.slice(file.lastIndexOf("/") + 1));
}

/** Whether an expression fits any directory on the way to a file, the file itself included: that may be one, too. */
function isBelow(pattern: string, file: string): boolean {
  const expression = patternOf(pattern);
  // The root has a name as well. Each is tried once, as httpd does on its way down.
  if (expression.test("/")) return true;
  for (let at = file.indexOf("/", 1); at >= 0; at = file.indexOf("/", at + 1)) {
    if (expression.test(file.slice(0, at)) || expression.test(file.slice(0, at + 1))) return true;
  }
  return expression.test(file);
}
