/** Requests that rules are about, written out: fields are what many of them look at. */

import type { Request } from "./configuration.ts";

const HOST = "one.test";

export interface Ask {
  readonly method?: string;
  readonly fields?: Readonly<Record<string, string>>;
}

/** A request, written out: fields are what many rules are about. */
export function ask(target: string, { method = "GET", fields = {} }: Ask = {}): Request {
  const all = { Host: HOST, ...fields };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  const length = method === "POST" ? ["Content-Length: 0"] : [];
  return {
    raw: [`${method} ${target} HTTP/1.1`, ...lines, ...length, "Connection: close", "", ""].join("\r\n"),
  };
}

export const asks = (targets: readonly string[], how: Ask = {}): Request[] =>
  targets.map((target) => ask(target, how));
export const basic = (user: string, password: string): Ask => ({
  fields: { Authorization: `Basic ${btoa(`${user}:${password}`)}` },
});

export const PASS = "ProxyPass / @a/";
/** Spellings of paths below /p, and of neighbours. */
export const SPELLINGS = [
  "/p",
  "/p/",
  "/p/x",
  "/px",
  "/P/x",
  "//p/x",
  "/%70/x",
  "/./p/x",
  "/q/../p/x",
  "/p/../q",
  "/p/%2e%2e/q",
  "/q/%2e%2e/p/x",
  "/p;a/x",
  "/p?x",
  "/q?/p/",
  "/p%20x",
];
export const PLAIN = ["/", "/a", "/a/b?c=d", "/x%20y", "/%c3%a4?%c3%a4", "/a%25b"];
