/**
 * Handler modules beside a compiled binary. The runtime inside a binary takes JavaScript only, so a module and what it
 * imports by relative paths are turned into JavaScript in a private directory, and imported from there.
 */

import { ModuleError } from "./module_error.ts";

/** What a prepared module is. */
export interface PreparedModule {
  /** What to import. */
  readonly url: string;
  /** Removes the directory; the modules in it can be imported no more, those that have been stay. */
  remove(): void;
}

/** A module on its way: where it comes from, and the name it gets. */
interface Entry {
  readonly source: URL;
  readonly name: string;
}

const TYPES_TO_STRIP = /\.m?ts$/;
const AS_IT_IS = /\.(m?js|json)$/;

/** An import that leads to a file beside the module. */
function isLocal(specifier: string): boolean {
  return /^(\.\.?\/|\/|file:)/.test(specifier);
}

/**
 * Prepares a module and all that it imports by path.
 *
 * @param url the module's file URL
 * @throws {ModuleError} when a file cannot be read, or is neither JavaScript nor TypeScript
 */
export async function prepareModule(url: string): Promise<PreparedModule> {
  const directory = await Deno.makeTempDir({ prefix: "fdpass-module-" });
  const remove = () => Deno.removeSync(directory, { recursive: true });
  try {
    const { init } = await import("es-module-lexer");
    await init;
    const known = new Map<string, Entry>();
    const queue: Entry[] = [];
    const enter = (source: URL): string => {
      let entry = known.get(source.href);
      if (entry === undefined) {
        const base = source.pathname.slice(source.pathname.lastIndexOf("/") + 1).replace(
          TYPES_TO_STRIP,
          ".mjs",
        );
        entry = { source, name: `${known.size}-${base}` };
        known.set(source.href, entry);
        queue.push(entry);
      }
      return entry.name;
    };
    const first = enter(new URL(url));
    for (let entry = queue.shift(); entry !== undefined; entry = queue.shift()) {
      const text = await translate(entry.source, enter);
      await Deno.writeTextFile(`${directory}/${entry.name}`, text);
    }
    return { url: `file://${directory}/${first}`, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/** The JavaScript of one module, with its imports leading to the prepared ones. */
async function translate(source: URL, enter: (source: URL) => string): Promise<string> {
  const text = await read(source);
  const { pathname } = source;
  if (pathname.endsWith(".json")) return text;
  if (!TYPES_TO_STRIP.test(pathname) && !AS_IT_IS.test(pathname)) {
    throw new ModuleError(
      `Cannot load "${
        decodeURIComponent(pathname)
      }" in a compiled binary: it takes .js and .ts; bundle the module into one .js file first`,
    );
  }
  return await redirect(TYPES_TO_STRIP.test(pathname) ? await strip(text, pathname) : text, source, enter);
}

async function read(source: URL): Promise<string> {
  try {
    return await Deno.readTextFile(source);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ModuleError(`Cannot read "${decodeURIComponent(source.pathname)}": ${reason}`);
  }
}

async function strip(text: string, path: string): Promise<string> {
  const { transformSync } = await import("amaro");
  try {
    return transformSync(text, { mode: "transform" }).code;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ModuleError(`Cannot read "${decodeURIComponent(path)}" as TypeScript: ${reason}`);
  }
}

/** Rewrites the imports of files, and import.meta.url, which names the module's own place. */
async function redirect(code: string, source: URL, enter: (source: URL) => string): Promise<string> {
  const { parse } = await import("es-module-lexer");
  let out = "";
  let at = 0;
  for (const { type, specifier, start, end } of parse(code)[0]) {
    if (type === "import-meta") {
      if (!code.startsWith(".url", end)) continue;
      out += code.slice(at, start) + JSON.stringify(source.href);
      at = end + ".url".length;
    } else if (specifier !== undefined && isLocal(specifier)) {
      const name = JSON.stringify(`./${enter(new URL(specifier, source))}`);
      // A dynamic import's span has the quotes in it, a static one's has not.
      out += code.slice(at, start) + (type === "dynamic" ? name : name.slice(1, -1));
      at = end;
    }
  }
  return out + code.slice(at);
}
