/** What the handshakes of one site go by, made of its files. */

import { createHash } from "node:crypto";
import { FileStatus } from "../../../ffi/mod.ts";
import {
  type Certificate,
  Context,
  type Identity,
  OpenSslError,
  type PrivateKey,
  readCertificates,
  readPrivateKey,
} from "../../../ffi/openssl/mod.ts";
import type { CertificateFiles, SiteTls } from "../../config/tls.ts";
import { isAddress } from "../../config/upstream_tls.ts";
import { readClientAuthorities } from "./client_authorities.ts";
import { readPem } from "./pem_file.ts";

/** What is true of a certificate that is in use. */
export interface CertificateFact {
  readonly file: string;
  readonly subject: string;
  /** `ECDSA`, `RSA` or another kind. */
  readonly kind: string;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Names of the site that it does not count for. */
  readonly uncovered: readonly string[];
  /** The first of those that are sent with it that has not signed the one before it; undefined where all have. */
  readonly stray: string | undefined;
  /** That of those which ends first, where it does so before the certificate itself. */
  readonly earliest: { readonly subject: string; readonly notAfter: number } | undefined;
  /** The file of its key, where everybody may read that. */
  readonly openKey: string | undefined;
}

/** A site's context and what its certificates say. */
export interface SiteContext {
  readonly context: Context;
  readonly facts: readonly CertificateFact[];
  /** What people should know of the authorities of its clients. */
  readonly warnings: readonly string[];
}

/** What a context is made with besides the site's own. */
export interface ContextSurroundings {
  /** Encrypt the tickets of sessions. */
  readonly ticketKeys: Uint8Array<ArrayBuffer>;
  /** Whether the kernel can go on where a handshake has ended. */
  readonly kernel: boolean;
}

/**
 * Reads a site's files and makes its context.
 *
 * @throws {OpenSslError} with a sentence about the first file that cannot be used
 */
export function makeSiteContext(
  names: readonly string[],
  { certificates, settings }: SiteTls,
  { ticketKeys, kernel }: ContextSurroundings,
): SiteContext {
  const held: (Certificate | PrivateKey)[] = [];
  const hold = <Held extends Certificate | PrivateKey>(one: Held): Held => {
    held.push(one);
    return one;
  };
  try {
    const identities = certificates.map((files) => readIdentity(files, hold));
    const kinds = identities.map(({ key }) => key.kind);
    const twice = kinds.find((kind, index) => kinds.indexOf(kind) !== index);
    if (twice !== undefined) {
      throw new OpenSslError(
        `Cannot use ${
          identities[kinds.lastIndexOf(twice)]!.name
        }: the site has another one with a key of the kind ` +
          `${twice}, and clients choose by that`,
      );
    }
    const { clientCertificates, clientVerifyDepth, sessionTickets } = settings;
    const { trusted, named, warnings } = readClientAuthorities(settings, hold);
    const context = new Context({
      ...settings,
      identities,
      ticketKeys: sessionTickets ? ticketKeys : undefined,
      sessionContext: sessionContext(
        names,
        clientCertificates,
        // Whoever is no authority any more vouches for nobody, in a session that began earlier either.
        named.map(({ fingerprint }) => fingerprint),
        `${clientVerifyDepth}`,
        ...certificates.map(({ certificate }) => certificate),
      ),
      clientAuthorities: trusted,
      namedAuthorities: named,
      kernel,
    });
    const facts = identities.map((identity, at) => factOf(identity, certificates[at]!, names));
    return { context, facts, warnings };
  } finally {
    // The context has references of its own.
    for (const one of held) one.free();
  }
}

type Hold = <Held extends Certificate | PrivateKey>(one: Held) => Held;

function readIdentity({ certificate, key, chain }: CertificateFiles, hold: Hold): Identity {
  const name = `the certificate "${certificate}"`;
  const read = (path: string, what: string) => readCertificates(readPem(path, what), what).map(hold);
  const own = read(certificate, `Cannot use ${name}`);
  const others = chain === undefined ? [] : read(chain, `Cannot use the chain "${chain}"`);
  const what = `Cannot use the key "${key}"`;
  const pem = readPem(key, what);
  try {
    return { name, chain: [...own, ...others], key: hold(readPrivateKey(pem, what)) };
  } finally {
    pem.fill(0);
  }
}

const EVERYBODY_READS = 0o004;
const status = new FileStatus();

function factOf(
  { chain, key }: Identity,
  files: CertificateFiles,
  names: readonly string[],
): CertificateFact {
  const [leaf, ...others] = chain as [Certificate, ...Certificate[]];
  const { notAfter } = leaf;
  const first = others.toSorted((one, other) => one.notAfter - other.notAfter)[0];
  const isOpen = status.readTarget(files.key) === 0 && (status.permissions & EVERYBODY_READS) !== 0;
  return {
    file: files.certificate,
    subject: leaf.subject,
    kind: key.kind,
    notBefore: leaf.notBefore,
    notAfter,
    // Of a wildcard any name below it is as good as another.
    uncovered: names.filter((name) =>
      isAddress(name)
        ? !leaf.coversAddress(name.replace(/^\[(.*)\]$/, "$1"))
        : !leaf.covers(name.replace(/^\*\./, "any-name."))
    ),
    stray: others.find(({ subject }, index) => chain[index]!.issuer !== subject)?.subject,
    earliest: first !== undefined && first.notAfter < notAfter
      ? { subject: first.subject, notAfter: first.notAfter }
      : undefined,
    openKey: isOpen ? files.key : undefined,
  };
}

/**
 * Sessions go on under the same site and the same demands only, in every process and after every reload. Certificates of the
 * site's own are renewed in between: they count by the names of their files.
 */
function sessionContext(
  ...parts: readonly (string | readonly string[] | undefined)[]
): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHash("sha256").update(JSON.stringify(parts)).digest());
}
