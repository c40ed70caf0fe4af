/** Content that a `Response` was made with, when it is all there. */

/**
 * Where this runtime keeps the text that a response was made with: found by looking for a text that was put in, not by a
 * name. A runtime that keeps it elsewhere has none, and the content is read as a stream, as it always can be.
 */
const PLACE: symbol | undefined = (() => {
  const probe = "the content of a response";
  const sample = new Response(probe);
  return Object.getOwnPropertySymbols(sample).find((symbol) => Reflect.get(sample, symbol) === probe);
})();

/**
 * The content of a response that was made with a text or with bytes, without the stream that `body` would make of it.
 *
 * @returns undefined for anything else, and for a response whose content somebody has begun to read
 */
export function wholeBody(response: Response): string | Uint8Array<ArrayBuffer> | undefined {
  if (PLACE === undefined || response.bodyUsed) return undefined;
  const content: unknown = Reflect.get(response, PLACE);
  return typeof content === "string" || content instanceof Uint8Array
    ? content as string | Uint8Array<ArrayBuffer>
    : undefined;
}
