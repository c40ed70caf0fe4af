import assert from "node:assert/strict";
import fc from "../../support/properties.ts";
import { fieldsOf, readsInPlace, wholeBody } from "../../../src/backend/fetch/response_parts.ts";

const sorted = (fields: Iterable<readonly [string, string]>) =>
  [...fields].map(([name, value]) => `${name.toLowerCase()}: ${value}`).sort();

Deno.test("this runtime's places for content and fields are known", () => {
  assert.ok(readsInPlace);
  for (const content of ["text", "", new Uint8Array([1, 2])]) {
    assert.deepEqual(wholeBody(new Response(content)), content);
    const asked = new Response(content);
    asked.headers.set("x-a", "1");
    assert.deepEqual(wholeBody(asked), content);
  }
  assert.equal(wholeBody(Response.json([1])), "[1]");
});

Deno.test("content that is a stream, or has been read or cloned, is not taken for whole", async () => {
  const read = [
    new Response("a"),
    new Response(new Uint8Array(1)),
    new Response("a", { headers: { "x-a": "1" } }),
  ];
  for (const response of read) {
    await response.arrayBuffer();
    assert.equal(wholeBody(response), undefined);
  }
  const locked = new Response("a");
  locked.body!.getReader();
  const pulled = new Response("a");
  await pulled.body!.getReader().read();
  const others = [
    locked,
    pulled,
    new Response(new ReadableStream()),
    new Response(),
    new Response(new Blob(["a"])),
  ];
  for (const response of others) assert.equal(wholeBody(response), undefined);
  for (const response of others) await response.body?.cancel().catch(() => {});
});

Deno.test("fields are those of the Headers, whatever a response was made with", () => {
  const name = fc.constantFrom(
    "X-A",
    "x-a",
    "Content-Type",
    "set-cookie",
    "Set-Cookie",
    "content-length",
    "b",
  );
  const value = fc.constantFrom("1", "text/html", "a=b; c", "ü");
  const list = fc.array(fc.tuple(name, value), { maxLength: 4 });
  const headers = list.chain((list) =>
    fc.constantFrom<HeadersInit | undefined>(list, new Headers(list), Object.fromEntries(list), undefined)
  );
  const content = fc.constantFrom<(() => BodyInit) | undefined>(
    () => "text",
    () => "",
    () => new Uint8Array(2),
    () => new Blob(["a"], { type: "x/y" }),
    () => new URLSearchParams({ a: "b" }),
    () => new FormData(),
    undefined,
  );
  const change = fc.constantFrom<(response: Response) => void>(
    () => {},
    ({ headers }) => void headers.get("x-a"),
    ({ headers }) => headers.append("set-cookie", "later"),
    ({ headers }) => headers.delete("content-type"),
    (response) => void response.clone(),
  );
  fc.assert(
    fc.property(headers, content, change, fc.boolean(), (headers, content, change, json) => {
      const init = headers === undefined ? {} : { headers };
      const response = json ? Response.json("a", init) : new Response(content?.(), init);
      change(response);
      const fields = sorted(fieldsOf(response));
      // What is combined in Headers goes out as it was given, line by line, which means the same (RFC 9110, 5.2).
      const combined = Map.groupBy(fields, (field) => field.slice(0, field.indexOf(":")));
      for (const [name, value] of response.headers) {
        const lines = combined.get(name)!.map((line) => line.slice(name.length + 2));
        if (name === "set-cookie") assert.ok(lines.includes(value));
        else assert.deepEqual(lines.join(", ").split(", ").sort(), value.split(", ").sort());
      }
      assert.deepEqual([...combined.keys()].sort(), [...new Set([...response.headers.keys()])].sort());
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("of a library's own class of responses only what is public is read", () => {
  // As srvx makes them for H3: a Response by its prototype, which makes a real one when somebody asks.
  const own = Object.create(Response.prototype, {
    bodyUsed: { value: false },
    headers: { get: () => new Headers({ "x-a": "1" }) },
  });
  assert.ok(own instanceof Response);
  assert.equal(wholeBody(own), undefined);
  assert.deepEqual(sorted(fieldsOf(own)), ["x-a: 1"]);
});
