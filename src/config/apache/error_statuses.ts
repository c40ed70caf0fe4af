/** `ProxyErrorOverride`: in the place of which errors of servers behind clients see pages. */

import type { Faults } from "./faults.ts";
import type { Directive } from "./tree.ts";

/** Statuses of 400 and above. */
export type ErrorOverride = readonly number[] | "all" | "none";

/** Reads the directive; undefined for what is told of as a fault. */
export function readErrorOverride(directive: Directive, faults: Faults): ErrorOverride | undefined {
  const [state = "", ...codes] = directive.args;
  if (!/^(on|off)$/i.test(state) || codes.some((code) => !/^[45]\d\d$/.test(code))) {
    faults.add(directive, "Takes On or Off, and statuses from 400 to 599; write those");
    return undefined;
  }
  if (state.toLowerCase() === "off") return "none";
  return codes.length > 0 ? codes.map(Number) : "all";
}
