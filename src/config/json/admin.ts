/** `admin`: where a front shows how it is. */

import { z } from "zod";
import { readSiteName } from "../address.ts";
import type { Admin } from "../admin.ts";
import { readAdminAddress } from "../admin_address.ts";
import type { Resolve } from "../path.ts";
import type { Report } from "./report.ts";
import { expect, oneOrMore, text } from "./shapes.ts";
import { isObject, textsOf } from "./value.ts";

const ADMIN = `write an address such as "127.0.0.1:9090"`;
const NAMES = `write a host name such as "front.internal"`;

const address = text(ADMIN, { examples: ["127.0.0.1:9090", "unix:/run/fdpass/admin.sock"] });
const admin = z.strictObject({
  address: address.meta({ description: "The address, as it may stand alone instead of this object." }),
  names: oneOrMore(text(NAMES), expect(NAMES)).optional().meta({
    description: "Hosts that requests there may name, besides IP addresses and localhost.",
  }),
}, { error: expect(ADMIN) });

/** The keys of an `admin` that is an object. */
export const ADMIN_KEYS: readonly string[] = Object.keys(admin.shape);

/** The shape of the value. */
export const ADMIN_SHAPE: z.ZodType = z.union([address, admin], { error: expect(ADMIN) });

/** Reads the key `admin`. @returns an object to be spread into the model: without the key it is empty */
export function readAdmin(value: unknown, resolve: Resolve, report: Report): { admin?: Admin } {
  const written = typeof value === "string" ? { address: value } : value;
  if (!isObject(written) || typeof written.address !== "string") return {};
  const path = typeof value === "string" ? ["admin"] : ["admin", "address"];
  const at = report.take(readAdminAddress(written.address, resolve), path);
  const names = textsOf(written.names, ["admin", "names"])
    .flatMap(({ value, path }) => report.take(readSiteName(value), path) ?? []);
  return at === undefined ? {} : { admin: { at, names } };
}
