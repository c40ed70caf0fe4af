/** Keys and certificates for tests, made afresh by `openssl`: none lies in the repository. */

import assert from "node:assert/strict";

/** Runs `openssl` in a directory. */
export async function openssl(directory: string, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command("openssl", {
    args: [...args],
    cwd: directory,
    stdin: "null",
  }).output();
  assert.equal(code, 0, `openssl ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

/** What a certificate is to say. */
export interface CertificateOptions {
  /** `ec` (P-256) unless given. */
  readonly kind?: "ec" | "rsa";
  /** Host names; the first is its common name too. */
  readonly names?: readonly string[];
  /** The common name, where it is none of the names. */
  readonly subject?: string;
  /** Days from now; 30 unless given, below 1 for one that counts no more. */
  readonly days?: number;
  /** The name of the authority in the same directory that signs it; it signs itself unless given. */
  readonly by?: string;
  /** Whether it may sign others. */
  readonly authority?: boolean;
  /** Whether it is a client's. */
  readonly client?: boolean;
}

/**
 * Makes `NAME.key` and `NAME.pem` in a directory.
 *
 * @returns their paths
 */
export async function makeCertificate(
  directory: string,
  name: string,
  { kind = "ec", names = ["localhost"], subject, days = 30, by, authority, client }: CertificateOptions = {},
): Promise<{ readonly certificate: string; readonly key: string }> {
  const key = kind === "ec"
    ? ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
    : ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"];
  await openssl(directory, ...key, "-out", `${name}.key`);
  const end = new Date(Date.now() + days * 86_400_000);
  const start = new Date(Math.min(Date.now(), end.getTime()) - 86_400_000);
  const time = (date: Date) => date.toISOString().replace(/[-:T]|\.\d+/g, "");
  const extensions = [
    `basicConstraints=critical,CA:${authority ? "TRUE" : "FALSE"}`,
    ...authority ? ["keyUsage=critical,keyCertSign,cRLSign"] : [
      `extendedKeyUsage=${client ? "clientAuth" : "serverAuth"}`,
      ...client ? [] : [
        `subjectAltName=${
          names.map((host) => /^[0-9.]+$|:/.test(host) ? `IP:${host}` : `DNS:${host}`).join(",")
        }`,
      ],
    ],
  ];
  const signer = by ?? name;
  await Deno.writeTextFile(
    `${directory}/${name}.cnf`,
    [
      "[ca]",
      "default_ca=here",
      "[here]",
      `database=${directory}/${name}.db`,
      `new_certs_dir=${directory}`,
      "default_md=sha256",
      "policy=any",
      "rand_serial=yes",
      "unique_subject=no",
      "x509_extensions=extensions",
      "[any]",
      "commonName=supplied",
      "[req]",
      "distinguished_name=name",
      "[name]",
      "[extensions]",
      ...extensions,
    ].join("\n"),
  );
  await Deno.writeTextFile(`${directory}/${name}.db`, "");
  const config = `${name}.cnf`;
  const request = [
    "req",
    "-new",
    "-config",
    config,
    "-key",
    `${name}.key`,
    "-subj",
    `/CN=${subject ?? names[0]}`,
  ];
  await openssl(directory, ...request, "-out", `${name}.csr`);
  const sign = [
    "ca",
    "-batch",
    "-notext",
    "-config",
    config,
    "-startdate",
    time(start),
    "-enddate",
    time(end),
  ];
  const who = by === undefined
    ? ["-selfsign", "-keyfile", `${name}.key`]
    : ["-cert", `${signer}.pem`, "-keyfile", `${signer}.key`];
  await openssl(directory, ...sign, ...who, "-in", `${name}.csr`, "-out", `${name}.pem`);
  return { certificate: `${directory}/${name}.pem`, key: `${directory}/${name}.key` };
}
