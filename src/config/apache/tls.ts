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
  ["SSLProtocol", 1, Infinity, "protocols, such as all -TLSv1.2"],
  ["SSLCipherSuite", 1, 2, "cipher suites, as openssl ciphers writes them"],
  ["SSLHonorCipherOrder", 1, 1, "On or Off"],
  ["SSLVerifyClient", 1, 1, "none, optional or require"],
  ["SSLSessionTickets", 1, 1, "On or Off"],
  ["SSLStrictSNIVHostCheck", 1, 1, "On or Off"],
] as const;

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
    if (clientCertificates !== "off" && authorities === undefined) {
      this.faults.add(
        this.#of(words, "sslverifyclient")!,
        "Found certificates asked of clients, and nobody who may sign them; write SSLCACertificateFile",
      );
    }
    return {
      ...TLS_DEFAULTS,
      ...protocol === undefined ? {} : readVersions(protocol, this.faults),
      ...ciphers === undefined ? {} : { ciphers },
      ...suites === undefined ? {} : { cipherSuites: suites },
      serverOrder: this.#isOn(words, "sslhonorcipherorder"),
      clientCertificates,
      ...authorities === undefined || clientCertificates === "off"
        ? {}
        : { clientAuthorities: this.#file(authorities) },
      sessionTickets: tickets === undefined
        ? TLS_DEFAULTS.sessionTickets
        : this.#isOn(words, "sslsessiontickets"),
    };
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

/** What is left of `all -SSLv3 +TLSv1.2`, of what is spoken here. */
export function readVersions(
  directive: Directive,
  faults: Faults,
): Pick<Partial<TlsSettings>, "minVersion" | "maxVersion"> {
  const spoken = new Set<TlsVersion>();
  const old: string[] = [];
  let first = true;
  for (const word of directive.args) {
    const [, sign = "", name = ""] = /^([+-]?)(.*)$/.exec(word)!;
    const named = name.toLowerCase();
    // One without a sign says that it is this alone, or with those behind it.
    if (sign === "" && first) spoken.clear();
    first = false;
    const versions: TlsVersion[] = named === "all"
      ? ["1.2", "1.3"]
      : named === "tlsv1.2"
      ? ["1.2"]
      : named === "tlsv1.3"
      ? ["1.3"]
      : [];
    if (versions.length === 0 && !/^(sslv2|sslv3|tlsv1|tlsv1\.1)$/.test(named)) {
      faults.add(directive, `Found ${quote(word)}; write TLSv1.2 or TLSv1.3, or all`);
    }
    if (versions.length === 0 && sign !== "-") old.push(name);
    for (const version of versions) sign === "-" ? spoken.delete(version) : spoken.add(version);
  }
  if (spoken.size === 0) {
    faults.add(directive, "Cannot speak any of these; write TLSv1.2, TLSv1.3, or both");
    return {};
  }
  if (old.length > 0) {
    faults.warn(directive, `${old.join(", ")} is not spoken: it is not safe any more`, "changes");
  }
  return {
    minVersion: spoken.has("1.2") ? "1.2" : "1.3",
    maxVersion: spoken.has("1.3") ? "1.3" : "1.2",
  };
}
