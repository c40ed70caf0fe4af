/** Configurations by chance: the same in every run. */

import fc from "../../support/properties.ts";
import { type Configuration, get, host } from "./configuration.ts";

const SEED = 20_240_401;

const prefix = fc.tuple(fc.array(fc.constantFrom("a", "b", "ab"), { maxLength: 3 }), fc.boolean())
  .map(([segments, slash]) => "/" + segments.join("/") + (slash && segments.length > 0 ? "/" : ""));

const target = fc.tuple(fc.constantFrom("a", "b", "c"), fc.constantFrom("", "", "x", "x/y"));

/** A line mostly with slashes at the ends of both, or of none, as people write it. */
const passLine = fc.tuple(prefix, fc.option(target, { freq: 5 }), fc.nat(4)).map(([prefix, target, odd]) => {
  if (target === null) return `ProxyPass ${prefix} !`;
  const [server, path] = target;
  const below = path === "" ? "" : `/${path}`;
  const slash = prefix.endsWith("/") !== (odd === 0);
  // A host name that goes on with what follows the prefix is none.
  return `ProxyPass ${prefix} @${server}${below}${slash || path === "" && prefix.endsWith("/") ? "/" : ""}`;
});

const matchLine = fc.constantFrom(
  'ProxyPassMatch "^/a/(.*)$" "@a/m/$1"',
  'ProxyPassMatch "^/(a|b)/(b|ab)(/.*)?$" "@b/$2/$1$3"',
  'ProxyPassMatch "^/b(/.*)$" "@c$1"',
  'ProxyPassMatch "/ab$" !',
  'ProxyPassMatch "b/a" "@a/n"',
  'ProxyPassMatch "^/(.*)/b$" "@d/$1"',
);

const location = fc.tuple(prefix, target).map(([prefix, [server, path]]) =>
  `<Location ${prefix}>\nProxyPass @${server}/${path}${
    path === "" || !prefix.endsWith("/") ? "" : "/"
  }\n</Location>`
);

const path = fc.array(fc.constantFrom("a", "b", "ab", "a", "b", "", ".", "..", "%61", "%2e%2e", "x"), {
  minLength: 1,
  maxLength: 5,
}).map((segments) => "/" + segments.join("/"));

function generated(name: string, line: fc.Arbitrary<string>, seed: number): Configuration[] {
  const texts = fc.sample(fc.array(line, { minLength: 2, maxLength: 6 }), { seed: SEED + seed, numRuns: 6 });
  return texts.map((lines, index): Configuration => ({
    name: `${name} ${index + 1}`,
    text: lines.join("\n"),
    requests: get(...new Set(fc.sample(path, { seed: SEED + 100 * seed + index, numRuns: 24 }))),
  }));
}

const label = fc.constantFrom("a", "b", "ab");
const name = fc.tuple(fc.array(label, { minLength: 1, maxLength: 2 }), fc.constantFrom("", "", "*."))
  .map(([labels, star]) => `${star}${labels.join(".")}.test`);
const plainName = fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => `${labels.join(".")}.test`);

/** Virtual hosts with names that overlap; the first one has a name of its own, as the default. */
function generatedNames(seed: number): Configuration[] {
  const hosts = fc.array(fc.tuple(plainName, fc.array(name, { minLength: 1, maxLength: 3 })), {
    minLength: 2,
    maxLength: 3,
  });
  return fc.sample(hosts, { seed: SEED + seed, numRuns: 6 }).map((all, index): Configuration => ({
    name: `names at random ${index + 1}`,
    whole: true,
    text: host("ServerName default.test", "ProxyPass / @d/") +
      all.map(([name, aliases], server) =>
        host(`ServerName ${name}`, `ServerAlias ${aliases.join(" ")}`, `ProxyPass / @${"abc"[server]}/`)
      ).join(""),
    requests: [...new Set(fc.sample(plainName, { seed: SEED + 100 * seed + index, numRuns: 16 }))]
      .map((host) => ({ target: "/x", host })),
  }));
}

/** All of them. */
export const GENERATED_CASES: readonly Configuration[] = [
  ...generated("prefixes at random", passLine, 1),
  ...generated("prefixes and expressions at random", fc.oneof(passLine, matchLine), 2),
  ...generated("locations at random", fc.oneof(passLine, location), 3),
  ...generatedNames(4),
];
