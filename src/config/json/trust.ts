/** What a JSON document says of servers in front: who may say for whom it asks. */

import { z } from "zod";
import { readNetwork } from "../../rules/networks.ts";
import { type Trust, UNIX } from "../../trust/trust.ts";
import { quote } from "../reading.ts";
import type { Path, Report } from "./report.ts";
import { expect, text } from "./shapes.ts";
import { textsOf } from "./value.ts";

const NETWORK = `write a network such as "10.0.0.0/8", an address, or "unix"`;
const HEADER = `write the name of a field, such as "X-Forwarded-For"`;

/** A field name (RFC 9110, 5.6.2). */
const TOKEN = /^[!#$%&'*+\-.^_`|~\w]+$/;

/** The keys, at the top and for an address. */
export const TRUST_SHAPE = {
  trustedProxies: z.union([
    text(NETWORK),
    z.array(text(NETWORK, { examples: ["10.0.0.0/8", "2001:db8::/32", "unix"] }), { error: expect(NETWORK) }),
  ], { error: expect(NETWORK) }).optional().meta({
    description: "Servers in front that may say who asks, and by which scheme: networks, or unix for those " +
      "that come by a Unix socket. What anybody else says of that counts for nothing, and is not passed on. With an " +
      "empty list that is so for everybody.",
  }),
  trustedHeader: text(HEADER, { examples: ["X-Forwarded-For", "Forwarded", "CF-Connecting-IP"] })
    .optional().meta({
      description: "The field in which those servers say who asks. X-Forwarded-For unless given, and " +
        "Forwarded where they send neither X-Forwarded-For nor X-Forwarded-Proto.",
    }),
} as const;

/**
 * Reads whom a document, or an address in it, trusts.
 *
 * @param value The object with the keys.
 * @param path Where it stands.
 * @returns Undefined where nothing is said.
 */
export function readTrusted(
  value: Readonly<Record<string, unknown>>,
  path: Path,
  report: Report,
): Trust | undefined {
  const { trustedProxies, trustedHeader } = value;
  if (typeof trustedHeader === "string" && !TOKEN.test(trustedHeader)) {
    report.value([...path, "trustedHeader"], `Found ${quote(trustedHeader)}; ${HEADER}`);
  }
  if (trustedProxies === undefined) {
    if (trustedHeader === undefined) return undefined;
    const message =
      `Found no "trustedProxies"; nobody is believed whatever the field says; write whom to trust`;
    report.key([...path, "trustedHeader"], message);
    return undefined;
  }
  const proxies = textsOf(trustedProxies, [...path, "trustedProxies"]).flatMap((item) => {
    if (item.value === UNIX || readNetwork(item.value) !== undefined) return [item.value];
    report.value(item.path, `Found ${quote(item.value)}; ${NETWORK}`);
    return [];
  });
  return { proxies, ...typeof trustedHeader === "string" ? { header: trustedHeader.toLowerCase() } : {} };
}
