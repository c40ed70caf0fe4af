import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "../../support/properties.ts";
import { reachesParts } from "../../../src/backend/fetch/request_parts.ts";
import { isCertainHost, isCertainUrl } from "../../../src/backend/fetch/request_url.ts";
import { abortRequest, servedRequest } from "../../../src/backend/fetch/served_request.ts";
import { hasDotSegment } from "../../../src/route/path.ts";

/** A request, and what has been asked for to make it. */
function make(method = "POST", content = "some text") {
  const asked = { fields: 0, content: 0 };
  const request = servedRequest({
    method,
    url: "http://Example.com:80/a/../b?c#d",
    fields: () => (asked.fields++, [["X-A", "1"], ["x-a", "2"], ["Content-Type", "text/plain"]]),
    content: () => (asked.content++, /^get$/i.test(method) ? undefined : new Blob([content]).stream()),
  });
  return { request, asked };
}

Deno.test("what a handler does not ask for is not made", () => {
  const { request, asked } = make();
  assert.deepEqual([request.method, request.url], ["POST", "http://example.com/b?c#d"]);
  assert.deepEqual(asked, { fields: 0, content: 0 });
  assert.equal(request.headers.get("x-a"), "1, 2");
  assert.equal(request.headers, request.headers);
  assert.equal(request.signal.aborted, false);
  assert.deepEqual(asked, { fields: 1, content: 0 });
});

Deno.test("everything that a Request has is there, and is what a Request would have", async () => {
  const { request } = make("GET");
  const real = new Request("http://example.com/b?c#d", { headers: [...request.headers] });
  for (const key of Object.getOwnPropertyNames(Request.prototype)) {
    const [mine, its] = [Reflect.get(request, key), Reflect.get(real, key)];
    assert.equal(typeof mine, typeof its, key);
    if (typeof its !== "object" && typeof its !== "function") assert.equal(mine, its, key);
  }
  assert.ok(request instanceof Request);
  assert.equal(Object.prototype.toString.call(request), "[object Request]");
  assert.equal(await make().request.text(), "some text");
  assert.deepEqual(await make("POST", "[1]").request.json(), [1]);
  assert.equal(Buffer.from(await make().request.bytes()).toString(), "some text");
});

Deno.test("the runtime takes it for a Request wherever it takes one", async () => {
  assert.equal(await new Request(make().request).text(), "some text");
  assert.equal(new Request(make().request, { method: "PUT" }).method, "PUT");
  assert.equal(new Request(make("GET").request).headers.get("x-a"), "1, 2");
  const { request } = make();
  const clone = request.clone();
  assert.deepEqual([await request.text(), await clone.text()], ["some text", "some text"]);
  assert.equal(request.bodyUsed, true);
  await assert.rejects(request.text(), TypeError);
  assert.equal(await new Response(make().request.body).text(), "some text");
});

Deno.test("fetch() sends one on", async () => {
  await using server = Deno.serve({ port: 0, onListen() {} }, async (request) => {
    return new Response(`${request.method} ${request.headers.get("x-a")} ${await request.text()}`);
  });
  const request = servedRequest({
    method: "POST",
    url: `http://127.0.0.1:${server.addr.port}/`,
    fields: () => [["x-a", "1"]],
    content: () => new Blob(["sent on"]).stream(),
  });
  assert.equal(await (await fetch(request)).text(), "POST 1 sent on");
});

Deno.test("a request's headers cannot be changed, in whatever order it is asked for what", () => {
  const [{ request }, { request: cloned }] = [make(), make()];
  const fixed = { name: "TypeError" };
  assert.throws(() => request.headers.set("x-a", "changed"), fixed);
  const copy = new Request(request);
  copy.headers.set("x-a", "changed");
  assert.equal(copy.headers.get("x-a"), "changed");
  assert.throws(() => request.headers.append("x-a", "changed"), fixed);
  assert.throws(() => cloned.clone().headers.delete("x-a"), fixed);
  assert.throws(() => cloned.headers.delete("x-a"), fixed);
});

