/** The program that a front has named for a request, as files of an Apache configuration are run (ScriptAlias). */

import { PATH_OF_SCRIPT, ROOT_OF_SCRIPT, SCRIPT } from "../../../rules/file_names.ts";
import type { Exchange } from "../../http/exchange.ts";
import { type Command, scriptCommand } from "../command.ts";
import { decodeBytes, type Place } from "./meta_variables.ts";

/** What is run, and what it is told of itself. */
export interface NamedScript {
  readonly command: Command;
  /** SCRIPT_FILENAME and its like. */
  readonly variables: readonly string[];
  placed(place: Place): Place;
}

/**
 * Finds it in what came with the request.
 *
 * @returns undefined where none is named
 */
export function scriptOf(exchange: Exchange): NamedScript | undefined {
  const { [SCRIPT]: file, [PATH_OF_SCRIPT]: url, [ROOT_OF_SCRIPT]: root } = exchange.rules?.variables ?? {};
  if (file === undefined || url === undefined) return undefined;
  const infoOf = ({ mapped }: Place) => decodeBytes(mapped).slice(file.length);
  const { target = "" } = exchange.connection.transfer;
  const info = decodeBytes(target.split("?", 1)[0]!).slice(file.length);
  return {
    command: scriptCommand(file),
    variables: [
      `SCRIPT_FILENAME=${file}`,
      ...root === undefined ? [] : [`DOCUMENT_ROOT=${root}`],
      ...root === undefined || info === "" ? [] : [`PATH_TRANSLATED=${root}${info}`],
    ],
    placed: (place) => {
      const info = infoOf(place);
      return { ...place, info, script: url.endsWith(info) ? url.slice(0, url.length - info.length) : url };
    },
  };
}
