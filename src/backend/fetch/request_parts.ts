/**
 * What the constructor of `Request` does not let anybody choose, and a server has to: a method in any letters, as it came,
 * and fields that cannot be changed.
 *
 * Where a runtime keeps them is found by looking for what was put in, not by names. A runtime that keeps them elsewhere has
 * requests whose methods are spelt as the Fetch standard spells them (2.2.1), and whose fields can be changed.
 */

const METHOD = "SAMPLE";
const sample = new Request("http://sample/", { method: METHOD });

/** The property of a request that has its inner parts, and the writable properties of those that have the method. */
const METHOD_PLACES: readonly (readonly [inner: PropertyKey, property: PropertyKey])[] = Reflect.ownKeys(
  sample,
)
  .flatMap((inner) => {
    const parts: unknown = Reflect.get(sample, inner);
    if (typeof parts !== "object" || parts === null) return [];
    return Object.entries(Object.getOwnPropertyDescriptors(parts))
      .filter(([, { value, writable }]) => value === METHOD && writable)
      .map(([property]) => [inner, property] as const);
  });

/** The property of `Headers` that says whether they can be changed, and what it says where they cannot. */
const GUARD: readonly [key: PropertyKey, value: unknown] | undefined = (() => {
  const { headers } = sample;
  const fixed = Response.error().headers;
  const key = Reflect.ownKeys(headers).find((key) =>
    Reflect.get(headers, key) === "request" && Reflect.get(fixed, key) === "immutable"
  );
  return key === undefined ? undefined : [key, "immutable"] as const;
})();

/** Whether both can be done in this runtime. For tests. */
export const reachesParts: boolean = METHOD_PLACES.length > 0 && GUARD !== undefined;

/** Gives a request its method, which need not be one that the constructor takes. */
export function setMethod(request: Request, method: string): void {
  for (const [inner, property] of METHOD_PLACES) Reflect.set(Reflect.get(request, inner), property, method);
}

/** Makes fields such that changing them throws a TypeError, as those of a request that was received. */
export function fix(headers: Headers): Headers {
  if (GUARD !== undefined) Reflect.set(headers, ...GUARD);
  return headers;
}
