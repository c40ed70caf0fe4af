/** The kinds of backends there are. */

import type { BackendKind } from "../../config/config.ts";
import { fetchProgram } from "./fetch.ts";
import type { KindProgram } from "./program.ts";
import { relayProgram } from "./relay.ts";
import { staticProgram } from "./static.ts";

const PROGRAMS: {
  readonly [Name in BackendKind["kind"]]: KindProgram<Extract<BackendKind, { kind: Name }>>;
} = {
  fetch: fetchProgram,
  static: staticProgram,
  relay: relayProgram,
};

/** The program of a kind. */
export function programOf<Kind extends BackendKind>(kind: Kind): KindProgram<Kind> {
  return PROGRAMS[kind.kind] as unknown as KindProgram<Kind>;
}
