/** What rules of the front have made of a request, as a backend carries it out. */

import type { Transfer } from "../../protocol/transfer.ts";
import {
  changeRequest,
  changeResponse,
  type Field,
  type FieldOperation,
  variableName,
} from "../../rules/fields.ts";

/** Operations that say of codings, and the text that they came in: it stands for them. */
export interface Compressing {
  readonly text: string;
  readonly operations: readonly FieldOperation[];
}

const NONE: readonly FieldOperation[] = [];

/** The rules that came with one connection. */
export class CarriedRules {
  readonly #request: readonly FieldOperation[];
  readonly #response: readonly FieldOperation[];
  /** Variables of the request; none where nobody has set any. */
  readonly variables: Readonly<Record<string, string>>;
  /** What they say of codings of content, if they say anything. */
  readonly compressing: Compressing | undefined;
  /** Names of request fields that nobody but the rules says. */
  readonly #said: ReadonlySet<string>;

  private constructor({ requestFields, responseFields, variables }: Transfer) {
    this.#request = requestFields === undefined ? NONE : JSON.parse(requestFields);
    this.#response = responseFields === undefined ? NONE : JSON.parse(responseFields);
    const compressing = this.#response.filter(({ action }) => action === "compress");
    this.compressing = compressing.length === 0
      ? undefined
      : { text: responseFields!, operations: compressing };
    this.variables = variables === undefined ? {} : JSON.parse(variables);
    this.#said = new Set(this.#request.map(({ name }) => variableName(name)));
  }

  /** The rules of a transfer; undefined where there are none, as mostly. */
  static of(transfer: Transfer): CarriedRules | undefined {
    const { requestFields, responseFields, variables } = transfer;
    if (requestFields === undefined && responseFields === undefined && variables === undefined) {
      return undefined;
    }
    return new CarriedRules(transfer);
  }

  /** Whether the rules say a field of requests. @param name in any case */
  says(name: string): boolean {
    return this.#said.has(variableName(name));
  }

  /** The fields of a request as they are to be seen. */
  request(fields: readonly Field[]): Field[] {
    return changeRequest(fields, this.#request);
  }

  /**
   * The fields of a response as they are to be sent.
   *
   * @param local an error that no application has said itself
   * @param environment variables that whoever answers has set
   */
  response(
    fields: readonly Field[],
    status: number,
    local = false,
    environment?: Readonly<Record<string, string>>,
  ): readonly Field[] {
    if (this.#response.length === 0) return fields;
    return changeResponse(fields, this.#response, status, local, environment, Date.now());
  }
}
