/** Who has asked: `%u` and `user`. */

import { fieldValue } from "../../logs/header_fields.ts";
import { readBasic } from "../../rules/basic_auth.ts";

/** Whoever answers 401 has not let in whom the request names. */
const UNAUTHORIZED = 401;

/** The user of the requests of one connection. */
export class LoggedUser {
  /** Whom the front's rules have let in: of that request alone, which is the only one on its hand-off. */
  readonly #known: string;
  /** Whether who answers decides who may ask, so that the name that a client gives with Basic is one if it is served. */
  readonly #decides: boolean;
  #head = "";
  #name = "";

  /**
   * @param variables what rules have set
   * @param kind of the backend: files are served to everybody, so that a name says nothing
   */
  constructor({ REMOTE_USER: known = "" }: Readonly<Record<string, string>>, kind: string) {
    this.#known = known;
    this.#decides = kind !== "static";
  }

  /** The user of a request; empty for none. */
  of(head: string, status: number): string {
    if (this.#known !== "" || !this.#decides || status === UNAUTHORIZED) return this.#known;
    // A kept connection sends nearly the same head again and again.
    if (head !== this.#head) {
      this.#head = head;
      this.#name = readBasic(fieldValue(head, "authorization"))?.user ?? "";
    }
    return this.#name;
  }
}
