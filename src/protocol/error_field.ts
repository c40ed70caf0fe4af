/**
 * The field `error` of a RETURN: the request that comes back has ended in an error, and what stands at the path of its
 * page is for the front to find. JSON, as rules are.
 */

/** An error that a backend leaves to the front. */
export interface ReturnedError {
  /** 400 to 599. */
  readonly status: number;
  /** Fields that belong to the error, such as Allow. */
  readonly fields: readonly (readonly [name: string, value: string])[];
}

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** No control characters but a tab (RFC 9110, 5.5), and nothing that is no byte. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Encodes it. */
export function encodeReturnedError(error: ReturnedError): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify({ status: error.status, fields: error.fields }));
}

/** Decodes it. @returns undefined for what is none */
export function readReturnedError(bytes: Uint8Array): ReturnedError | undefined {
  try {
    const said: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return isReturnedError(said) ? { status: said.status, fields: said.fields } : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a value is one. */
export function isReturnedError(said: unknown): said is ReturnedError {
  const { status, fields } = (said ?? {}) as Record<string, unknown>;
  return typeof status === "number" && Number.isInteger(status) && status >= 400 && status <= 599 &&
    Array.isArray(fields) && fields.every(isField);
}

function isField(said: unknown): boolean {
  if (!Array.isArray(said) || said.length !== 2) return false;
  const [name, value] = said;
  return typeof name === "string" && NAME.test(name) && typeof value === "string" && VALUE.test(value);
}
