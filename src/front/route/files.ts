/** What the file system says of paths, for rules that ask (`RewriteCond … -f`). */

import type { Files } from "../../rules/request.ts";

/** Longer than that no path can be (PATH_MAX). */
const LONGEST = 4_096;

/** The real one. What cannot be looked at is not there. */
export const FILES: Files = {
  is(kind, path) {
    if (!path.startsWith("/") || path.length > LONGEST || path.includes("\0")) return false;
    try {
      const name = decodeBytes(path);
      if (kind === "link") return Deno.lstatSync(name).isSymlink;
      const { isFile, isDirectory, size, mode } = Deno.statSync(name);
      switch (kind) {
        case "file":
          return isFile;
        case "directory":
          return isDirectory;
        case "notEmpty":
          return isFile && size > 0;
        case "executable":
          return isFile && ((mode ?? 0) & 0o111) !== 0;
      }
    } catch {
      return false;
    }
  },
};

/** Paths are bytes to rules, and text to the runtime. */
function decodeBytes(path: string): string {
  return new TextDecoder().decode(Uint8Array.from(path, (character) => character.charCodeAt(0)));
}
