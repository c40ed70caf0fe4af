/**
 * Rewriting by rules: what ProxyPassReverse, ProxyPassReverseCookieDomain and ProxyPassReverseCookiePath of Apache's
 * mod_proxy do to the fields of a response. response_fields.ts applies them, and rewrites what no rule is for. Pure.
 */

import type { CookieRule, ReverseRule } from "../../config/config.ts";
import { withoutBlanks } from "../../http/blanks.ts";
import { ownReference } from "../../http/reference.ts";

/**
 * A reference as the first rule that fits says it. Such a one becomes a URL with the client's Host, as Apache has it, or
 * with the host that the rule names, and never with another.
 *
 * @param authority the client's Host; empty where it gave none, and then the reference is a path
 * @param scheme how the client reaches that
 * @returns the reference itself where no rule fits
 */
export function reverseReference(
  reference: string,
  rules: readonly ReverseRule[],
  authority: string,
  scheme: "http" | "https" = "http",
): string {
  for (const { path, url } of rules) {
    // A rule of a path alone is about every host: a reference is compared from its path on.
    const part = url.startsWith("/") ? pathOf(reference) : reference;
    if (url === "" || part.slice(0, url.length).toLowerCase() !== url.toLowerCase()) continue;
    const rest = part.slice(url.length);
    if (path.startsWith("/")) {
      return authority === "" ? ownReference(path + rest) : `${scheme}://${authority}${plain(path + rest)}`;
    }
    // The rule chooses the host. What follows must not make another one of it: `public.example` and `.evil.example`.
    if (endsInHost(path) && rest !== "" && !/^[/?#]/.test(rest)) {
      if (!url.endsWith("/")) continue;
      return `${path}/${plain(rest)}`;
    }
    return path + plain(rest);
  }
  return reference;
}

/** Whether a URL has nothing behind its authority. */
function endsInHost(url: string): boolean {
  return url.indexOf("/", url.indexOf("://") + 3) < 0;
}

/** A path, or a part of one, in which nobody reads a slash where there is none. */
function plain(path: string): string {
  return path.replaceAll("\\", "%5C");
}

function pathOf(reference: string): string {
  const scheme = reference.indexOf("://");
  if (scheme < 0) return reference;
  const slash = reference.indexOf("/", scheme + 3);
  return slash < 0 ? reference : reference.slice(slash);
}

/** A Set-Cookie value (RFC 6265, 4.1.1) whose Domain and Path are as the rules say; all else stays byte for byte. */
export function rewriteCookie(
  value: string,
  domains: readonly CookieRule[],
  paths: readonly CookieRule[],
): string {
  const [pair, ...attributes] = value.split(";");
  const rewritten = attributes.map((attribute) => {
    const equals = attribute.indexOf("=");
    const name = equals < 0 ? "" : withoutBlanks(attribute, 0, equals).toLowerCase();
    if (name !== "path" && name !== "domain") return attribute;
    const own = withoutBlanks(attribute, equals + 1);
    const found = name === "path" ? rewritePath(own, paths) : rewriteDomain(own, domains);
    if (found === undefined) return attribute;
    // What is around the value stays.
    const from = own === "" ? attribute.length : attribute.indexOf(own, equals + 1);
    return attribute.slice(0, from) + found + attribute.slice(from + own.length);
  });
  return [pair, ...rewritten].join(";");
}

/** Paths have their case. */
function rewritePath(path: string, rules: readonly CookieRule[]): string | undefined {
  return rules.find(({ from }) => path.startsWith(from))?.to;
}

/** A dot before a domain means nothing (RFC 6265, 5.2.3), and neither does its case. */
function rewriteDomain(domain: string, rules: readonly CookieRule[]): string | undefined {
  const name = bare(domain);
  return rules.find(({ from }) => name.startsWith(bare(from)))?.to;
}

function bare(domain: string): string {
  return domain.replace(/^\./, "").toLowerCase();
}
