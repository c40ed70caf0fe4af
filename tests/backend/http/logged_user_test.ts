/** Who counts as the user of a request in lines. */

import assert from "node:assert/strict";
import { LoggedUser } from "../../../src/backend/log/user.ts";

const asking = (value: string) => `GET / HTTP/1.1\r\nHost: a\r\nAuthorization: ${value}\r\n\r\n`;
const FRANK = asking(`Basic ${btoa("frank:secret")}`);
const ruled = { REMOTE_USER: "anna", AUTH_TYPE: "Basic" };

Deno.test("LoggedUser: rules know best; else it is whom a program has not turned away", () => {
  const cases = [
    [{}, "fetch", FRANK, 200, "frank"],
    [{}, "relay", FRANK, 401, ""],
    [{}, "cgi", FRANK, 403, "frank"],
    [{}, "static", FRANK, 200, ""],
    [ruled, "static", FRANK, 200, "anna"],
    [ruled, "fetch", "GET / HTTP/1.1\r\n\r\n", 401, "anna"],
    [{}, "fetch", "GET / HTTP/1.1\r\n\r\n", 200, ""],
    [{}, "fetch", asking("Bearer eyJ"), 200, ""],
    [{}, "fetch", asking("Basic %%%"), 200, ""],
    [{}, "fetch", asking(`Basic ${btoa("no colon")}`), 200, ""],
    [{}, "fetch", asking(`basic ${btoa(":")}`), 200, ""],
    [{ other: "x" }, "fetch", FRANK, 200, "frank"],
  ] as const;
  for (const [variables, kind, head, status, expected] of cases) {
    assert.equal(new LoggedUser(variables, kind).of(head, status), expected, `${kind} ${head}`);
  }
  const kept = new LoggedUser({}, "fetch");
  assert.deepEqual(
    [kept.of(FRANK, 200), kept.of(FRANK, 401), kept.of("GET / HTTP/1.1\r\n\r\n", 200), kept.of(FRANK, 200)],
    ["frank", "", "", "frank"],
  );
});
