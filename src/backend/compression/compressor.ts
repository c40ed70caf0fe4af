/** Makes responses smaller, for one process. */

import type { Compression } from "../../config/compression.ts";
import type { Compressing } from "../http/carried_rules.ts";
import { type Fields, listed } from "../http/field_text.ts";
import { type Asked, type Choice, Chooser } from "./choice.ts";
import type { codeWhole } from "./coder.ts";
import { type Filter, filtersBy, filtersOf } from "./filters.ts";
import { type OpenContent, Workshop } from "./workshop.ts";

/** Bytes of content that are coded at once: some 100 µs of work, which is what asking the thread takes. */
const AT_ONCE = 8_192;

/** Bytes of content up to which it is coded as a whole, so that its length can be told. */
export const WHOLE = 262_144;

/**
 * Responses that are coded at a time. Each has up to a MiB for as long as its client takes to read it; beyond, content
 * goes as it is.
 */
export const MOST_OPEN = 256;

/** Sets of rules that are remembered, and how long one may be: there are as many as a configuration has. */
const MOST_KNOWN = 256;
const LONGEST_KNOWN = 16_384;

/** What rules of a connection say. */
export interface Carried extends Asked {
  /** Whether the response is an error, or a redirect, that the kind says and no application. */
  readonly local?: boolean;
  readonly rules?: {
    readonly variables: Readonly<Record<string, string>>;
    readonly compressing?: Compressing | undefined;
  } | undefined;
}

/** What all requests of a process share. */
export class Compressor {
  readonly #own: Chooser | undefined;
  readonly #byText = new Map<string, Chooser | undefined>();
  readonly #workshop: Workshop;
  /** Codes what is little. Loaded for the first of it: most processes compress nothing, and start without the coders. */
  #codeWhole: typeof codeWhole | undefined;
  #open = 0;

  /**
   * @param terms for what no rules say anything of; nothing is coded there unless given
   * @param failed told when content cannot be coded any more, and goes as it is
   */
  constructor(terms: Compression | undefined, failed?: (why: string) => void) {
    this.#own = terms && new Chooser(filtersOf(terms));
    this.#workshop = new Workshop(failed);
  }

  /** Decides about a response, as {@linkcode Chooser.choose} does; none is coded beyond what may be at a time. */
  choose(
    asked: Carried,
    status: number,
    fields: Fields,
    length: number | undefined,
  ): Choice | undefined {
    const carried = asked.rules?.compressing;
    // As httpd has it: what it says itself of an error goes through no filter.
    if (carried !== undefined && asked.local) return undefined;
    const chooser = carried === undefined ? this.#own : this.#chooserBy(carried);
    // Lines are made a list only where somebody looks at it.
    if (chooser === undefined) return undefined;
    const choice = chooser.choose(asked, status, listed(fields), length);
    if (choice?.filter === undefined || this.#open < MOST_OPEN && !this.#workshop.broken) return choice;
    return { filter: undefined, fields: choice.fields };
  }

  #chooserBy({ text, operations }: Compressing): Chooser | undefined {
    if (this.#byText.has(text)) return this.#byText.get(text);
    const filters = filtersBy(operations);
    const chooser = filters && new Chooser(filters);
    if (this.#byText.size < MOST_KNOWN && text.length <= LONGEST_KNOWN) this.#byText.set(text, chooser);
    return chooser;
  }

  /** Responses that are being coded. */
  get open(): number {
    return this.#open;
  }

  /**
   * Codes content that is all there.
   *
   * @param content memory that may be somebody else's later
   * @returns nothing where that cannot be done: then it goes as it is
   */
  async whole(
    content: Uint8Array<ArrayBuffer>,
    { coding, level }: Filter,
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (content.byteLength <= AT_ONCE) {
      const own = this.#codeWhole === undefined ? content.slice() : content;
      this.#codeWhole ??= (await import("./coder.ts")).codeWhole;
      return this.#codeWhole(own, coding, level);
    }
    this.#open++;
    try {
      return await this.#workshop.whole(content.slice(), coding, level);
    } catch {
      return undefined;
    } finally {
      this.#open--;
    }
  }

  /** Begins content that comes piece by piece. Whoever has begun it closes it. */
  begin({ coding, level }: Filter): OpenContent {
    this.#open++;
    return this.#workshop.begin(coding, level, () => this.#open--);
  }

  /** Ends the thread; what is being coded fails. */
  close(): void {
    this.#workshop.close();
  }
}
