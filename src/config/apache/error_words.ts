/** `ErrorDocument` and `ProxyErrorOverride`: what clients see in the place of an error. */

import { FRONT_STATUSES, readDocument } from "../error_documents.ts";
import type { ErrorPage, ErrorPages } from "../error_pages.ts";
import { quote } from "../reading.ts";
import type { Faults } from "./faults.ts";
import type { Directive } from "./tree.ts";

/** A page, and where it is said. */
interface Said {
  readonly spot: Directive;
  /** undefined for the usual one. */
  readonly page: ErrorPage | { readonly path: string } | undefined;
}

/** Collects them. */
export class ErrorWords {
  readonly #said = new Map<string, Said>();
  /** Of which statuses what servers say is replaced, of 400 and above; undefined where nothing is said. */
  overrides: readonly number[] | "all" | "none" | undefined;

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
        this.#override(directive);
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
    if (text.startsWith("/")) return { path: text };
    if (/^https?:/i.test(text)) return { url: text };
    const document = this.faults.take(readDocument(text.replace(/^"/, "")), directive);
    return document === undefined ? undefined : { text: document };
  }

  #override(directive: Directive): void {
    const [state = "", ...codes] = directive.args;
    if (!/^(on|off)$/i.test(state) || codes.some((code) => !/^[45]\d\d$/.test(code))) {
      return this.faults.add(directive, "Takes On or Off, and statuses from 400 to 599; write those");
    }
    const isOn = state.toLowerCase() === "on";
    this.overrides = !isOn ? "none" : codes.length > 0 ? codes.map(Number) : "all";
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
   * All pages, with the names of files for paths.
   *
   * @param fileOf the name of the file that a path of the site leads to; undefined where it leads to none
   */
  pages(fileOf: (path: string) => string | undefined): ErrorPages {
    const pages: Record<string, ErrorPage> = {};
    for (const [status, { page, spot }] of this.#said) {
      if (page === undefined) continue;
      if (!("path" in page)) {
        pages[status] = page;
        continue;
      }
      const file = fileOf(page.path.replace(/[?#].*$/s, ""));
      if (file !== undefined) pages[status] = { file };
      else if (!this.#told.has(spot)) {
        this.#told.add(spot);
        const message = `${
          quote(page.path)
        } is no file that everybody may see, so the usual text is answered`;
        this.faults.warn(spot, message, "changes");
      }
    }
    return pages;
  }
}
