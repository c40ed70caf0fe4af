/** The certificate of a run: ECDSA with P-256, signed by itself, for `localhost`. */

import type { Stage } from "./stage.ts";

/** Where its files are. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
  /** Both in one file, as haproxy wants them. */
  readonly both: string;
  /** What clients check it by. */
  readonly authority: string;
}

/** Makes it anew. @throws {NotInstalled} without `openssl` */
export async function makeCertificate(stage: Stage): Promise<Certificate> {
  const command = stage.programs.path("openssl");
  const room = stage.room("certificate");
  const certificate = `${room}/cert.pem`, key = `${room}/key.pem`, both = `${room}/both.pem`;
  const args = [
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-days",
    "2",
  ];
  args.push("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1");
  // Not an authority: a client of rustls takes none for a server.
  args.push("-addext", "basicConstraints=critical,CA:FALSE", "-keyout", key, "-out", certificate);
  await stage.processes.run("openssl", { command, args }, 30);
  const authority = Deno.readTextFileSync(certificate);
  Deno.writeTextFileSync(both, authority + Deno.readTextFileSync(key), { mode: 0o600 });
  return { certificate, key, both, authority };
}
