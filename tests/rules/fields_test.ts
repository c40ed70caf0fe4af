import assert from "node:assert/strict";
import { changeRequest, changeResponse, type Field } from "../../src/rules/fields.ts";

Deno.test("changeRequest() leaves nobody else a field that is set: not by another case, not by an underscore", () => {
  const sent: Field[] = [["x-user", "admin"], ["X-User", "root"], ["X_User", "admin"], ["x_USER", "a"], [
    "X-Other_",
    "b",
  ]];
  assert.deepEqual(changeRequest(sent, [{ action: "set", name: "X-User", value: "ann" }]), [
    ["X-Other_", "b"],
    ["X-User", "ann"],
  ]);
  assert.deepEqual(changeRequest(sent, [{ action: "unset", name: "X-User" }]), [["X-Other_", "b"]]);
});

Deno.test("changeResponse() keeps what is for errors too in a list of its own", () => {
  const fields: Field[] = [["X-A", "app"]];
  const operations = [
    { action: "set", name: "X-A", value: "rule" },
    { action: "set", name: "X-A", value: "always", always: true },
    { action: "unset", name: "X-B", always: true },
  ] as const;
  assert.deepEqual(changeResponse(fields, operations, 200), [["X-A", "rule"], ["X-A", "always"]]);
  assert.deepEqual(changeResponse(fields, operations, 404, true), [["X-A", "app"], ["X-A", "always"]]);
});

Deno.test("edit replaces what an expression matches, once or everywhere, and comes to an end", () => {
  const edit = (action: "edit" | "edit*", pattern: string, value: string, text: string) =>
    changeRequest([["X", text]], [{ action, name: "x", pattern, value }])[0]![1];
  assert.equal(edit("edit", "a(b*)", "[$1]", "abbab"), "[bb]ab");
  assert.equal(edit("edit*", "a(b*)", "[$1]", "abbab"), "[bb][b]");
  assert.equal(edit("edit*", "x*", "-", "aa"), "-aa");
  assert.equal(edit("edit", "$", "; Secure", "a=b"), "a=b; Secure");
  assert.equal(edit("edit", "a", "\\$1", "a"), "$1");
});
