/** Names of fields that somebody looks for in heads: found where they stand, without a copy of each name in lower case. */

/** A set of names. Most of those that a head has are told apart from them by their length. Pure. */
export class SoughtNames {
  /** By their length. */
  readonly #names: (readonly string[] | undefined)[] = [];

  /** @param names in lower case */
  constructor(names: Iterable<string>) {
    for (const name of names) this.#names[name.length] = [...this.#names[name.length] ?? [], name];
  }

  /**
   * Which of them a part of a text is, in any case.
   *
   * @returns it in lower case; undefined for another name
   */
  find(text: string, start: number, end: number): string | undefined {
    const names = this.#names[end - start];
    if (names === undefined) return undefined;
    for (const name of names) {
      if (isName(name, text, start)) return name;
    }
    return undefined;
  }
}

/** Whether a name in lower case stands at a place of a text, in any case. */
function isName(name: string, text: string, start: number): boolean {
  for (let at = 0; at < name.length; at++) {
    const code = text.charCodeAt(start + at);
    const lower = code >= 0x41 && code <= 0x5a ? code + 0x20 : code;
    if (lower !== name.charCodeAt(at)) return false;
  }
  return true;
}
