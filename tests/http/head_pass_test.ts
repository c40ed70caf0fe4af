import assert from "node:assert/strict";
import fc from "../support/properties.ts";
import { HeadPass } from "../../src/http/head_pass.ts";
import { ENDING_HERE, endToEnd, type HeaderField } from "../../src/http/hop_by_hop.ts";
import { SoughtNames } from "../../src/http/sought_names.ts";

/** Leaves out what ends here and what is asked for besides, and writes one name in capitals. */
class Pass extends HeadPass {
  readonly noted: string[] = [];

  constructor(head: string, besides: readonly string[] = [], underscores = true) {
    super();
    this.pass(head, new SoughtNames([...ENDING_HERE, ...besides, "loud", "noted"]), underscores);
  }

  protected override forget(): void {
    this.noted.length = 0;
  }

  protected override seen(name: string, value: string, ends: boolean, written: string): string | undefined {
    this.noted.push(`${written}=${value}${ends ? " ends" : ""}`);
    if (name === "loud") return `LOUD: ${value}\r\n`;
    return name === "noted" ? undefined : "";
  }
}

const head = (...lines: string[]) => `GET / HTTP/1.1\r\n${lines.map((line) => `${line}\r\n`).join("")}\r\n`;

Deno.test("lines of a head that nobody looks for go on as they stand", () => {
  assert.equal(new Pass(head("A: b", "C-d: e  f")).lines, "A: b\r\nC-d: e  f\r\n");
  assert.equal(new Pass(head()).lines, "");
});

Deno.test("lines that are written oddly go on as everybody writes them", () => {
  assert.equal(
    new Pass(head("A:b", "B:  c \t", "C:", "D: ", "E :\tf", "G: h")).lines,
    "A: b\r\nB: c\r\nC: \r\nD: \r\nE: f\r\nG: h\r\n",
  );
});

Deno.test("what is looked for is found in any case, and replaced, left out or left as it is", () => {
  const pass = new Pass(head("X: 1", "LouD: a ", "TE: gzip", "noted: 2", "Y: 3"), ["x"]);
  assert.equal(pass.lines, "LOUD: a\r\nnoted: 2\r\nY: 3\r\n");
  assert.deepEqual(pass.noted, ["X=1", "LouD=a", "TE=gzip", "noted=2"]);
});

Deno.test("what Connection names ends here, wherever it stands", () => {
  const pass = new Pass(
    head("A: 1", "Noted: 2", "Connection: close, A ,noted", "B: 3", "a: 4", "cOnnection: b"),
  );
  assert.equal(pass.lines, "");
  assert.deepEqual(pass.noted, ["Noted=2 ends", "Connection=close, A ,noted", "cOnnection=b"]);
  assert.equal(new Pass(head("Connection: keep-alive", "A: 1", "Keep-Alive: timeout=1")).lines, "A: 1\r\n");
});

Deno.test("names with underscores do not go on where they are not wanted", () => {
  assert.equal(new Pass(head("A_b: 1", "Ab: 2_3", "_: 4"), [], false).lines, "Ab: 2_3\r\n");
  assert.equal(new Pass(head("A_b: 1")).lines, "A_b: 1\r\n");
});

Deno.test("names are other names in spite of bits that letters do not have", () => {
  assert.equal(
    new Pass(head("L\x4f\x55D: 1", "lou$: 2", "te\x60: 3", "d\x7ete: 4"), ["d^te"]).lines,
    "LOUD: 1\r\nlou$: 2\r\nte`: 3\r\nd~te: 4\r\n",
  );
});

Deno.test("what goes on is what endToEnd says, field by field", () => {
  const name = fc.constantFrom(
    "A",
    "b",
    "Te",
    "TRAILER",
    "Upgrade",
    "X-Y",
    "x-y",
    "Connection",
    "noted-not",
    "keep-alive",
  );
  const value = fc.constantFrom("", "a", "close", "x-y, b", "keep-alive", "A", " c\t", "d e", "\xe9");
  fc.assert(fc.property(fc.array(fc.tuple(name, value), { maxLength: 8 }), (fields) => {
    const passed = new Pass(head(...fields.map(([name, value]) => `${name}:${value}`)));
    const trimmed = fields.map(([name, value]): HeaderField => [name, value.replace(/^[ \t]+|[ \t]+$/g, "")]);
    const expected = endToEnd(trimmed).map(([name, value]) => `${name}: ${value}\r\n`).join("");
    assert.equal(passed.lines, expected);
  }));
});
