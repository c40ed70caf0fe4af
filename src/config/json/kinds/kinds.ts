/** The kinds of backends in a JSON configuration: an entry of `backends` has the keys of one of them, or of none. */

import type { z } from "zod";
import type { BackendKind } from "../../config.ts";
import { quote } from "../../reading.ts";
import { execKeys } from "./exec.ts";
import { fastcgiKeys } from "./fastcgi.ts";
import { fetchKeys } from "./fetch.ts";
import type { Entry, KindKeys, Place } from "./kind.ts";
import { RELAY_RULES, relayKeys } from "./relay.ts";
import { staticKeys } from "./static.ts";

/** All but TLS, which sites have, and not entries of `backends`. */
const BY_NAME: { readonly [Name in Exclude<BackendKind["kind"], "tls" | "documents">]: KindKeys } = {
  fetch: fetchKeys,
  static: staticKeys,
  exec: execKeys,
  relay: relayKeys,
  fastcgi: fastcgiKeys,
};
const KINDS: readonly KindKeys[] = Object.values(BY_NAME);

/** The keys of all kinds. */
export const KIND_SHAPE: Record<string, z.ZodType> = Object.assign({}, ...KINDS.map(({ shape }) => shape));

/** The keys of objects in lists that are values of such keys, by the key of the list. */
export const KEYS_BELOW_BACKENDS = RELAY_RULES;

/** What the published schema says of the keys that choose: no two of them. */
export const ONE_KIND: Record<string, unknown> = {
  not: {
    anyOf: KINDS.flatMap(({ choice }, index) =>
      KINDS.slice(index + 1).map((other) => ({ required: [choice, other.choice] }))
    ),
  },
};

const COUNTS = ["no", "one", "two", "three", "four", "five", "six"];

/** Reads what an entry runs; undefined for a backend that somebody else runs, and where something is wrong. */
export function readKind(entry: Entry, place: Place): BackendKind | undefined {
  const { path, report } = place;
  const chosen = KINDS.filter(({ choice }) => entry[choice] !== undefined);
  if (chosen.length > 1) {
    const keys = chosen.map(({ choice }) => quote(choice));
    const found = keys.length === 2 ? `both ${keys.join(" and ")}` : keys.join(", ");
    report.key(path, `Found ${found}; keep one of them, or make ${COUNTS[keys.length]} backends`);
  }
  for (const kind of KINDS) {
    if (chosen.includes(kind)) continue;
    for (const key of Object.keys(kind.shape)) {
      if (entry[key] === undefined || chosen.some(({ shape }) => key in shape)) continue;
      const message = `Found ${quote(key)} without ${quote(kind.choice)}; ${kind.advice}, or leave it out`;
      report.key([...path, key], message);
    }
  }
  return chosen.map((kind) => kind.read(entry, place)).find((kind) => kind !== undefined);
}
