import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { fileURLToPath } from "node:url";
import { type Carried, Compressor, MOST_OPEN } from "../../../src/backend/compression/compressor.ts";
import type { FieldOperation } from "../../../src/rules/fields.ts";
import { compressionOf } from "../../../src/config/compression.ts";
import { withoutLeaks } from "../../support/descriptors.ts";
import { contentOf, decode } from "./content.ts";

const HTML = [["Content-Type", "text/html"]] as const;
const asked: Carried = { field: () => "gzip" };

Deno.test("no more responses are coded at a time than have memory, and the next one goes as it is", () =>
  withoutLeaks(async () => {
    const compressor = new Compressor(compressionOf({}));
    try {
      const filter = compressor.choose(asked, 200, HTML, undefined)!.filter!;
      const open = Array.from({ length: MOST_OPEN }, () => compressor.begin(filter));
      const choice = compressor.choose(asked, 200, HTML, undefined)!;
      assert.equal(choice.filter, undefined);
      assert.deepEqual(choice.fields, [...HTML, ["Vary", "Accept-Encoding"]]);
      // All of them work beside each other.
      const pieces = await Promise.all(open.map((one) => one.piece(contentOf("text", 1_000), "end")));
      for (const own of pieces) {
        assert.deepEqual(decode("gzip", Buffer.concat(own)), contentOf("text", 1_000));
      }
      for (const one of open) for (let times = 0; times < 2; times++) one.close();
      assert.equal(compressor.open, 0);
      assert.equal(compressor.choose(asked, 200, HTML, undefined)!.filter?.coding, "gzip");
    } finally {
      compressor.close();
    }
  }, { workers: true }));

Deno.test("a Compressor goes by the rules of a connection where it has some", () => {
  const compressor = new Compressor(undefined);
  assert.equal(compressor.choose(asked, 200, HTML, undefined), undefined);
  const by = (...operations: FieldOperation[]): Carried => ({
    ...asked,
    rules: { variables: {}, compressing: { text: JSON.stringify(operations), operations } },
  });
  for (let times = 0; times < 2; times++) {
    const choice = compressor.choose(
      by({ action: "compress", name: "gzip", value: "text/html" }),
      200,
      HTML,
      100,
    );
    assert.equal(choice?.filter?.level, 6);
    assert.equal(
      compressor.choose(by({ action: "compress", name: "gzip", value: "text/css" }), 200, HTML, 100),
      undefined,
    );
  }
  const own = { ...by({ action: "compress", name: "gzip", value: "*" }), local: true };
  assert.equal(compressor.choose(own, 404, HTML, 100), undefined);
  compressor.close();
});

Deno.test("without the permission to start its thread, a Compressor says so once, and content goes as it is", async () => {
  const script = fileURLToPath(new URL("unpermitted.ts", import.meta.url));
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", script],
  }).output();
  const { told, ...rest } = JSON.parse(new TextDecoder().decode(stdout));
  assert.deepEqual(rest, { coded: true, small: true, after: true });
  assert.equal(told.length, 1);
  assert.match(told[0], /Requires read access/);
});
