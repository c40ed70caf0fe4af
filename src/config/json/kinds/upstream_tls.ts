/** The key `tls` of a relay: how its server is spoken to. */

import { z } from "zod";
import { readFilePath } from "../../path.ts";
import { quote } from "../../reading.ts";
import type { UpstreamTls } from "../../upstream_tls.ts";
import { expect, flag, text } from "../shapes.ts";
import { isObject } from "../value.ts";
import type { Entry, Place } from "./kind.ts";

const VERSION = { error: expect(`write "1.2" or "1.3"`) };
const PEM = `write the path of certificates, such as "ca.pem"`;

const shape = {
  verify: flag(
    true,
    "Whether the server has to show a certificate of its name that counts and that one of the authorities has signed. " +
      "Without, whoever is on the way can read and change everything.",
  ),
  certificateAuthorities: text(PEM).optional().meta({
    description:
      "File of the certificates that the server's is to be signed with (PEM); those of the system unless given.",
  }),
  serverName: text(`write the name of the server, such as "app.example.com"`).optional().meta({
    description:
      "What the server is called: what it is asked for (SNI), and what its certificate is to say. As in the URL " +
      "unless given.",
  }),
  minVersion: z.enum(["1.2", "1.3"], VERSION).optional().meta({
    description: "The oldest version of TLS that the server may speak.",
    default: "1.2",
  }),
  maxVersion: z.enum(["1.2", "1.3"], VERSION).optional().meta({
    description: "The newest version.",
    default: "1.3",
  }),
  ciphers: text(`write cipher suites such as "ECDHE+AESGCM"`).optional().meta({
    description: "Cipher suites of TLS 1.2, as openssl ciphers writes them.",
  }),
  cipherSuites: text(`write cipher suites such as "TLS_AES_128_GCM_SHA256"`).optional().meta({
    description: "Cipher suites of TLS 1.3, with a colon between two.",
  }),
  certificate: text(PEM).optional().meta({
    description:
      "File of the certificate that is shown to a server that asks for one, and those behind it (PEM).",
  }),
  key: text(`write the path of a private key, such as "client.key"`).optional().meta({
    description: "File with its private key (PEM); the same file unless given.",
  }),
};

export const UPSTREAM_TLS: z.ZodType = z.strictObject(shape, {
  error: expect(`write an object such as {"certificateAuthorities": "ca.pem"}`),
}).optional().meta({ description: "How an upstream with https:// is spoken to." });

export const UPSTREAM_TLS_KEYS: readonly string[] = Object.keys(shape);

const FILES = ["certificateAuthorities", "certificate", "key"] as const;
const TEXTS = ["serverName", "ciphers", "cipherSuites"] as const;
const VERSIONS = ["minVersion", "maxVersion"] as const;

/** Reads it; undefined where nothing is said. @param speaksTls whether the upstream is spoken to by TLS */
export function readUpstreamTls(entry: Entry, place: Place, speaksTls: boolean): UpstreamTls | undefined {
  const { tls } = entry;
  if (!isObject(tls)) return undefined;
  const { report, resolve } = place;
  const path = [...place.path, "tls"];
  if (!speaksTls) {
    report.key(
      path,
      `Found "tls" for a server that is spoken to in clear text; write https:// in "upstream"`,
    );
  }
  const found: Record<string, unknown> = {};
  if (tls.verify === false) found.verify = false;
  for (const key of FILES) {
    const text = tls[key];
    if (typeof text === "string") found[key] = report.take(readFilePath(text, resolve), [...path, key]);
  }
  for (const key of TEXTS) {
    const text = tls[key];
    if (typeof text !== "string") continue;
    if (/^[!-~]{1,1000}$/.test(text)) found[key] = text;
    else report.value([...path, key], `Found ${quote(text)}; write it without spaces`);
  }
  for (const key of VERSIONS) if (tls[key] === "1.2" || tls[key] === "1.3") found[key] = tls[key];
  if (tls.minVersion === "1.3" && tls.maxVersion === "1.2") {
    report.value([...path, "maxVersion"], `Found "1.2" below "minVersion"; leave one of them out`);
  }
  if (tls.key !== undefined && tls.certificate === undefined) {
    report.key([...path, "key"], `Found "key" without "certificate"; write both`);
  }
  return found;
}
