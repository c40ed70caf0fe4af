/** Which script a path is for, and what of the path is for the script. */

/** How scripts are found. */
export interface ScriptOptions {
  /** The directory that paths begin in, as the application has it; empty where mapped paths are names of files already. */
  readonly root: string;
  /** The script of a path that ends with a slash; `index.php` unless given. */
  readonly index?: string;
  /** The script, as a path below the root, for every path that names none. Unless given, such a path is the script itself. */
  readonly fallback?: string;
}

/** What is run for a request. */
export interface Script {
  /** The name of the file: SCRIPT_FILENAME. */
  readonly file: string;
  /** The same below the root: the end of SCRIPT_NAME. */
  readonly name: string;
  /** What follows it in the path, from a slash on; may be empty: PATH_INFO. */
  readonly info: string;
}

/** The end of a name that makes it a script's. */
const EXTENSION = ".php";

/**
 * Finds the script of a path. Files are the application's, which may be on another machine: whether the script is there,
 * it finds out itself.
 *
 * @param path decoded, and in its normal form, from a slash on
 */
export function scriptOf(path: string, { root, index = "index.php", fallback }: ScriptOptions): Script {
  const end = scriptEnd(path);
  if (end >= 0) return { file: root + path.slice(0, end), name: path.slice(0, end), info: path.slice(end) };
  const name = path.endsWith("/") && (path === "/" || fallback === undefined)
    ? path + index
    : fallback ?? path;
  return { file: root + name, name, info: "" };
}

/** Where the first segment ends that names a script; negative where none does. */
function scriptEnd(path: string): number {
  for (let at = path.indexOf(EXTENSION); at >= 0; at = path.indexOf(EXTENSION, at + 1)) {
    const end = at + EXTENSION.length;
    if (end === path.length || path[end] === "/") return end;
  }
  return -1;
}
