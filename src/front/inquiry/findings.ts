/** What has been found out about users and addresses, for a while: so that a password is checked once and not per request. */

import { blake2s } from "@noble/hashes/blake2.js";
import type { Finding, Findings, Question, UserVerdict } from "../../rules/access.ts";

/** Milliseconds for which a good password, a bad one, and names of an address are remembered. */
const GOOD = 60_000;
const BAD = 3_000;
const NAMES = 60_000;
/** Findings that are kept at most; the oldest go first. */
const MOST = 10_000;

const encoder = new TextEncoder();

/** The memory of one data plane. */
export class FindingsMemory implements Findings {
  /** Nobody else can say which passwords lead to the same key. */
  readonly #secret = crypto.getRandomValues(new Uint8Array(32));
  readonly #findings = new Map<string, { readonly finding: Finding; readonly until: number }>();

  /** @param now the time of the loop, in milliseconds */
  constructor(readonly now: () => number) {}

  /** The key of a question: nothing of a password can be read in it (BLAKE2s with a key, RFC 7693). */
  keyOf(question: Question): string {
    return blake2s(encoder.encode(JSON.stringify(question)), { key: this.#secret }).toBase64();
  }

  /** Remembers. */
  learn(key: string, finding: Finding): void {
    const lasts = !isVerdict(finding) ? NAMES : finding.holds ? GOOD : BAD;
    this.#findings.delete(key);
    this.#findings.set(key, { finding, until: this.now() + lasts });
    for (const oldest of this.#findings.keys()) {
      if (this.#findings.size <= MOST) break;
      this.#findings.delete(oldest);
    }
  }

  /** Forgets all: files may say something else by now. */
  forget(): void {
    this.#findings.clear();
  }

  user(question: Question & { readonly kind: "password" }): UserVerdict | undefined {
    const finding = this.#find(question);
    return finding !== undefined && isVerdict(finding) ? finding : undefined;
  }

  names(address: string): readonly string[] | undefined {
    const finding = this.#find({ kind: "names", address });
    return finding !== undefined && !isVerdict(finding) ? finding : undefined;
  }

  #find(question: Question): Finding | undefined {
    if (this.#findings.size === 0) return undefined;
    const key = this.keyOf(question);
    const found = this.#findings.get(key);
    if (found === undefined) return undefined;
    if (found.until > this.now()) return found.finding;
    this.#findings.delete(key);
    return undefined;
  }
}

function isVerdict(finding: Finding): finding is UserVerdict {
  return !Array.isArray(finding);
}
