/** The variables by which an application is told of a request. */

import { normalizePath } from "../../route/path.ts";
import { PATH_OF_SCRIPT } from "../../rules/file_names.ts";
import { type CgiRequest, decodeBytes, metaVariables } from "../exec/cgi/meta_variables.ts";
import type { Exchange } from "../http/exchange.ts";
import { type Script, scriptOf, type ScriptOptions } from "./script.ts";

/** What variables say besides the request. */
export interface VariableOptions extends ScriptOptions {
  /** What DOCUMENT_ROOT says; the root unless given. */
  readonly documentRoot?: string;
  /** Whether the application gets the client's credentials, as `HTTP_AUTHORIZATION`. */
  readonly authorization?: boolean;
  /** What SERVER_SOFTWARE says. */
  readonly software: string;
}

/** Those of a CGI program, and those that PHP-FPM finds its script by. */
export function applicationVariables(
  exchange: Exchange,
  request: CgiRequest,
  options: VariableOptions,
): ReturnType<typeof metaVariables> {
  let script: Script | undefined;
  const path = exchange.rules?.variables[PATH_OF_SCRIPT] ??
    decodeBytes(normalizePath(request.path) ?? request.path);
  const variables = metaVariables(exchange, request, options.software, (place) => {
    script = scriptOf(decodeBytes(place.mapped), options);
    const { name, info } = script;
    return {
      ...place,
      script: options.root === "" ? urlOf(path, info) : place.script + name,
      info,
    };
  });
  if ("status" in variables || script === undefined) return variables;
  const { file, info } = script;
  const { HTTP_AUTHORIZATION: said, REDIRECT_STATUS: redirected, REDIRECT_URL: from } =
    exchange.rules?.variables ?? {};
  const isAuthorized = options.authorization && said === undefined;
  const authorization = isAuthorized ? exchange.field("authorization") : undefined;
  const root = options.documentRoot ?? options.root;
  // Beside REDIRECT_URL, PHP takes PATH_TRANSLATED for the script, and lets go of what follows a name that is the script's
  // alone (fix_pathinfo in sapi/fpm/fpm/fpm_main.c). So it gets the whole name then, as httpd gives it, and parts that.
  const name = from === undefined ? file : file + info;
  const isTranslated = info !== "" && root !== "" && from === undefined;
  return [
    ...variables,
    `SCRIPT_FILENAME=${name}`,
    ...root === "" ? [] : [`DOCUMENT_ROOT=${root}`],
    ...isTranslated ? [`PATH_TRANSLATED=${root}${info}`] : [],
    // Without it, a PHP that was built to run only as asked by a server refuses.
    ...redirected === undefined ? ["REDIRECT_STATUS=200"] : [],
    ...authorization === undefined ? [] : [`HTTP_AUTHORIZATION=${authorization}`],
  ];
}

/** The part of a path that names the script, where that is another name than the file's: all but what follows it. */
function urlOf(path: string, info: string): string {
  return path.endsWith(info) ? path.slice(0, path.length - info.length) : path;
}
