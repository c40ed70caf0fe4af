/**
 * What of a head an intermediary passes on (RFC 9110, 7.6): line after line as it stands, but for the few fields that
 * somebody has to look at. Pure.
 */

import { withoutBlanks } from "./blanks.ts";
import { COLON, SP, TAB } from "./byte_classes.ts";
import { ENDING_HERE, membersOf } from "./hop_by_hop.ts";
import type { SoughtNames } from "./sought_names.ts";

const CR_TEXT = "\r";
const CRLF = 2;
const UNDERSCORE = 0x5f;

/** What Connection says besides the names of fields that end here anyway. */
const PERSISTENCE: readonly string[] = ["close", "keep-alive"];

const NOBODY: ReadonlySet<string> = new Set();

/** One way through a head, from its second line to its blank one. */
export abstract class HeadPass {
  /** The fields that go on, each a line with its CRLF. */
  lines = "";

  /**
   * Says what becomes of a field that is looked for.
   *
   * @param name in lower case
   * @param ends whether Connection names it, so that it does not go on, whatever is said here
   * @returns what stands in its place, with its CRLF; empty where it is left out, undefined where it stays as it is
   */
  protected abstract seen(name: string, value: string, ends: boolean, written: string): string | undefined;

  /** The way begins anew. */
  protected abstract forget(): void;

  /**
   * Goes through a head.
   *
   * @param head well-formed, with its first line and its blank one
   * @param sought the names that are looked for; those of {@linkcode ENDING_HERE} are among them
   * @param underscores whether names with underscores go on
   */
  protected pass(head: string, sought: SoughtNames, underscores = true): void {
    const options = this.#pass(head, sought, underscores, NOBODY);
    if (options === undefined) return;
    // What Connection names may stand before it, and is nearly always among what ends here anyway.
    const named = new Set(membersOf(options));
    for (const name of PERSISTENCE) named.delete(name);
    for (const name of ENDING_HERE) named.delete(name);
    if (named.size === 0) return;
    this.forget();
    this.#pass(head, sought, underscores, named);
  }

  /** @returns the values of Connection; undefined where there is none */
  #pass(
    head: string,
    sought: SoughtNames,
    underscores: boolean,
    named: ReadonlySet<string>,
  ): string[] | undefined {
    const end = head.length - CRLF;
    let options: string[] | undefined;
    let lines = "";
    let at = head.indexOf(CR_TEXT) + CRLF;
    /** Where what goes on as it stands begins. */
    let from = at;
    while (at < end) {
      const start = at;
      let isShown = true;
      for (let code = head.charCodeAt(at); code !== COLON && at < end; code = head.charCodeAt(++at)) {
        if (code === UNDERSCORE) isShown = underscores;
      }
      const colon = at;
      const stop = head.indexOf(CR_TEXT, colon);
      at = stop + CRLF;
      let nameEnd = colon;
      while (isBlank(head.charCodeAt(nameEnd - 1))) nameEnd--;
      const name = sought.find(head, start, nameEnd);
      const ends = named.size > 0 && named.has(head.slice(start, nameEnd).toLowerCase());
      let instead: string | undefined;
      if (name !== undefined) {
        const value = withoutBlanks(head, colon + 1, stop);
        if (name === "connection") (options ??= []).push(value);
        instead = this.seen(name, value, ends, head.slice(start, nameEnd));
      }
      if (ends || !isShown) instead = "";
      if (instead === undefined) {
        if (nameEnd === colon && isPlain(head, colon, stop)) continue;
        instead = `${head.slice(start, nameEnd)}: ${withoutBlanks(head, colon + 1, stop)}\r\n`;
      }
      lines += head.slice(from, start) + instead;
      from = at;
    }
    this.lines = lines + head.slice(from, end);
    return options;
  }
}

/** Whether a value stands behind its colon and one space, and nothing behind it: as everybody writes it. */
function isPlain(head: string, colon: number, stop: number): boolean {
  return head.charCodeAt(colon + 1) === SP && colon + CRLF < stop && !isBlank(head.charCodeAt(colon + 2)) &&
    !isBlank(head.charCodeAt(stop - 1));
}

function isBlank(code: number): boolean {
  return code === SP || code === TAB;
}
