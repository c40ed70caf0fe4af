import fc from "../support/properties.ts";
import assert from "node:assert/strict";
import { oneLine } from "../../src/control/log/one_line.ts";

Deno.test("oneLine() leaves no control character, and treats each character by itself", () => {
  const any = fc.string({ unit: "binary" });
  fc.assert(fc.property(any, any, (one, other) => {
    const line = oneLine(one + other);
    assert.doesNotMatch(line, /[\p{Cc}\u2028\u2029]/u);
    assert.equal(line, oneLine(one) + oneLine(other));
  }));
});

Deno.test("oneLine() leaves everything else as it is", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => {
    fc.pre(!/[\p{Cc}\u2028\u2029]/u.test(text));
    assert.equal(oneLine(text), text);
  }));
});

Deno.test("oneLine() escapes each control character by its number or its usual letter", () => {
  for (let code = 0; code < 0x100; code++) {
    const character = String.fromCharCode(code);
    const hex = `\\x${code.toString(16).padStart(2, "0")}`;
    const letter: Record<number, string> = { 9: "\\t", 10: "\\n", 13: "\\r" };
    const control = code < 0x20 || code >= 0x7f && code <= 0x9f;
    assert.equal(oneLine(`<${character}>`), `<${control ? letter[code] ?? hex : character}>`);
  }
});
