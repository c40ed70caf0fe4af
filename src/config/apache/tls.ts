/** The words of mod_ssl that have an effect: what a virtual host shows to clients that speak TLS, and what it asks of them. */

import type { Resolve } from "../path.ts";
import { quote } from "../reading.ts";
import {
  type CertificateFiles,
  type ClientCertificates,
  type SiteTls,
  TLS_DEFAULTS,
  type TlsSettings,
  type TlsVersion,
} from "../tls.ts";
import type { Faults } from "./faults.ts";
import type { Directive } from "./tree.ts";

/** Each with what it takes: the number of arguments, and what they are, for people. */
export const TLS_DIRECTIVES = [
  ["SSLEngine", 1, 1, "On or Off"],
  ["SSLCertificateFile", 1, 1, "the file of a certificate"],
  ["SSLCertificateKeyFile", 1, 1, "the file of a private key"],
  ["SSLCertificateChainFile", 1, 1, "a file of certificates"],
  ["SSLCACertificateFile", 1, 1, "a file of certificates"],
  ["SSLCACertificatePath", 1, 1, "a directory of certificates"],
  ["SSLProtocol", 1, Infinity, "protocols, such as all -TLSv1.2"],
  ["SSLCipherSuite", 1, 2, "cipher suites, as openssl ciphers writes them"],
  ["SSLHonorCipherOrder", 1, 1, "On or Off"],
  ["SSLVerifyClient", 1, 1, "none, optional or require"],
  ["SSLVerifyDepth", 1, 1, "how many certificates may stand above a client's, such as 2"],
  ["SSLSessionTickets", 1, 1, "On or Off"],
  ["SSLStrictSNIVHostCheck", 1, 1, "On or Off"],
] as const;

/**
 * Why what httpd takes for a part of the paths, too, is not taken there; undefined for what it does not take either.
 *
 * @param name in lower case
 */
export function whyNotByPath(name: string): string | undefined {
  const why =
    "for the handshake is over before the path is known, and is done once: TLS 1.3 has no other, and " +
    "browsers do not show a certificate after it";
  switch (name) {
    case "sslverifyclient":
      return `Cannot ask clients for certificates by path, ${why}; write SSLVerifyClient optional in the ` +
        `<VirtualHost>, and Require expr "%{SSL_CLIENT_VERIFY} == 'SUCCESS'" here`;
    case "sslverifydepth":
      return `Cannot look at clients' certificates by path, ${why}; write it in the <VirtualHost>`;
    case "sslciphersuite":
      return `Cannot choose ciphers by path, ${why}; write it in the <VirtualHost>`;
    default:
      return undefined;
  }
}

type Key = Lowercase<typeof TLS_DIRECTIVES[number][0]>;

/** What one server says, by directive: the last counts, but of certificates and keys all do. */
export class TlsWords {
  readonly certificates: Directive[] = [];
  readonly keys: Directive[] = [];
  readonly #last = new Map<Key, Directive>();
  /** Cipher suites of TLS 1.3 have a directive of the same name. */
  #cipherSuites: Directive | undefined;

  /** Takes a directive in; others are left alone. @returns whether it was one of these */
  take(directive: Directive): boolean {
    const key = directive.name.toLowerCase() as Key;
    if (!TLS_DIRECTIVES.some(([name]) => name.toLowerCase() === key)) return false;
    if (key === "sslcertificatefile") this.certificates.push(directive);
    else if (key === "sslcertificatekeyfile") this.keys.push(directive);
    else if (key === "sslciphersuite" && /^tlsv1\.3$/i.test(directive.args[0]!)) {
      this.#cipherSuites = directive;
    } else this.#last.set(key, directive);
    return true;
  }

  get(key: Key): Directive | undefined {
    return this.#last.get(key);
  }

  get cipherSuites(): Directive | undefined {
    return this.#cipherSuites;
  }
}

/** What virtual hosts say of TLS, and the main server for all of them. */
export class TlsReader {
  /** What was read of servers, each once: a fault is reported when it is found. */
  readonly #sites = new Map<TlsWords, SiteTls | undefined>();

  constructor(readonly faults: Faults, readonly main: TlsWords, readonly resolve: Resolve) {}

