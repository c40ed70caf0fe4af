/** The words of mod_ssl about servers behind: SSLProxyEngine and what goes with it. */

import type { Resolve } from "../path.ts";
import { quote } from "../reading.ts";
import type { UpstreamTls } from "../upstream_tls.ts";
import { onOrOff } from "./directives.ts";
import type { Faults } from "./faults.ts";
import { readVersions } from "./tls.ts";
import type { Directive } from "./tree.ts";

/** What one server or section says. Paths are as written. */
export interface ProxyTlsSettings {
  proxyTlsEngine?: boolean;
  proxyTlsVerify?: { readonly chain: boolean; readonly spot: Directive };
  proxyTlsName?: boolean;
  proxyTlsCommonName?: boolean;
  proxyTlsTime?: boolean;
  proxyTlsAuthorities?: string;
  proxyTlsDirectory?: string;
  proxyTlsVersions?: Pick<UpstreamTls, "minVersion" | "maxVersion">;
  proxyTlsCiphers?: string;
  proxyTlsSuites?: string;
  proxyTlsCertificate?: string;
}

/** Takes one of those directives in; others are left alone. */
export function readProxyTls(directive: Directive, settings: ProxyTlsSettings, faults: Faults): void {
  const { args: [value = "", second] } = directive;
  const take = <Key extends keyof ProxyTlsSettings>(key: Key, given: ProxyTlsSettings[Key] | undefined) => {
    if (given !== undefined) settings[key] = given;
  };
  switch (directive.name.toLowerCase()) {
    case "sslproxyengine":
      return take("proxyTlsEngine", /^optional$/i.test(value) ? false : onOrOff(directive, faults));
    case "sslproxyverify":
      if (/^(none|optional_no_ca|optional|require)$/i.test(value)) {
        // A server always shows one: what is optional is checked.
        return take("proxyTlsVerify", { chain: /^(optional|require)$/i.test(value), spot: directive });
      }
      return faults.add(directive, `Found ${quote(value)}; write none or require`);
    case "sslproxycheckpeername":
      return take("proxyTlsName", onOrOff(directive, faults));
    case "sslproxycheckpeercn":
      return take("proxyTlsCommonName", onOrOff(directive, faults));
    case "sslproxycheckpeerexpire":
      return take("proxyTlsTime", onOrOff(directive, faults));
    case "sslproxycacertificatefile":
      return take("proxyTlsAuthorities", value);
    case "sslproxycacertificatepath":
      return take("proxyTlsDirectory", value);
    case "sslproxyprotocol":
      return take("proxyTlsVersions", readVersions(directive, faults));
    case "sslproxyciphersuite":
      return second !== undefined && /^tlsv1\.3$/i.test(value)
        ? take("proxyTlsSuites", second)
        : take("proxyTlsCiphers", directive.args.at(-1));
    case "sslproxymachinecertificatefile":
      return take("proxyTlsCertificate", value);
  }
}

/**
 * How servers with `https:` are spoken to, by what the nearest level says of each: as in httpd, who has signed their
 * certificates is asked only where SSLProxyVerify says so; whom they are about, and until when, unless told otherwise.
 *
 * @param levels the nearest first
 */
export function proxyTlsOf(
  levels: readonly ProxyTlsSettings[],
  resolve: Resolve,
): {
  readonly isOn: boolean;
  readonly tls: UpstreamTls;
  readonly verify: ProxyTlsSettings["proxyTlsVerify"];
} {
  const all: ProxyTlsSettings = Object.assign({}, ...levels.toReversed());
  const { proxyTlsName: name, proxyTlsCommonName: commonName, proxyTlsVerify: verify } = all;
  const file = (key: keyof UpstreamTls, path: string | undefined) =>
    path === undefined ? {} : { [key]: resolve(path) };
  const tls: UpstreamTls = {
    ...verify?.chain ? {} : { verify: false },
    checkName: name === true || (name === undefined ? commonName !== false : commonName === true),
    checkTime: all.proxyTlsTime !== false,
    ...file("certificateAuthorities", all.proxyTlsAuthorities),
    ...file("authoritiesDirectory", all.proxyTlsDirectory),
    ...file("certificate", all.proxyTlsCertificate),
    ...all.proxyTlsVersions,
    ...all.proxyTlsCiphers === undefined ? {} : { ciphers: all.proxyTlsCiphers },
    ...all.proxyTlsSuites === undefined ? {} : { cipherSuites: all.proxyTlsSuites },
  };
  return { isOn: all.proxyTlsEngine === true, tls, verify };
}
