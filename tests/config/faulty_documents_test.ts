import assert from "node:assert/strict";
import { ConfigError } from "../../src/config/error.ts";
import { parseJson } from "../../src/config/json/parse.ts";
import { BACKENDS } from "./faulty/backends.ts";
import { FRONT } from "./faulty/front.ts";
import { SITES } from "./faulty/sites.ts";

const FAULTY_DOCUMENTS = [...FRONT, ...SITES, ...BACKENDS];

function messageOf(text: string): string {
  try {
    parseJson(text, { name: "f", baseDirectory: "/etc/fdpass" });
  } catch (error) {
    assert(error instanceof ConfigError, String(error));
    return error.message;
  }
  return "";
}

Deno.test("parseJson() says of each faulty document what is wrong, where, and what would be right", () => {
  for (const [text, ...lines] of FAULTY_DOCUMENTS) {
    assert.equal(messageOf(text), lines.map((line) => `f:${line}`).join("\n"), text);
  }
});

Deno.test("parseJson() says in each message what would be right, without a final period", () => {
  for (const [text, ...lines] of FAULTY_DOCUMENTS) {
    for (const line of lines) assert.match(line, /[^;]; [a-z{][^;]*[^.;]$/, text);
  }
});

Deno.test("ConfigError has every problem as data", () => {
  assert.throws(
    () => parseJson(`{\n  "listen": "8080",\n  "sites": [{ "to": 1 }] }`, { name: "f", baseDirectory: "/" }),
    (error) => {
      assert(error instanceof ConfigError);
      assert.equal(error.name, "ConfigError");
      assert.equal(error.source, "f");
      const message = `Found 1; write a target such as "fd:///run/app.sock", or a list of targets`;
      assert.deepEqual(error.problems, [{ line: 3, column: 21, path: "sites[0].to", message }]);
      return true;
    },
  );
});
