/** `ErrorDocument` and `ProxyErrorOverride`: what clients see in the place of an error. */

import { FRONT_STATUSES, readDocument } from "../error_documents.ts";
import type { ErrorPage, ErrorPages } from "../error_pages.ts";
import { quote } from "../reading.ts";
import { type ErrorOverride, readErrorOverride } from "./error_statuses.ts";
import type { Faults } from "./faults.ts";
import type { Directive } from "./tree.ts";

/** A page, and where it is said. */
interface Said {
  readonly spot: Directive;
  /** undefined for the usual one. */
  readonly page: ErrorPage | undefined;
}

/** Collects them. */
export class ErrorWords {
  readonly #said = new Map<string, Said>();
  /** Of which statuses what servers say is replaced, of 400 and above; undefined where nothing is said. */
  overrides: ErrorOverride | undefined;

  /** Told of already, as what the main server says is read for each virtual host. */
  readonly #told = new Set<Directive>();

  constructor(readonly faults: Faults) {}

  /** Takes a directive in; others are left alone. @returns whether it was one of these */
  take(directive: Directive): boolean {
    switch (directive.name.toLowerCase()) {
      case "errordocument":
        this.#document(directive);
        return true;
      case "proxyerroroverride":
        this.overrides = readErrorOverride(directive, this.faults) ?? this.overrides;
        return true;
    }
    return false;
  }

  #document(directive: Directive): void {
    const [status = "", text = ""] = directive.args;
    if (!/^[45]\d\d$/.test(status)) {
      return this.faults.add(directive, `Found the status ${quote(status)}; write one from 400 to 599`);
    }
    this.#said.set(status, { spot: directive, page: this.#page(directive, text) });
  }

  #page(directive: Directive, text: string): Said["page"] {
    if (text === "default") return undefined;
    // With a blank in it, it is a text to httpd, however it begins.
    if (/^\/\S*$/.test(text)) return { path: text };
    if (/^https?:\S*$/i.test(text)) return { url: text };
    const document = this.faults.take(readDocument(text.replace(/^"/, "")), directive);
    return document === undefined ? undefined : { text: document };
  }

  /** Says what does not hold for backends that take connections themselves: their answers nobody here looks at. */
  tellOfSockets(): void {
    for (const [status, { spot, page }] of this.#said) {
      if (page === undefined || FRONT_STATUSES.includes(status) || this.#told.has(spot)) continue;
      this.#told.add(spot);
      this.faults.notDone(spot, `${spot.name} ${status} of backends with sockets of their own`, "changes");
    }
  }

  /** Texts of the statuses that the front answers with. */
  texts(): Record<string, string> {
    const texts: Record<string, string> = {};
    for (const [status, { page }] of this.#said) {
      if (page !== undefined && "text" in page && FRONT_STATUSES.includes(status)) texts[status] = page.text;
    }
    return texts;
  }

  /**
   * All pages.
   *
   * @param pageAt what a path of the site leads to, without a query: a file that everybody may see, or what else the front
   * finds there, by rules alone perhaps; undefined where it leads nowhere
   */
  pages(pageAt: (path: string) => { readonly file: string } | "found" | "by rules" | undefined): ErrorPages {
    const pages: Record<string, ErrorPage> = {};
    for (const [status, { page, spot }] of this.#said) {
      if (page === undefined) continue;
      if (!("path" in page)) {
        pages[status] = page;
        continue;
      }
      const at = pageAt(page.path.replace(/[?#].*$/s, ""));
      if (at === "found" || at === "by rules") pages[status] = { path: page.path.replace(/#.*$/s, "") };
      else if (at !== undefined) pages[status] = at;
      if (at !== undefined && at !== "by rules" || this.#told.has(spot)) continue;
      this.#told.add(spot);
      const unless = at === undefined ? "" : " unless a rule takes it";
      const message = `${quote(page.path)} leads nowhere${unless}, so the usual text is answered`;
      this.faults.warn(spot, message, "changes");
    }
    return pages;
  }
}