  #of(words: TlsWords, key: Key): Directive | undefined {
    return words.get(key) ?? this.main.get(key);
  }

  #isOn(words: TlsWords, key: Key): boolean {
    const directive = this.#of(words, key);
    if (directive === undefined) return false;
    const value = directive.args[0]!.toLowerCase();
    if (value !== "on" && value !== "off" && value !== "optional") {
      this.faults.add(directive, `Found ${quote(directive.args[0]!)}; write On or Off`);
    }
    return value === "on";
  }

  /** Whether a server speaks TLS. */
  speaks(words: TlsWords): boolean {
    return this.#isOn(words, "sslengine");
  }

  /** Whether clients that ask for a name that no server has are refused. */
  isStrict(words: TlsWords): boolean {
    return this.#isOn(words, "sslstrictsnivhostcheck");
  }

  /** What a server that speaks TLS shows; undefined when it has no certificate. */
  site(words: TlsWords): SiteTls | undefined {
    if (!this.#sites.has(words)) this.#sites.set(words, this.#read(words));
    return this.#sites.get(words);
  }

  #read(words: TlsWords): SiteTls | undefined {
    const certificates = words.certificates.length > 0 ? words.certificates : this.main.certificates;
    const keys = words.certificates.length > 0 ? words.keys : this.main.keys;
    if (certificates.length === 0) return undefined;
    if (keys.length > certificates.length) {
      this.faults.add(keys.at(-1)!, "Found more keys than certificates; write SSLCertificateFile for each");
    }
    const chain = this.#of(words, "sslcertificatechainfile");
    const files = certificates.map((certificate, index): CertificateFiles => ({
      certificate: this.#file(certificate),
      // As in httpd, the key may stand in the same file.
      key: this.#file(keys[index] ?? certificate),
      ...chain === undefined ? {} : { chain: this.#file(chain) },
    }));
    return { certificates: files, settings: this.#settings(words) };
  }

  #file(directive: Directive): string {
    return this.resolve(directive.args[0]!);
  }

  #settings(words: TlsWords): TlsSettings {
    const ciphers = this.#of(words, "sslciphersuite")?.args.at(-1);
    const suites = (words.cipherSuites ?? this.main.cipherSuites)?.args[1];
    const tickets = this.#of(words, "sslsessiontickets");
    const protocol = this.#of(words, "sslprotocol");
    const clientCertificates = this.#clients(words);
    const authorities = this.#of(words, "sslcacertificatefile");
    const directory = this.#of(words, "sslcacertificatepath");
    const asks = clientCertificates !== "off";
    if (asks && authorities === undefined && directory === undefined) {
      this.faults.add(
        this.#of(words, "sslverifyclient")!,
        "Found certificates asked of clients, and nobody who may sign them; write SSLCACertificateFile or " +
          "SSLCACertificatePath",
      );
    }
    const file = (key: "clientAuthorities" | "clientAuthoritiesDirectory", said: Directive | undefined) =>
      asks && said !== undefined ? { [key]: this.#file(said) } : {};
    return {
      ...TLS_DEFAULTS,
      ...protocol === undefined ? {} : readVersions(protocol, this.faults),
      ...ciphers === undefined ? {} : { ciphers },
      ...suites === undefined ? {} : { cipherSuites: suites },
      serverOrder: this.#isOn(words, "sslhonorcipherorder"),
      clientCertificates,
      ...file("clientAuthorities", authorities),
      ...file("clientAuthoritiesDirectory", directory),
      clientVerifyDepth: this.#depth(words),
      sessionTickets: tickets === undefined
        ? TLS_DEFAULTS.sessionTickets
        : this.#isOn(words, "sslsessiontickets"),
    };
  }

  #depth(words: TlsWords): number {
    const directive = this.#of(words, "sslverifydepth");
    if (directive === undefined) return TLS_DEFAULTS.clientVerifyDepth;
    const [said = ""] = directive.args;
    if (/^\d{1,9}$/.test(said)) return Number(said);
    this.faults.add(directive, `Found ${quote(said)}; write a whole number, such as 2`);
    return TLS_DEFAULTS.clientVerifyDepth;
  }

  #clients(words: TlsWords): ClientCertificates {
    const directive = this.#of(words, "sslverifyclient");
    switch (directive?.args[0]?.toLowerCase()) {
      case undefined:
      case "none":
        return "off";
      case "optional":
        return "optional";
      case "require":
        return "required";
    }
    this.faults.add(directive!, `Found ${quote(directive!.args[0]!)}; write none, optional or require`);
    return "off";
  }
}

/** Versions that httpd has words for and that are not spoken here, in lower case. */
const OLD = ["sslv2", "sslv3", "tlsv1", "tlsv1.1"];

/**
 * What is left of `all -SSLv3 +TLSv1.2`, of what is spoken here. As in httpd a word without a sign stands for itself alone,
 * whatever stands before it: `TLSv1.2 TLSv1.3` is TLS 1.3.
 */
export function readVersions(
  directive: Directive,
  faults: Faults,
): Pick<Partial<TlsSettings>, "minVersion" | "maxVersion"> {
  const spoken = new Set<TlsVersion>();
  const old = new Set<string>();
  for (const word of directive.args) {
    const [, sign = "", name = ""] = /^([+-]?)(.*)$/.exec(word)!;
    const versions = versionsOf(name);
    if (versions === undefined) {
      faults.add(directive, `Found ${quote(word)}; write TLSv1.2 or TLSv1.3, or all`);
      continue;
    }
    if (sign === "" && spoken.size + old.size > 0) {
      const before = [...old, ...[...spoken].map((version) => `TLSv${version}`)].join(" and ");
      faults.warn(
        directive,
        `${quote(name)} takes back ${before} before it; write +${name} to have it besides`,
      );
    }
    if (sign === "") {
      spoken.clear();
      old.clear();
    }
    if (versions.length === 0) sign === "-" ? old.delete(name) : old.add(name);
    for (const version of versions) sign === "-" ? spoken.delete(version) : spoken.add(version);
  }
  if (spoken.size === 0) {
    faults.add(directive, "Cannot speak any of these; write TLSv1.2, TLSv1.3, or both");
    return {};
  }
  if (old.size > 0) {
    faults.warn(directive, `${[...old].join(", ")} is not spoken: it is not safe any more`, "changes");
  }
  return {
    minVersion: spoken.has("1.2") ? "1.2" : "1.3",
    maxVersion: spoken.has("1.3") ? "1.3" : "1.2",
  };
}

/** What a word stands for, of what is spoken here; undefined where httpd does not know it either. */
function versionsOf(name: string): readonly TlsVersion[] | undefined {
  switch (name.toLowerCase()) {
    case "all":
      return ["1.2", "1.3"];
    case "tlsv1.2":
      return ["1.2"];
    case "tlsv1.3":
      return ["1.3"];
    default:
      return OLD.includes(name.toLowerCase()) ? [] : undefined;
  }
}
