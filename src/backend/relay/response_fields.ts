/** What a client is sent as the fields of a response. */

import type { CookieRule, ReverseRule } from "../../config/config.ts";
import type { Upstream } from "../../config/upstream.ts";
import { ownReference } from "../../http/reference.ts";
import { HeadPass } from "../../http/head_pass.ts";
import { ENDING_HERE } from "../../http/hop_by_hop.ts";
import { fieldLine } from "../../http/response_head.ts";
import { SoughtNames } from "../../http/sought_names.ts";
import type { FieldText } from "../http/field_text.ts";
import { type Field, fieldsOfLines } from "../http/head_text.ts";
import { PSEUDONYM } from "./request_head.ts";
import { reverseReference, rewriteCookie } from "./reverse_rules.ts";

/** What is rewritten besides, or instead of, an upstream's own URLs. */
export interface ResponseRules {
  /** For references; without them the upstream's own URLs are rewritten to the route's. */
  readonly reverse?: readonly ReverseRule[];
  readonly cookieDomains?: readonly CookieRule[];
  readonly cookiePaths?: readonly CookieRule[];
  /** Statuses in whose place something else is said. */
  readonly errorOverride?: readonly number[] | "all";
}

/** Where an upstream's own URLs are found by clients. */
export interface Mount {
  readonly upstream: Upstream;
  /** Host that the upstream was told: what it takes its own name to be. */
  readonly authority: string;
  /** Prefix of the route: what the upstream's base is called here. A route by expression has none. */
  readonly prefix: string;
  /** What stands below the base in place of the prefix, character by character; empty for the base alone. */
  readonly mapTo?: string;
}

/** How a client sees responses. */
export interface View extends Mount {
  /** Host that the client means; empty where it did not say. */
  readonly clientAuthority: string;
  /** The scheme by which the client asks; `http` unless given. */
  readonly clientScheme?: "http" | "https";
  /** What is said in Set-Cookie besides, if anything. */
  readonly cookie?: string | undefined;
  readonly rules: ResponseRules;
}

/** Those of a response that are looked at: the ones about the connection, those that hold a URL of the upstream's own, others. */
const SOUGHT = new SoughtNames([
  ...ENDING_HERE,
  "location",
  "content-location",
  "uri",
  "set-cookie",
  "date",
]);

/**
 * The fields for the client: without those for this hop, and with the upstream's own URLs as the client sees them. All
 * others are the lines that came.
 */
export class ResponseFields extends HeadPass implements FieldText {
  dated = false;
  readonly upgrade = false;
  readonly close = false;
  /** What the upstream says of how long it keeps its connection. */
  keepAlive: string | undefined;

  /**
   * @param head of the upstream's response
   * @param minor of its HTTP version
   */
  constructor(head: string, minor: 0 | 1, readonly view: View) {
    super();
    this.pass(head, SOUGHT);
    this.lines += `Via: 1.${minor} ${PSEUDONYM}\r\n`;
    if (view.cookie !== undefined) this.lines += fieldLine("Set-Cookie", view.cookie);
  }

  protected override forget(): void {
    this.dated = false;
  }

  protected override seen(name: string, value: string, ends: boolean, written: string): string | undefined {
    const { rules, clientAuthority, clientScheme } = this.view;
    switch (name) {
      case "date":
        this.dated ||= !ends;
        return undefined;
      case "keep-alive":
        this.keepAlive ??= value;
        return "";
      case "set-cookie": {
        const { cookieDomains = [], cookiePaths = [] } = rules;
        if (cookieDomains.length === 0 && cookiePaths.length === 0) return undefined;
        return fieldLine(written, rewriteCookie(value, cookieDomains, cookiePaths));
      }
      case "location":
      case "content-location":
      case "uri":
        return fieldLine(
          written,
          rules.reverse === undefined
            ? clientReference(value, this.view)
            : reverseReference(value, rules.reverse, clientAuthority, clientScheme),
        );
      default:
        return "";
    }
  }

  /** Says a field besides. */
  add(name: string, value: string): void {
    this.lines += fieldLine(name, value);
  }

  get list(): Field[] {
    return fieldsOfLines(this.lines);
  }
}

/**
 * A reference as the client sees it: one to the upstream, below its base, becomes a path below the route's prefix. It
 * needs no scheme and no host, which only the client knows for sure (RFC 9110, 10.2.2). Anything else stays.
 */
export function clientReference(reference: string, mount: Mount): string {
  // To browsers a backslash ends the name of a host as well.
  const match = /^(?:(https?):)?\/\/([^/?#\\]*)([^]*)$/i.exec(reference);
  let path = reference;
  if (match !== null) {
    const scheme = mount.upstream.tls ? "https" : "http";
    if (match[1] !== undefined && match[1].toLowerCase() !== scheme) return reference;
    const bare = (authority: string) =>
      authority.toLowerCase().replace(scheme === "https" ? /:443$/ : /:80$/, "");
    const own = [mount.authority, mount.upstream.authority].map(bare);
    if (!own.includes(bare(match[2]!))) return reference;
    path = match[3]!.startsWith("/") ? match[3]! : `/${match[3]}`;
  }
  if (!path.startsWith("/")) return reference;
  // What an expression makes of paths has no way back.
  if (!mount.prefix.startsWith("/")) return reference;
  const { base } = mount.upstream;
  if (mount.mapTo) return mappedReference(reference, path, base + mount.mapTo, mount.prefix);
  const rest = path.slice(base.length);
  if (!path.startsWith(base) || rest !== "" && !/^[/?#]/.test(rest)) {
    // Outside of what is relayed. With the client's host it would name something else of that host's.
    return reference;
  }
  const prefix = mount.prefix.replace(/\/$/, "");
  return ownReference(prefix + (rest.startsWith("/") ? rest : `/${rest}`));
}

/** The way back from a prefix that is replaced character by character. */
function mappedReference(reference: string, path: string, base: string, prefix: string): string {
  if (!path.startsWith(base)) return reference;
  // Of the slash at the end of one part and that at the beginning of the next, one was left.
  const rest = path.slice(base.endsWith("/") && !prefix.endsWith("/") ? base.length - 1 : base.length);
  // The prefix `/a` covers whole segments: `/ab` would be somebody else's.
  if (!prefix.endsWith("/") && rest !== "" && !/^[/?#]/.test(rest)) return reference;
  return ownReference(prefix + rest);
}
