/** The addresses of a JSON document: texts, or objects that say what is spoken there. */

import { z } from "zod";
import { formatAddress, readAddress } from "../address.ts";
import type { ListenAddress, Site } from "../config.ts";
import type { ProxyProtocol, Trust } from "../../trust/trust.ts";
import { quote } from "../reading.ts";
import type { Path, Report } from "./report.ts";
import { expect, flag, oneOrMore, text } from "./shapes.ts";
import { readTrusted, TRUST_SHAPE } from "./trust.ts";
import { entriesOf, isObject } from "./value.ts";

const ADDRESS = `write an address such as "127.0.0.1:8080"`;
const address = text(ADDRESS, {
  pattern: "^([0-9.]+:|\\[[0-9A-Fa-f:.]+\\]:|:)?[0-9]{1,5}$",
  examples: ["127.0.0.1:8080", "[::1]:8080", "8080"],
});

const listenObject = z.strictObject({
  address: address.meta({ description: "The address, as it may stand alone instead of this object." }),
  tls: flag(false, "Whether clients speak TLS there. Sites show them their certificates."),
  proxyProtocol: z.literal("required", { error: expect(`write "required", or leave it out`) }).optional()
    .meta({
      description:
        "With required, each connection begins with a header of the PROXY protocol (version 1 or 2), " +
        "before anything of TLS: whoever stands in front says there who the client is. One without is closed.",
    }),
  scheme: z.literal("https", { error: expect(`write "https", or leave it out`) }).optional().meta({
    description:
      "With https, clients speak TLS with whoever stands in front, on every connection that comes there from " +
      "one of trustedProxies, or with a PROXY header that is believed: for servers that do not say so themselves.",
  }),
  ...TRUST_SHAPE,
}, { error: expect(ADDRESS) });

/** One address or several. */
export const LISTEN_SHAPE: z.ZodType = oneOrMore(
  z.union([address, listenObject], { error: expect(ADDRESS) }),
  expect(ADDRESS),
);

/** The keys of an address that is an object. */
export const LISTEN_KEYS: readonly string[] = Object.keys(listenObject.shape);

/** A listener that is being filled. */
export interface OpenListener {
  readonly address: ListenAddress;
  readonly speaksTls: boolean;
  readonly front: WrittenFront;
  /** Where it was written first. */
  readonly at: Path;
  readonly sites: Site[];
  /** Which site has a name, by the name; the empty name stands for every Host. */
  readonly owners: Map<string, string>;
}

/** An address as it is written. */
export interface WrittenAddress {
  readonly value: string;
  readonly path: Path;
  /** Whether TLS is spoken there; undefined where nothing is said of it. */
  readonly tls: boolean | undefined;
  /** What is said of who stands in front, and where that is written. */
  readonly said: Readonly<Record<string, unknown>>;
  readonly at: Path;
}

/** Who stands in front, as an address says. */
export interface WrittenFront {
  readonly proxyProtocol?: ProxyProtocol;
  readonly trusted?: Trust;
  readonly scheme?: "https";
}

/** The addresses of a list, or the one that stands for a list; what is no address has been reported with the shape. */
export function addressesOf(value: unknown, path: Path): WrittenAddress[] {
  const items = Array.isArray(value) ? entriesOf(value, path) : [{ value, path }];
  return items.flatMap(({ value, path }): WrittenAddress[] => {
    if (typeof value === "string") return [{ value, path, tls: undefined, said: {}, at: path }];
    if (!isObject(value) || typeof value.address !== "string") return [];
    const { address } = value;
    return [{ value: address, path: [...path, "address"], tls: value.tls === true, said: value, at: path }];
  });
}

/** Reads a list of addresses, opening the listeners that are new. */
export function readAddresses(
  value: unknown,
  path: Path,
  report: Report,
  listeners: Map<string, OpenListener>,
): Map<string, OpenListener> {
  const chosen = new Map<string, OpenListener>();
  for (const item of addressesOf(value, path)) {
    const address = report.take(readAddress(item.value), item.path);
    if (!address) continue;
    const key = formatAddress(address);
    if (chosen.has(key)) {
      report.value(item.path, `Found ${quote(key)} twice; write each address once`);
      continue;
    }
    const known = listeners.get(key);
    if (known !== undefined && item.tls !== undefined && item.tls !== known.speaksTls) {
      const message = `Cannot speak ${item.tls ? "TLS" : "clear text"} on ${key}, for ` +
        `${
          known.speaksTls ? "TLS" : "clear text"
        } is spoken there; write the same in every place, or the address alone`;
      report.value(item.path, message);
    }
    const front = readFront(item, report);
    if (
      known !== undefined && item.tls !== undefined && JSON.stringify(front) !== JSON.stringify(known.front)
    ) {
      const message = `Found other words about who stands in front of ${key} than before; ` +
        `write the same in every place, or the address alone`;
      report.value(item.path, message);
    }
    const listener = known ??
      { address, speaksTls: item.tls === true, front, at: item.at, sites: [], owners: new Map() };
    listeners.set(key, listener);
    chosen.set(key, listener);
  }
  return chosen;
}

function readFront({ said, at }: WrittenAddress, report: Report): WrittenFront {
  const trusted = readTrusted(said, at, report);
  return {
    ...said.proxyProtocol === "required" ? { proxyProtocol: {} } : {},
    ...trusted === undefined ? {} : { trusted },
    ...said.scheme === "https" ? { scheme: "https" } : {},
  };
}
