/** What a kind of backend is in a JSON configuration: the keys beside `socket` that are its own. */

import type { z } from "zod";
import type { BackendKind } from "../../config.ts";
import type { Resolve } from "../../path.ts";
import type { Path, Report } from "../report.ts";

/** An entry of `backends`. Its shape has been checked, and what does not fit is reported: it may be anything still. */
export type Entry = Readonly<Record<string, unknown>>;

/** Where an entry is read. */
export interface Place {
  /** Where the entry stands. */
  readonly path: Path;
  /** Where problems go. */
  readonly report: Report;
  /** Makes paths absolute. */
  readonly resolve: Resolve;
}

/** One kind. */
export interface KindKeys {
  /** The key that chooses it. */
  readonly choice: string;
  /** What to add where another of its keys stands without that one: "add the URL of the server". */
  readonly advice: string;
  /** Its keys, the one that chooses it among them, with their types and descriptions. */
  readonly shape: Readonly<Record<string, z.ZodType>>;
  /** What is to run; undefined where something is wrong, and has been reported. */
  read(entry: Entry, place: Place): BackendKind | undefined;
}
