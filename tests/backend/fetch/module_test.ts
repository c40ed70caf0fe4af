import assert from "node:assert/strict";
import type { RequestInfo } from "../../../src/backend/fetch/handler.ts";
import { handlersOf, loadHandlers } from "../../../src/backend/fetch/module.ts";

Deno.test("handlersOf() takes a function, or an object whose fetch keeps its this", async () => {
  const plain = () => new Response("plain");
  assert.equal(handlersOf(plain, "x").fetch, plain);
  const object = {
    text: "mine",
    fetch() {
      return new Response(this.text);
    },
  };
  const response = await handlersOf(object, "x").fetch!(new Request("http://a/"), {} as RequestInfo);
  assert.equal(await response.text(), "mine");
  for (const nothing of [undefined, null, 3, {}, { fetch: 1 }]) {
    assert.throws(
      () => handlersOf(nothing, "app.ts"),
      /Cannot use the module "app\.ts": it has no default export/,
    );
  }
});

Deno.test("loadHandlers() names a module that cannot be loaded", async () => {
  await assert.rejects(
    loadHandlers("/no/such/module.ts"),
    /Cannot load the module "\/no\/such\/module\.ts": /,
  );
  const { fetch: handler } = await loadHandlers(
    "data:text/javascript,export default () => new Response('data')",
  );
  const response = await handler!(new Request("http://a/"), {} as RequestInfo);
  assert.equal(await response.text(), "data");
});
