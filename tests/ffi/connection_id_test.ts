import assert from "node:assert/strict";
import { connectionName, SOCK_STREAM, socketCookie, unixSocketPair } from "../../ffi/mod.ts";
import { Held, withoutLeaks } from "../support/descriptors.ts";

Deno.test("connectionName() is four digits of the boot, and the number that the kernel has given the socket", () =>
  withoutLeaks(() => {
    using held = new Held();
    const [one, other] = unixSocketPair(SOCK_STREAM).map((fd) => held.keep(fd));
    const number = (fd: typeof one) =>
      new DataView(socketCookie(fd!).buffer).getBigUint64(0, true).toString(16);
    const [name, otherName] = [one, other].map((fd) => connectionName(fd!));
    assert.match(name!, /^[0-9a-f]{4}-/);
    assert.equal(name!.slice(5), number(one));
    assert.equal(otherName, `${name!.slice(0, 5)}${number(other)}`);
    assert.notEqual(name, otherName);
  }));
