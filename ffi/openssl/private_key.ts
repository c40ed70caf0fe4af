/**
 * Private keys out of PEM (PEM_read_bio_PrivateKey(3)).
 *
 * @module
 */
import { lastReason, OpenSslError, takeErrors } from "./errors.ts";
import { crypto } from "./library.ts";

const {
  BIO_free,
  BIO_new_mem_buf,
  EVP_PKEY_free,
  EVP_PKEY_get_base_id,
  EVP_PKEY_get_bits,
  PEM_read_bio_PrivateKey,
} = crypto;

/** NID_rsaEncryption and its like (obj_mac.h). */
const KINDS: Readonly<Record<number, string>> = {
  6: "RSA",
  408: "ECDSA",
  912: "RSA-PSS",
  1087: "Ed25519",
  1088: "Ed448",
};

/** One private key. Owned by whoever made it, who calls {@linkcode free}. */
export class PrivateKey {
  /** @param pointer an EVP_PKEY with a reference that is this object's */
  constructor(readonly pointer: NonNullable<Deno.PointerValue>) {}

  /** `RSA`, `ECDSA` or another kind. A context takes one certificate of each. */
  get kind(): string {
    const number = EVP_PKEY_get_base_id(this.pointer);
    return KINDS[number] ?? `kind ${number}`;
  }

  /** Its size in bits. */
  get bits(): number {
    return EVP_PKEY_get_bits(this.pointer);
  }

  /** Lets go of it. */
  free(): void {
    EVP_PKEY_free(this.pointer);
  }
}

/** Both forms in which PEM says that a passphrase is needed: PKCS #8, and the older one of RFC 1421. */
const ENCRYPTED = ["-----BEGIN ENCRYPTED PRIVATE KEY-----", "Proc-Type: 4,ENCRYPTED"];

/**
 * Reads the private key of a PEM file.
 *
 * @param pem the file's bytes
 * @param what the start of the sentence that says it has none: `Cannot use the key "/etc/tls/key.pem"`
 * @returns owned by the caller
 * @throws {OpenSslError} when there is none, or it is encrypted: nobody is there to be asked for a passphrase
 */
export function readPrivateKey(pem: Uint8Array<ArrayBuffer>, what: string): PrivateKey {
  const bio = pem.length === 0 ? null : BIO_new_mem_buf(pem, pem.length);
  if (bio === null) throw new OpenSslError(`${what}: the file is empty`);
  try {
    // An empty passphrase: with none at all OpenSSL would ask the terminal.
    const pointer = PEM_read_bio_PrivateKey(bio, null, null, new Uint8Array(1));
    if (pointer !== null) return new PrivateKey(pointer);
    const text = new TextDecoder("latin1").decode(pem);
    if (ENCRYPTED.some((mark) => text.includes(mark))) {
      takeErrors();
      throw new OpenSslError(
        `${what}: it is encrypted, and nobody is there to be asked for its passphrase; ` +
          "write it without one (openssl pkey -in KEY -out NEW), readable by root alone",
      );
    }
    if (!/-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----/.test(text)) {
      takeErrors();
      throw new OpenSslError(
        `${what}: there is no private key in it (a block that begins with -----BEGIN PRIVATE KEY-----)`,
      );
    }
    throw new OpenSslError(`${what}: ${lastReason("it is damaged")}`);
  } finally {
    BIO_free(bio);
  }
}
