/** Loads the module that a fetch backend runs. */

import { pathToFileURL } from "node:url";
import type { FetchHandler } from "./handler.ts";
import { ModuleError } from "./module_error.ts";
import { prepareModule } from "./standalone_module.ts";

/**
 * Imports a handler module.
 *
 * @param specifier a URL, or an absolute path
 * @throws {ModuleError} when it cannot be imported, or exports no handler
 */
export async function loadHandler(specifier: string): Promise<FetchHandler> {
  const url = specifier.startsWith("/") ? pathToFileURL(specifier).href : specifier;
  // What is inside the binary was compiled with it; what lies beside it was not.
  const outside = Deno.build.standalone && url.startsWith("file:") && !url.startsWith(INSIDE);
  const prepared = outside ? await prepareModule(url) : undefined;
  let module: { default?: unknown };
  try {
    module = await import(prepared?.url ?? url);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ModuleError(`Cannot load the module "${specifier}": ${reason}`);
  } finally {
    prepared?.remove();
  }
  return handlerOf(module.default, specifier);
}

/** Where the modules of this program are: in a compiled binary, a file system of its own. */
const INSIDE = new URL("../../../", import.meta.url).href;

/** The handler that a default export is, or has as its `fetch`. */
export function handlerOf(exported: unknown, specifier: string): FetchHandler {
  if (typeof exported === "function") return exported as FetchHandler;
  if (typeof exported === "object" && exported !== null && "fetch" in exported) {
    const { fetch } = exported;
    // Called as a method: frameworks keep their state in `this`.
    if (typeof fetch === "function") return (request, info) => fetch.call(exported, request, info);
  }
  throw new ModuleError(
    `Cannot use the module "${specifier}": it has no default export { fetch(request, info) }, nor a function`,
  );
}
