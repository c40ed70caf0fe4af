/** What files of this project import: read from their text, as it stands. */

import { posix } from "node:path";
import { fileURLToPath } from "node:url";

export interface Import {
  readonly line: number;
  readonly specifier: string;
}

/** The source with comments and, where asked, strings blanked out; line numbers stay as they are. */
export function codeOf(source: string, strings: "kept" | "blanked"): string {
  const token = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`|\/\/.*|\/\*[^]*?\*\//g;
  return source.replace(token, (text) => {
    // A template may hold code, so its text counts as code.
    if (text.startsWith("`")) return text;
    if (text.startsWith("/")) return text.replace(/[^\n]/g, " ");
    return strings === "kept" ? text : '""';
  });
}

/** Everything by which a file names another module: imports, re-exports, dynamic imports, and URLs of Workers. */
export function importsOf(source: string): Import[] {
  const forms = [
    /^[ \t]*(?:import|export)\b[^"';]*?\bfrom\s*"([^"]+)"/gm,
    /^[ \t]*import\s*"([^"]+)"/gm,
    /\bimport\(\s*"([^"]+)"/g,
    /\bimport\.meta\.resolve\(\s*"([^"]+)"/g,
    /\bnew URL\(\s*"([^"]+)"\s*,\s*import\.meta\.url/g,
  ];
  const code = codeOf(source, "kept");
  return forms.flatMap((form) =>
    [...code.matchAll(form)].map((match) => ({
      line: code.slice(0, match.index + match[0].length).split("\n").length,
      specifier: match[1]!,
    }))
  );
}

/** The file that a relative import means, from the project's root; undefined for packages and for data, as JSON is. */
export function targetOf(file: string, specifier: string): string | undefined {
  return /^\.{1,2}\/.*\.tsx?$/.test(specifier) ? posix.join(posix.dirname(file), specifier) : undefined;
}

/** What imports what, with each of them named by some name; nothing imports itself. */
export function graph(
  files: ReadonlyMap<string, string>,
  name: (file: string) => string,
): Map<string, Set<string>> {
  const edges = new Map<string, Set<string>>();
  for (const [file, source] of files) {
    const from = name(file);
    const to = edges.get(from) ?? new Set();
    edges.set(from, to);
    for (const { specifier } of importsOf(source)) {
      const target = targetOf(file, specifier);
      if (target !== undefined && name(target) !== from) to.add(name(target));
    }
  }
  return edges;
}

/** A circle, as `a → b → a`; undefined when there is none. */
export function circle(edges: ReadonlyMap<string, ReadonlySet<string>>): string | undefined {
  /** Those from which no circle can be reached. */
  const done = new Set<string>();
  const path: string[] = [];
  const walk = (node: string): string | undefined => {
    if (path.includes(node)) return [...path.slice(path.indexOf(node)), node].join(" → ");
    if (done.has(node)) return undefined;
    path.push(node);
    for (const next of edges.get(node) ?? []) {
      const found = walk(next);
      if (found !== undefined) return found;
    }
    path.pop();
    done.add(node);
    return undefined;
  };
  for (const node of edges.keys()) {
    const found = walk(node);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Every TypeScript file at these paths. */
export function filesOf(paths: readonly string[]): Map<string, string> {
  const root = fileURLToPath(import.meta.resolve("../../"));
  const files = new Map<string, string>();
  const visit = (path: string) => {
    const info = stat(root + path);
    if (info?.isDirectory) {
      for (const entry of Deno.readDirSync(root + path)) {
        visit(`${path}/${entry.name}`);
      }
    } else if (info?.isFile && /\.tsx?$/.test(path)) files.set(path, Deno.readTextFileSync(root + path));
  };
  paths.forEach(visit);
  return files;
}

function stat(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
