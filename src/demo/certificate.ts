/** A certificate for trying: made when it is asked for, and gone with the demo. */

import { UsageError } from "../control/failure.ts";

/** Days for which it counts. */
const DAYS = "30";

/**
 * Makes `demo.pem` and `demo.key` in a directory, for this machine alone.
 *
 * @throws {UsageError} where there is no `openssl` to make them with
 */
export async function makeCertificate(directory: string): Promise<void> {
  const args = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1"];
  const files = ["-keyout", `${directory}/demo.key`, "-out", `${directory}/demo.pem`];
  let ending: Deno.CommandOutput;
  try {
    ending = await new Deno.Command("openssl", {
      args: [...args, "-days", DAYS, ...subject, ...files],
      stdin: "null",
    }).output();
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new UsageError(
      "Cannot make a certificate without the program openssl; install the package openssl",
      { cause },
    );
  }
  if (!ending.success) {
    throw new UsageError(`Cannot make a certificate: ${new TextDecoder().decode(ending.stderr).trim()}`);
  }
}
