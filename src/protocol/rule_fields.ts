/** What rules of the front have made of a request, as it travels with a hand-off: fields 9 to 12. */

import { encodeTextFields, type FieldTable, fieldText, TextMemo } from "./fields.ts";
import {
  FIELD_REQUEST_FIELDS,
  FIELD_RESPONSE_FIELDS,
  FIELD_TARGET,
  FIELD_VARIABLES,
  MAX_RULES,
} from "./messages.ts";

/** The four of them; each is left out where there is nothing to say. */
export interface RuleFields {
  /** Path and query in place of the mapped path and the client's query, as they stand in a request line. */
  readonly target?: string;
  /** What is to be done to the request's fields: JSON, a list of operations. */
  readonly requestFields?: string;
  /** What is to be done to the response's fields: the same. */
  readonly responseFields?: string;
  /** Variables of the request: JSON, an object of texts. */
  readonly variables?: string;
}

/** Encodes them. @returns undefined where they are longer than {@linkcode MAX_RULES} together */
export function encodeRuleFields(
  { target, requestFields, responseFields, variables }: RuleFields,
): Uint8Array<ArrayBuffer> | undefined {
  const texts = ([
    [FIELD_TARGET, target],
    [FIELD_REQUEST_FIELDS, requestFields],
    [FIELD_RESPONSE_FIELDS, responseFields],
    [FIELD_VARIABLES, variables],
  ] as const).flatMap(([type, text]) => text === undefined ? [] : [[type, text] as const]);
  const bytes = encodeTextFields(texts, Infinity);
  return bytes.length > MAX_RULES ? undefined : bytes;
}

/** What most transfers say of rules. */
export const NO_RULES: RuleFields = {};
const requestRules = new TextMemo();
const responseRules = new TextMemo();

/** The fields of rules, most transfers having none; undefined where one is not UTF-8. */
export function readRuleFields(fields: FieldTable): RuleFields | undefined {
  if (
    !fields.has(FIELD_TARGET) && !fields.has(FIELD_REQUEST_FIELDS) && !fields.has(FIELD_RESPONSE_FIELDS) &&
    !fields.has(FIELD_VARIABLES)
  ) {
    return NO_RULES;
  }
  const texts = {
    ...fields.has(FIELD_TARGET) && { target: fieldText(fields.get(FIELD_TARGET)) },
    ...fields.has(FIELD_REQUEST_FIELDS) &&
      { requestFields: fields.text(FIELD_REQUEST_FIELDS, requestRules) },
    ...fields.has(FIELD_RESPONSE_FIELDS) &&
      { responseFields: fields.text(FIELD_RESPONSE_FIELDS, responseRules) },
    ...fields.has(FIELD_VARIABLES) && { variables: fieldText(fields.get(FIELD_VARIABLES)) },
  };
  return Object.values(texts).includes(undefined) ? undefined : texts as RuleFields;
}
