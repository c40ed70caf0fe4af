/** ExpiresActive, ExpiresByType, ExpiresDefault (mod_expires). */

import type { Expiry, ExpiryRules } from "../../../rules/expires.ts";
import type { FieldRule } from "../../../rules/model.ts";
import { quote, type Reading } from "../../reading.ts";
import { onOrOff } from "../directives.ts";
import type { Faults } from "../faults.ts";
import type { Directive } from "../tree.ts";

/** Seconds, by how the names of units begin. */
const UNITS: readonly (readonly [start: string, seconds: number])[] = [
  ["y", 365 * 86_400],
  ["mo", 30 * 86_400],
  ["w", 7 * 86_400],
  ["d", 86_400],
  ["h", 3_600],
  ["mi", 60],
  ["s", 1],
];
/** A later date no field can have. */
const MOST = 1_000 * 365 * 86_400;

const ADVICE = 'write one such as "access plus 1 month", or A2592000';

/** Takes one of them in. @returns nothing if it is faulty */
export function readExpires(directive: Directive, faults: Faults): FieldRule | undefined {
  const rules = rulesOf(directive, faults);
  return rules && { action: "expires", name: "Expires", expires: rules };
}

function rulesOf(directive: Directive, faults: Faults): ExpiryRules | undefined {
  const { args } = directive;
  if (directive.name.toLowerCase() === "expiresactive") {
    const active = onOrOff(directive, faults);
    return active === undefined ? undefined : { active };
  }
  const isByType = directive.name.toLowerCase() === "expiresbytype";
  const expiry = faults.take(readExpiry(args.slice(isByType ? 1 : 0).join(" ")), directive);
  if (expiry === undefined) return undefined;
  return isByType ? { types: { [args[0]!.toLowerCase()]: expiry } } : { otherwise: expiry };
}

/** `A3600`, `M3600`, `access plus 1 month 2 days`, `now …`, `modification …`. */
function readExpiry(text: string): Reading<Expiry> {
  const short = /^([am])(\d+)$/i.exec(text);
  if (short !== null) {
    const seconds = Math.min(MOST, Number(short[2]));
    return { value: { from: short[1]!.toLowerCase() === "a" ? "access" : "modification", seconds } };
  }
  const [base = "", ...words] = text.toLowerCase().split(/\s+/).filter((word) => word !== "");
  if (words[0]?.startsWith("p")) words.shift();
  if (!/^(access|now|modification)$/.test(base) || words.length % 2 !== 0) {
    return { fault: `Cannot read the time ${quote(text)}; ${ADVICE}` };
  }
  let seconds = 0;
  for (let at = 0; at < words.length; at += 2) {
    const unit = UNITS.find(([start]) => words[at + 1]!.startsWith(start))?.[1];
    if (unit === undefined || !/^\d{1,12}$/.test(words[at]!)) {
      return { fault: `Cannot read the time ${quote(text)}; ${ADVICE}` };
    }
    seconds += unit * Number(words[at]);
  }
  return {
    value: { from: base.startsWith("m") ? "modification" : "access", seconds: Math.min(MOST, seconds) },
  };
}
