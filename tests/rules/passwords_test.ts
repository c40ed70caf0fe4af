import assert from "node:assert/strict";
import { readBasic, readGroups, readUsers } from "../../src/rules/basic_auth.ts";
import { hashKind, isPassword } from "../../src/rules/passwords.ts";

/** As htpasswd of Apache 2.4 has made them. */
const HASHES: readonly (readonly [password: string, hash: string])[] = [
  ["bcrypt", "$2y$05$bkWJz17LacVa8Fk..Elwtucl3mNJUEoFuFB1.y/ws8OmPoSH.kC1K"],
  ["apr1", "$apr1$oarkbVpQ$8eibSjFMzIVMpkiD0HZxD."],
  ["sha", "{SHA}2PRZAyDhNDqRW2OUFwZQqPNdaSY="],
];

Deno.test("isPassword() knows the password of each sort of hash, and no other", () => {
  for (const [password, hash] of HASHES) {
    for (const [other] of HASHES) {
      assert.equal(isPassword(other, hash), other === password, `${other} ${hash}`);
    }
    assert.equal(isPassword(`${password} `, hash), false);
    assert.equal(isPassword("", hash), false);
    assert.notEqual(hashKind(hash), undefined);
  }
});

Deno.test("isPassword() takes nothing for a hash that is not known here", () => {
  for (const hash of ["", "plain", "$1$abc$def", "$5$salt$x", "*", "{SSHA}x", "$2y$05$short"]) {
    assert.equal(hashKind(hash), undefined);
    assert.equal(isPassword(hash, hash), false);
    assert.equal(isPassword("", hash), false);
  }
});

Deno.test("readBasic() reads a name and a password, and nothing else", () => {
  assert.deepEqual(readBasic(`Basic ${btoa("ann:a:b")}`), { user: "ann", password: "a:b" });
  assert.deepEqual(readBasic(`bAsIc  ${btoa(":")}`), { user: "", password: "" });
  for (
    const value of [
      undefined,
      "",
      "Basic",
      "Basic !",
      "Bearer YQ==",
      `Basic ${btoa("ann")}`,
      `Basic ${btoa("a\0:b")}`,
    ]
  ) {
    assert.equal(readBasic(value), undefined, value);
  }
  assert.equal(readBasic(`Basic ${"A".repeat(2_000)}`), undefined);
});

Deno.test("readUsers() and readGroups() read what htpasswd and people write", () => {
  const users = readUsers("# comment\nann:hash\r\n\nbob:x:comment\nann:second\nnocolon\n:empty\n");
  assert.deepEqual([...users], [["ann", "hash"], ["bob", "x"]]);
  assert.deepEqual(readGroups("team: ann bob\n#no: ann\nother:bob\nall :  ann\n", "ann"), ["team", "all"]);
});
