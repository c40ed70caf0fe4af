/** What responses say of a file besides its content. */

import type { Field } from "../http/exchange.ts";
import { lastingFields } from "../http/own_fields.ts";
import type { Version } from "./conditional.ts";

/** All of it. */
export class Description {
  #whole: readonly Field[] | undefined;

  /**
   * @param version what its version is told by
   * @param type undefined where none is known
   * @param about fields that 200, 206 and 304 have in common (RFC 9110, 15.4.5)
   * @param lasts whether it is kept for as long as the file is
   */
  constructor(
    readonly version: Version,
    readonly type: string | undefined,
    readonly about: readonly Field[],
    readonly lasts: boolean,
  ) {}

  /** The fields of a response with the whole file. */
  get whole(): readonly Field[] {
    return this.#whole ??= this.#makeWhole();
  }

  #makeWhole(): readonly Field[] {
    const fields: Field[] = [...typeField(this.type), ...this.about, ["Accept-Ranges", "bytes"]];
    return this.lasts ? lastingFields(fields) : fields;
  }
}

/** Content-Type; nothing where none is known. */
export function typeField(type: string | undefined): Field[] {
  return type === undefined ? [] : [["Content-Type", type]];
}
