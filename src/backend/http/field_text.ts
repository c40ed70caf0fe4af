/** The fields of a response: a list, or lines that somebody has passed on as they came. */

import type { Field } from "./head_text.ts";
import type { HandlerLines } from "./own_fields.ts";

/** Fields that are lines already, none of them about framing or the connection. They are made a list where one is asked for. */
export interface FieldText extends HandlerLines {
  readonly list: readonly Field[];
}

/** Either of the two. */
export type Fields = readonly Field[] | FieldText;

/** Whether they are lines. */
export function isText(fields: Fields): fields is FieldText {
  return "lines" in fields;
}

/** They as a list. */
export function listed(fields: Fields): readonly Field[] {
  return isText(fields) ? fields.list : fields;
}
