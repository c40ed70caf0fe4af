/** Where the control socket is. */

import { defaultRunDirectory, makeSocketDirectory } from "../../config/run_directory.ts";
import type { Loop } from "../../loop/loop.ts";
import { reasonOf } from "../failure.ts";
import type { Log } from "../log/log.ts";
import { ControlSocket, type Obey } from "./control_socket.ts";

/** Its name in the run directory. */
const NAME = "control.sock";

/** What the command line says of it. Both absolute. */
export interface ControlPlace {
  /** `--control` */
  readonly control?: string | undefined;
  /** `--run-dir` */
  readonly runDirectory?: string | undefined;
}

/**
 * Where it is: the same for whoever listens and whoever asks. What a configuration says of sockets does not count, as
 * whoever asks does not read it.
 *
 * @throws {RunDirectoryError} where there is no directory for it
 */
export function controlPath({ control, runDirectory }: ControlPlace): string {
  return control ?? `${runDirectory ?? defaultRunDirectory().path}/${NAME}`;
}

/**
 * Listens for commands. A path that somebody has asked for must be had; without the usual one a front serves as well:
 * several on one machine are nothing special, and then people are told how to have it.
 *
 * @param takeOver whether the process that listens there ends now
 * @throws {ListenError | RunDirectoryError} where the path that was asked for cannot be had
 */
export function openControlSocket(
  loop: Loop,
  place: ControlPlace,
  obey: Obey,
  log: Log,
  takeOver = false,
): ControlSocket | undefined {
  try {
    const path = controlPath(place);
    makeSocketDirectory(path.slice(0, path.lastIndexOf("/")));
    return new ControlSocket(loop, path, obey, takeOver);
  } catch (error) {
    if (place.control !== undefined) throw error;
    log.info("control-missing", "no commands can be given: {reason}", { reason: reasonOf(error) });
    return undefined;
  }
}
