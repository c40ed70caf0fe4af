/** Which site answers for a Host. */

import type { Site } from "../config/config.ts";
import { Ipv6, MAX_IPV6_TEXT } from "../http/ipv6.ts";
import { HASH_START, hashStep, LOWER_CASE, type NameNode, NameTrees, NONE } from "./name_trees.ts";

/** What {@linkcode SiteTable.find} returns when there are no sites at all. */
export const NO_SITE = -1;

const DOT = 0x2e;
const COLON = 0x3a;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const LEFT_BRACKET = 0x5b;
const RIGHT_BRACKET = 0x5d;

/** All host names are one tree. */
const TREE = 0;

/**
 * The sites of one listener by host name (RFC 9110, section 7.2; virtual hosts by name). The order: the exact
 * name; the longest wildcard above it; the first site that has no names; the first site. Of two sites with one
 * name the first has it.
 */
export class SiteTable {
  /** One tree, whose root is the site of a Host that nobody claims. */
  readonly #names: NameTrees;
  /** Without a wildcard in the whole table, the dots of a name need no probes. */
  readonly #hasWildcards: boolean;
  readonly #ipv6 = new Ipv6();
  /** An address in brackets. */
  readonly #address = new Uint8Array(MAX_IPV6_TEXT + 2).fill(LEFT_BRACKET, 0, 1);

  /** @param sites The sites in configuration order; an answer is an index into them. */
  constructor(sites: readonly Site[]) {
    const nodes = collect(sites);
    const nameless = sites.findIndex((site) => site.names.length === 0);
    const root = nameless >= 0 ? nameless : sites.length > 0 ? 0 : NO_SITE;
    this.#names = new NameTrees([{ root, nodes }], LOWER_CASE);
    this.#hasWildcards = nodes.some((node) => node.below !== NONE);
  }

  /**
   * Finds the site for a Host value: `uri-host [ ":" port ]` (RFC 9110, section 7.2), whose syntax somebody has
   * checked. The port does not count, nor does case (RFC 3986, section 3.2.2) or one dot at the end (the root of
   * the DNS: the same name, written in full). Brackets are a part of an IPv6 address's name, which is compared in
   * the one spelling that sites have: `[0:0::1]` is `[::1]`.
   *
   * @param bytes Where the value is.
   * @param hostStart Offset of its first byte.
   * @param hostEnd Offset after its last byte; equal to `hostStart` for a request without a Host.
   * @returns The index of the site, or {@linkcode NO_SITE} if there are none.
   */
  find(bytes: Uint8Array, hostStart: number, hostEnd: number): number {
    const end = nameEnd(bytes, hostStart, hostEnd);
    if (bytes[hostStart] !== LEFT_BRACKET || hostStart === hostEnd) return this.#find(bytes, hostStart, end);
    if (!this.#ipv6.read(bytes, hostStart + 1, end - 1)) return this.#names.root(TREE);
    const behind = this.#ipv6.write(this.#address, 1);
    this.#address[behind] = RIGHT_BRACKET;
    return this.#find(this.#address, 0, behind + 1);
  }

  #find(bytes: Uint8Array, hostStart: number, end: number): number {
    const names = this.#names;
    const hasWildcards = this.#hasWildcards;
    let wildcard = names.root(TREE);
    let hash = HASH_START;
    // From the right, as the tree of names grows to the left: what has been hashed at a dot is an ancestor, and
    // a later hit is a longer one.
    for (let index = end - 1; index >= hostStart; index--) {
      const byte = LOWER_CASE[bytes[index]!]!;
      if (byte === DOT && hasWildcards && index > hostStart) {
        const site = names.below(TREE, hash, bytes, index + 1, end);
        if (site !== NONE) wildcard = site;
      }
      hash = hashStep(hash, byte);
    }
    const exact = names.at(TREE, hash, bytes, hostStart, end);
    return exact !== NONE ? exact : wildcard;
  }
}

/**
 * Where the name in a Host value ends, before the port and one final dot. From the right, past the digits of a
 * port to its colon: that way the colons inside an IPv6 address are never looked at.
 */
function nameEnd(bytes: Uint8Array, hostStart: number, hostEnd: number): number {
  let end = hostEnd;
  let index = hostEnd - 1;
  while (index >= hostStart && bytes[index]! >= DIGIT_0 && bytes[index]! <= DIGIT_9) index--;
  if (index >= hostStart && bytes[index] === COLON) end = index;
  return end > hostStart && bytes[end - 1] === DOT ? end - 1 : end;
}

/** The tree of names: `example.com` answers at its node, `*.example.com` below the same one. */
function collect(sites: readonly Site[]): NameNode[] {
  const answers = new Map<string, { at: number; below: number }>();
  for (const [site, { names }] of sites.entries()) {
    for (const name of names) {
      const isWildcard = name.startsWith("*.");
      const key = name.slice(isWildcard ? 2 : 0).toLowerCase().replace(/\.$/, "");
      let answer = answers.get(key);
      if (answer === undefined) answers.set(key, answer = { at: NONE, below: NONE });
      if (isWildcard && answer.below === NONE) answer.below = site;
      if (!isWildcard && answer.at === NONE) answer.at = site;
    }
  }
  const encoder = new TextEncoder();
  return Array.from(answers, ([key, { at, below }]) => {
    const name = encoder.encode(key);
    return { name, hash: name.reduceRight(hashStep, HASH_START), at, below };
  });
}
