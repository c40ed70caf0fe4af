/** What rules make of references and cookies. tests/e2e/relay_apache_test.ts asks a real Apache for the same. */

import type { CookieRule, ReverseRule } from "../../../src/config/config.ts";

export const REVERSE_RULES: readonly ReverseRule[] = [
  { path: "/app/special/", url: "http://app.internal:3000/special/" },
  { path: "/app/", url: "http://app.internal:3000/" },
  { path: "/app/never/", url: "http://app.internal:3000/special/" },
  { path: "/bare", url: "http://bare.internal" },
  { path: "https://public.example/", url: "http://secure.internal/" },
  { path: "/paths/", url: "/old/" },
];

/** By those rules, for a client that has said `Host: site.example`. */
export const REFERENCE_CASES: readonly (readonly [reference: string, expected: string])[] = [
  ["http://app.internal:3000/", "http://site.example/app/"],
  ["http://app.internal:3000/a?b#c", "http://site.example/app/a?b#c"],
  ["http://app.internal:3000/special/a", "http://site.example/app/special/a"],
  ["http://app.internal:3000/special", "http://site.example/app/special"],
  ["HTTP://APP.internal:3000/A", "http://site.example/app/A"],
  ["http://app.internal:3000//evil.example/", "http://site.example/app//evil.example/"],
  ["http://app.internal:3000", "http://app.internal:3000"],
  ["http://app.internal:30001/a", "http://app.internal:30001/a"],
  ["http://app.internal/a", "http://app.internal/a"],
  ["https://app.internal:3000/a", "https://app.internal:3000/a"],
  ["http://bare.internal/a", "http://site.example/bare/a"],
  ["http://bare.internal", "http://site.example/bare"],
  ["http://bare.internal:81/a", "http://site.example/bare:81/a"],
  ["http://secure.internal/a", "https://public.example/a"],
  ["/old/a", "http://site.example/paths/a"],
  ["/OLD/a", "http://site.example/paths/a"],
  ["http://anyone.example/old/a", "http://site.example/paths/a"],
  ["ftp://anyone.example:21/old/", "http://site.example/paths/"],
  ["/old", "/old"],
  ["/", "/"],
  ["next", "next"],
  ["../next", "../next"],
  ["//app.internal:3000/a", "//app.internal:3000/a"],
  ["http://other.example/a", "http://other.example/a"],
  ["?query", "?query"],
];

export const COOKIE_RULES: {
  readonly domains: readonly CookieRule[];
  readonly paths: readonly CookieRule[];
} = {
  domains: [{ from: "app.internal", to: "site.example" }, { from: "second.internal", to: "two.example" }],
  paths: [{ from: "/old", to: "/new" }, { from: "/app/", to: "/" }],
};

/** By those rules. */
export const COOKIE_CASES: readonly (readonly [cookie: string, expected: string])[] = [
  ["a=1", "a=1"],
  ["a=1; Path=/old", "a=1; Path=/new"],
  ["a=1; path=/old/below; Secure", "a=1; path=/new; Secure"],
  ["a=1; PATH=/older", "a=1; PATH=/new"],
  ["a=1; Path=/OLD", "a=1; Path=/OLD"],
  ["a=1; Path=/app", "a=1; Path=/app"],
  ["a=1; Path=/app/x; HttpOnly", "a=1; Path=/; HttpOnly"],
  ["a=1; Path=/", "a=1; Path=/"],
  ["a=1; Domain=app.internal", "a=1; Domain=site.example"],
  ["a=1; domain=APP.Internal; Path=/old", "a=1; domain=site.example; Path=/new"],
  ["a=1; Path=/old; Domain=second.internal", "a=1; Path=/new; Domain=two.example"],
  ["a=1; Domain=other.internal", "a=1; Domain=other.internal"],
  ["a=1;Path=/old;Domain=app.internal;Max-Age=5", "a=1;Path=/new;Domain=site.example;Max-Age=5"],
];
