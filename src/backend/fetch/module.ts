/** Loads the module that a fetch backend runs. */

import { pathToFileURL } from "node:url";
import type { ConnectionHandler, FetchHandler } from "./handler.ts";
import { ModuleError } from "./module_error.ts";
import { prepareModule } from "./standalone_module.ts";

/** What a module serves with: one of the two at least. */
export interface Handlers {
  readonly fetch?: FetchHandler;
  /** Gets every connection first. */
  readonly connection?: ConnectionHandler;
}

/**
 * Imports a handler module.
 *
 * @param specifier a URL, or an absolute path
 * @throws {ModuleError} when it cannot be imported, or exports no handler
 */
export async function loadHandlers(specifier: string): Promise<Handlers> {
  const url = specifier.startsWith("/") ? pathToFileURL(specifier).href : specifier;
  // What is inside the binary was compiled with it; what lies beside it was not.
  const outside = Deno.build.standalone && url.startsWith("file:") && !url.startsWith(INSIDE);
  const prepared = outside ? await prepareModule(url) : undefined;
  let module: { default?: unknown; connection?: unknown };
  try {
    module = await import(prepared?.url ?? url);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ModuleError(`Cannot load the module "${specifier}": ${reason}`);
  } finally {
    prepared?.remove();
  }
  return handlersOf(module.default, specifier, module.connection);
}

/** Where the modules of this program are: in a compiled binary, a file system of its own. */
const INSIDE = new URL("../../../", import.meta.url).href;

/**
 * The handlers that a default export is, or has as its methods.
 *
 * @param specifier what messages call the module
 * @param connection the module's export of that name
 * @throws {ModuleError} when there is none
 */
export function handlersOf(exported: unknown, specifier: string, connection?: unknown): Handlers {
  const fetch = typeof exported === "function" ? exported as FetchHandler : methodOf(exported, "fetch");
  const raw = typeof connection === "function" ? connection : methodOf(exported, "connection");
  if (fetch === undefined && raw === undefined) {
    throw new ModuleError(
      `Cannot use the module "${specifier}": it has no default export { fetch(request, info) }, nor a function`,
    );
  }
  return { ...fetch && { fetch: fetch as FetchHandler }, ...raw && { connection: raw as ConnectionHandler } };
}

type Method = (first: unknown, second: unknown) => unknown;

/** Called as a method: frameworks keep their state in `this`. */
function methodOf(object: unknown, name: string): Method | undefined {
  if (typeof object !== "object" || object === null) return undefined;
  const method = Reflect.get(object, name);
  return typeof method === "function" ? (first, second) => method.call(object, first, second) : undefined;
}
