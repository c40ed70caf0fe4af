/** Loads the module that a fetch backend runs. */

import type { FetchHandler } from "./handler.ts";

/** The module cannot be used. The message is for people, and says the way out. */
export class ModuleError extends Error {
  override name = "ModuleError";
}

/**
 * Imports a handler module.
 *
 * @param specifier a URL, or an absolute path
 * @throws {ModuleError} when it cannot be imported, or exports no handler
 */
export async function loadHandler(specifier: string): Promise<FetchHandler> {
  const url = specifier.startsWith("/")
    ? `file://${encodeURI(specifier).replaceAll("#", "%23").replaceAll("?", "%3F")}`
    : specifier;
  let module: { default?: unknown };
  try {
    module = await import(url);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ModuleError(`Cannot load the module "${specifier}": ${reason}`);
  }
  return handlerOf(module.default, specifier);
}

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