Deno.test("methods are written as the client has written them, in copies too", () => {
  assert.ok(reachesParts);
  for (const method of ["get", "Post", "patch", "GET", "M-SEARCH", "CONNECT", "TRACE", "track", "hEaD"]) {
    const { request } = make(method);
    assert.deepEqual([request, request.clone(), new Request(request)].map(({ method }) => method), [
      method,
      method,
      method,
    ]);
  }
});

Deno.test("the signal is aborted with the reason, asked for before or afterwards", () => {
  const [before, after, real] = [make().request, make().request, make("GET").request];
  const reason = new Error("gone");
  const { signal } = before;
  const copy = new Request(real);
  for (const request of [before, after, real]) abortRequest(request, reason);
  abortRequest(after, new Error("again"));
  for (const each of [signal, after.signal, real.signal, copy.signal]) assert.equal(each.reason, reason);
});

Deno.test("no host is certain before one was, not even none", () => {
  assert.ok(!isCertainHost(""));
});

Deno.test("what is certainly a URL is one, as the URL standard writes it", () => {
  const part = fc.string({ unit: fc.constantFrom(..."az09.-x n:@/%?#[]&'\"|{}^`<>\\\\é"), maxLength: 12 });
  const host = fc.oneof(
    part,
    fc.ipV4(),
    fc.ipV4Extended(),
    fc.domain(),
    fc.constantFrom("xn--a", "a.xn--b", "a.0x1", "1.2"),
  );
  const port = fc.oneof(fc.constant(""), fc.nat(99_999).map((port) => `:${port}`), part);
  let certain = 0;
  fc.assert(
    fc.property(host, port, part, (host, port, path) => {
      const url = `http://${host}${port}/${path}`;
      // Dot segments are taken out before.
      if (!isCertainUrl(url) || hasDotSegment(url.split("?", 1)[0]!)) return;
      certain++;
      assert.equal(new URL(url).href, url);
    }),
    { numRuns: 10_000 },
  );
  assert.ok(certain > 100, `${certain} of 10,000`);
  for (const port of [0, 1, 79, 80, 81, 443, 444, 8080, 9999, 10_000, 59_999, 65_535, 65_536, "080", "00"]) {
    for (const scheme of ["http", "https"]) {
      const url = `${scheme}://a.test:${port}/`;
      if (isCertainUrl(url)) assert.equal(new URL(url).href, url);
    }
  }
  for (const url of ["http://localhost:8080/", "http://a.example.com/x?y", "http://127.0.0.1:65535/"]) {
    assert.equal(isCertainUrl(url), url !== "http://127.0.0.1:65535/");
  }
});

Deno.test("a host that is certain makes a URL with whatever path, also where it is the one of the last", () => {
  const host = fc.oneof(
    fc.domain(),
    fc.ipV4(),
    fc.ipV6().map((address) => `[${address}]`),
    fc.string({ unit: fc.constantFrom(..."aZ0.-:x[]%@9é "), maxLength: 12 }),
    fc.constantFrom(
      "a",
      "1",
      "0x1",
      "a.1",
      "xn--a",
      "a.xn--a",
      "256.1.1.1",
      "1.2.3",
      "a:0",
      "a:65536",
      "a:80",
      "a.",
      "",
    ),
  );
  const path = fc.string({ unit: fc.constantFrom(...'a/%2?#[]\\"<>^`{|}~é\u00ff.;:@'), maxLength: 12 });
  fc.assert(fc.property(host, path, (host, path) => {
    for (let turn = 0; turn < 2; turn++) {
      if (isCertainHost(host)) assert.ok(URL.canParse(`http://${host}/${path}`), `${host}/${path}`);
    }
  }));
  for (const known of ["localhost", "127.0.0.1:8080", "example.com", "a-b.example.org:443"]) {
    assert.ok(isCertainHost(known), known);
  }
});
