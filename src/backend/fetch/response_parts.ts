/**
 * What a `Response` was made of, where that is there already: its content without the stream that `body` would make of
 * it, and its fields without the `Headers` that `headers` would.
 *
 * Where a runtime keeps them is found by looking for what was put in, not by names; and what is read there is compared
 * with what the public properties say, for samples of all sorts, when this module is loaded. A runtime that keeps them
 * elsewhere costs speed and nothing else.
 */

import type { Field } from "../http/exchange.ts";

/** A way from a response to a value inside of it: the keys of objects in objects. */
type Path = readonly PropertyKey[];

const PROBE = "the content of a response";
const TYPE = "x-sample/type";

/** Every way to a value of this sort. */
function pathsTo(is: (value: unknown) => boolean, inside: object, depth: number): Path[] {
  return Reflect.ownKeys(inside).flatMap((key): Path[] => {
    const value: unknown = Object.getOwnPropertyDescriptor(inside, key)?.value;
    if (is(value)) return [[key]];
    if (typeof value !== "object" || value === null || depth === 0) return [];
    return pathsTo(is, value, depth - 1).map((path) => [key, ...path]);
  });
}

/** The value at the end of a way; undefined where it ends before. */
function valueAt(response: Response, path: Path): unknown {
  let value: unknown = response;
  for (const key of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}

// --- content ----------------------------------------------------------------------------------------------------------

type Content = string | Uint8Array<ArrayBuffer>;

function contentAt(response: Response, path: Path): Content | undefined {
  const value = valueAt(response, path);
  return typeof value === "string" || value instanceof Uint8Array ? value as Content : undefined;
}

/**
 * Where the content is. There are several places, as it moves when somebody asks for the headers. One that still has it
 * when it has become a stream is none: it may have been read.
 */
const CONTENT: readonly Path[] = [() => {}, (response: Response) => response.headers].flatMap((touch) => {
  const made = (init?: ResponseInit) => {
    const sample = new Response(PROBE, init);
    touch(sample);
    return sample;
  };
  const streamed = made();
  void streamed.body;
  return pathsTo((value) => value === PROBE, made(), 4)
    .filter((path) => contentAt(streamed, path) === undefined);
});

/**
 * The content of a response that was made with a text or with bytes.
 *
 * @returns undefined for anything else, and for a response whose content somebody has begun to read
 */
export function wholeBody(response: Response): Content | undefined {
  if (response.bodyUsed) return undefined;
  for (const path of CONTENT) {
    const content = contentAt(response, path);
    if (content !== undefined) return content;
  }
  return undefined;
}

// --- fields -----------------------------------------------------------------------------------------------------------

/** Where fields are before anybody has asked for them. */
interface FieldPlaces {
  /** The list of fields that a response was made with. */
  readonly list: Path;
  /** Where the `Headers` will be. */
  readonly headers: Path;
  /** Where the type of a content is noted that is not in the list yet. */
  readonly type: Path;
  /** Where a text is whose type is noted nowhere. */
  readonly pending: Path;
}

function typed(type = TYPE): Response {
  return new Response(PROBE, { headers: { "content-type": type } });
}

function findFields(): FieldPlaces | undefined {
  const isList = (value: unknown) => Array.isArray(value) && Array.isArray(value[0]) && value[0][1] === TYPE;
  const [list] = pathsTo(isList, typed(), 1);
  const asked = new Response();
  void asked.headers;
  const [headers] = pathsTo((value) => value instanceof Headers, asked, 0);
  const [pending] = pathsTo((value) => value === PROBE, new Response(PROBE), 0)
    .filter((path) => valueAt(typed(), path) !== PROBE);
  const json = Response.json(PROBE);
  const [type] = pathsTo((value) => value === "application/json", json, 0)
    .filter((path) => valueAt(typed(), path) !== TYPE);
  return list && headers && pending && type && { list, headers, pending, type };
}

function readFields(response: Response, places: FieldPlaces): readonly Field[] {
  const list = valueAt(response, places.list) as readonly Field[] | undefined;
  // A library's own class of responses need not have any of these places, only what is public.
  if (list === undefined || valueAt(response, places.headers) instanceof Headers) {
    return [...response.headers];
  }
  const type = valueAt(response, places.type);
  if (typeof type === "string") return [...list, ["content-type", type]];
  // The Fetch standard gives a text this type (5.5, "initialize a response").
  const isText = typeof valueAt(response, places.pending) === "string";
  return isText ? [...list, ["Content-Type", "text/plain;charset=UTF-8"]] : list;
}

const SAMPLES: readonly (() => Response)[] = [
  () => new Response(PROBE),
  () => new Response(""),
  () => new Response(PROBE, {}),
  () => new Response(PROBE, { status: 201 }),
  () => new Response(PROBE, { status: 404, headers: { "X-A": "1", "set-cookie": "a=b" } }),
  () => new Response(PROBE, { headers: [["set-cookie", "a=b"], ["X-A", "1"], ["Set-Cookie", "c=d"]] }),
  () => new Response(PROBE, { headers: new Headers({ a: "b" }) }),
  () => typed(),
  () => Response.json({ a: 1 }),
  () => Response.json({ a: 1 }, { status: 201, headers: { "x-a": "1" } }),
  () => Response.json({ a: 1 }, { headers: { "content-type": TYPE } }),
  () => Response.redirect("http://sample/"),
  () => new Response(),
  () => new Response(null, { status: 204, headers: { "x-a": "1" } }),
  () => new Response(new Uint8Array(3)),
  () => new Response(new Blob([PROBE], { type: TYPE })),
  () => new Response(new URLSearchParams({ a: "b" })),
  () => new Response(new ReadableStream(), { headers: { "x-a": "1" } }),
  () => {
    const response = new Response(PROBE);
    response.headers.set("content-type", TYPE);
    response.headers.append("x-a", "1");
    return response;
  },
  () => new Response(PROBE, { headers: { "x-a": "1" } }).clone(),
];

const PLACES: FieldPlaces | undefined = (() => {
  const sorted = (fields: readonly Field[]) =>
    fields.map(([name, value]) => `${name.toLowerCase()}: ${value}`).sort().join("\n");
  const places = findFields();
  const agrees = (make: () => Response) =>
    sorted(readFields(make(), places!)) === sorted([...make().headers]);
  return places !== undefined && SAMPLES.every(agrees) ? places : undefined;
})();

/** Whether the fields are read where they are, or by way of `Headers`. For tests. */
export const readsInPlace: boolean = PLACES !== undefined;

/** The fields of a response. To be read at once, and not to be changed: the list may be the response's own. */
export function fieldsOf(response: Response): readonly Field[] {
  return PLACES === undefined ? [...response.headers] : readFields(response, PLACES);
}
