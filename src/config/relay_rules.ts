/** The rules by which a relay rewrites what its server says of itself: URLs, and the Domain and Path of cookies. */

import type { CookieRule, ReverseRule } from "./config.ts";
import { quote, type Reading } from "./reading.ts";

/** What every part of a rule has to be: it goes into a header field, and stands between spaces on a command line. */
const PLAIN = /^[!-~]+$/;
const URL_OR_PATH = /^(https?:\/\/[^/]|\/)/i;
/** What the server says may begin in other ways, too. */
const ANY_URL_OR_PATH = /^([a-z][a-z0-9+.-]*:\/\/[^/]|\/)/i;

/**
 * Checks a rule for URLs.
 *
 * @param rule As the user wrote it.
 */
export function readReverseRule(rule: ReverseRule): Reading<ReverseRule> {
  const { path, url } = rule;
  if (!PLAIN.test(path) || !URL_OR_PATH.test(path)) {
    return {
      fault: `Cannot rewrite URLs to ${quote(path)}; write a path such as "/app/", or a whole URL`,
    };
  }
  if (!PLAIN.test(url) || !ANY_URL_OR_PATH.test(url)) {
    return {
      fault: `Cannot rewrite URLs that begin with ${quote(url)}; ` +
        `write the server's URL, such as "http://127.0.0.1:3000/", or a path`,
    };
  }
  return { value: rule };
}

/**
 * Checks a rule for the Domain of cookies.
 *
 * @param rule As the user wrote it.
 */
export function readCookieDomain(rule: CookieRule): Reading<CookieRule> {
  return checkCookieRule(rule, /^\.?[a-z0-9][a-z0-9.:-]*$/i, `a domain such as "example.com"`);
}

/**
 * Checks a rule for the Path of cookies.
 *
 * @param rule As the user wrote it.
 */
export function readCookiePath(rule: CookieRule): Reading<CookieRule> {
  // A semicolon would end the attribute.
  return checkCookieRule(rule, /^\/[!-:<-~]*$/, `a path such as "/app/"`);
}

function checkCookieRule(rule: CookieRule, form: RegExp, hint: string): Reading<CookieRule> {
  for (const part of [rule.from, rule.to]) {
    if (!form.test(part)) return { fault: `Cannot rewrite cookies by ${quote(part)}; write ${hint}` };
  }
  return { value: rule };
}

/** A protocol that requests may change to (RFC 9110, 7.8), in lower case; `none` for none. */
export const UPGRADE: RegExp = /^[a-z0-9._+\/-]{1,64}$/;
