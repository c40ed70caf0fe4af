/** How a kind of backend is chosen and adjusted on the command line. */

import type { Option } from "commander";
import type { BackendKind } from "../../config/config.ts";

/** The values of options by their names in camel case, as commander gives them. */
export type Values = Readonly<Record<string, unknown>>;

/** One kind. */
export interface KindOptions {
  /** The option that chooses it. */
  readonly choice: Option;
  /** Options that mean something for this kind only. */
  readonly more: readonly Option[];
  /** Whether something may stand behind the options. */
  readonly takesOperands?: boolean;
  /**
   * What is to run.
   *
   * @param values all options of the command; the one that chooses is among them
   * @param operands what stands behind the options
   * @throws {UsageError} why that cannot be
   */
  read(values: Values, operands: readonly string[]): BackendKind;
}
