/**
 * X.509 certificates out of PEM (PEM_read_bio_X509(3)), and what they say.
 *
 * @module
 */
import { cString } from "../memory.ts";
import { lastReason, OpenSslError, partsOf, takeErrors } from "./errors.ts";
import { crypto } from "./library.ts";

const {
  ASN1_TIME_to_tm,
  BIO_free,
  BIO_new,
  BIO_new_mem_buf,
  BIO_read,
  BIO_s_mem,
  EVP_sha256,
  PEM_read_bio_X509,
  X509_NAME_print_ex,
  X509_check_host,
  X509_check_ip_asc,
  X509_digest,
  X509_free,
  X509_get0_notAfter,
  X509_get0_notBefore,
  X509_get0_serialNumber,
  X509_get_issuer_name,
  X509_get_subject_name,
  X509_self_signed,
  i2a_ASN1_INTEGER,
} = crypto;

const ERR_LIB_PEM = 9;
const PEM_R_NO_START_LINE = 108;

/**
 * XN_FLAG_RFC2253: `CN=www,O=Example`, last part first, anything but printable ASCII escaped. What Apache's
 * SSL_CLIENT_S_DN has.
 */
const XN_FLAG_RFC2253 = 0x1110317;

// struct tm: the int fields that say a time of day.
const TM_SEC = 0, TM_MIN = 1, TM_HOUR = 2, TM_MDAY = 3, TM_MON = 4, TM_YEAR = 5;
const SIZEOF_TM = 56;

const encoder = new TextEncoder();

/** One certificate. Owned by whoever made it, who calls {@linkcode free}. */
export class Certificate {
  /** @param pointer an X509 with a reference that is this object's */
  constructor(readonly pointer: NonNullable<Deno.PointerValue>) {}

  /** Who it is about, as RFC 2253 writes names: `CN=www.example.com`. */
  get subject(): string {
    return name(X509_get_subject_name(this.pointer));
  }

  /** Who has signed it. */
  get issuer(): string {
    return name(X509_get_issuer_name(this.pointer));
  }

  /** Its serial number, in upper-case hexadecimal. */
  get serial(): string {
    const number = X509_get0_serialNumber(this.pointer);
    return printed((bio) => i2a_ASN1_INTEGER(bio, number)).replaceAll("\\\n", "");
  }

  /** From when on it counts; milliseconds since 1970. */
  get notBefore(): number {
    return time(X509_get0_notBefore(this.pointer));
  }

  /** Until when it counts; milliseconds since 1970. */
  get notAfter(): number {
    return time(X509_get0_notAfter(this.pointer));
  }

  /** SHA-256 over all of it, in lower-case hexadecimal. */
  get fingerprint(): string {
    const digest = new Uint8Array(64); // EVP_MAX_MD_SIZE
    const length = new Uint32Array(1);
    X509_digest(this.pointer, EVP_sha256(), digest, length);
    return digest.subarray(0, length[0]).toHex();
  }

  /** Whether clients that ask for this host name accept it (RFC 6125). */
  covers(host: string): boolean {
    const bytes = encoder.encode(host);
    return bytes.length > 0 && X509_check_host(this.pointer, bytes, BigInt(bytes.length), 0, null) === 1;
  }

  /** Whether it is about an IP address, which is written without brackets. */
  coversAddress(address: string): boolean {
    return X509_check_ip_asc(this.pointer, cString(address), 0) === 1;
  }

  /** Whether it vouches for itself: it has signed itself, which is looked at. */
  get isSelfSigned(): boolean {
    const answer = X509_self_signed(this.pointer, 1);
    // With a signature that is not its own there is something in the queue of errors.
    if (answer !== 1) takeErrors();
    return answer === 1;
  }

  /** Lets go of it. */
  free(): void {
    X509_free(this.pointer);
  }
}

/**
 * Reads all certificates of a PEM file, in its order.
 *
 * @param pem the file's bytes
 * @param what the start of the sentence that says it has none: `Cannot use the certificate "/etc/tls/cert.pem"`
 * @returns at least one, owned by the caller
 * @throws {OpenSslError} when there is none, or one cannot be read
 */
export function readCertificates(pem: Uint8Array<ArrayBuffer>, what: string): Certificate[] {
  const bio = pem.length === 0 ? null : BIO_new_mem_buf(pem, pem.length);
  if (bio === null) throw new OpenSslError(`${what}: the file is empty`);
  const found: Certificate[] = [];
  const nothing = encoder.encode("\0");
  try {
    for (;;) {
      const pointer = PEM_read_bio_X509(bio, null, null, nothing);
      if (pointer !== null) {
        found.push(new Certificate(pointer));
        continue;
      }
      const last = takeErrors().at(-1) ?? 0;
      const { library, reason } = partsOf(last);
      const ended = library === ERR_LIB_PEM && reason === PEM_R_NO_START_LINE;
      if (ended && found.length > 0) return found;
      throw new OpenSslError(
        ended
          ? `${what}: there is no certificate in it (a block that begins with -----BEGIN CERTIFICATE-----)`
          : `${what}: certificate ${found.length + 1} in it is damaged`,
      );
    }
  } catch (error) {
    for (const certificate of found) certificate.free();
    throw error;
  } finally {
    BIO_free(bio);
  }
}

/** What a function of OpenSSL prints into a file, here one in memory. */
function printed(print: (bio: Deno.PointerValue) => number): string {
  const bio = BIO_new(BIO_s_mem());
  if (bio === null) throw new OpenSslError(`Cannot print a certificate: ${lastReason("out of memory")}`);
  try {
    print(bio);
    const bytes = new Uint8Array(4_096);
    const length = BIO_read(bio, bytes, bytes.length);
    return new TextDecoder().decode(bytes.subarray(0, Math.max(0, length)));
  } finally {
    BIO_free(bio);
  }
}

function name(pointer: Deno.PointerValue): string {
  return pointer === null ? "" : printed((bio) => X509_NAME_print_ex(bio, pointer, 0, XN_FLAG_RFC2253));
}

function time(pointer: Deno.PointerValue): number {
  const tm = new Int32Array(SIZEOF_TM / 4);
  if (ASN1_TIME_to_tm(pointer, tm) !== 1) return NaN;
  return Date.UTC(
    tm[TM_YEAR]! + 1900,
    tm[TM_MON]!,
    tm[TM_MDAY]!,
    tm[TM_HOUR]!,
    tm[TM_MIN]!,
    tm[TM_SEC]!,
  );
}
