/** What a terminal shows of a text. */

import assert from "node:assert/strict";
import { fitted } from "../../src/commands/screen.ts";

Deno.test("fitted: never more lines and columns than there are, and what is cut shows", () => {
  const text = "a\nlong line\n\u{1f600}\u{1f600}\u{1f600}\nlast\n";
  assert.equal(fitted(text, 4, 9), text.slice(0, -1));
  assert.equal(fitted(text, 4, 2), "a\nl…\n\u{1f600}…\nl…");
  assert.equal(fitted(text, 3, 80), "a\nlong line\n…");
  assert.equal(fitted(text, 1, 1), "…");
  assert.equal(fitted("a\n", 1, 1), "a");
  assert.equal(fitted(text, 0, 0), text);
});
