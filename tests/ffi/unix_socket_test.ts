import assert from "node:assert/strict";
import { EADDRINUSE, EAGAIN, ECONNREFUSED, ENOENT, EPROTOTYPE } from "../../ffi/errno.ts";
import { encodeUnixAddress } from "../../ffi/sockaddr.ts";
import {
  bindUnix,
  connectUnix,
  localAddress,
  peerAddress,
  peerCredentials,
  SOCK_SEQPACKET,
  SOCK_STREAM,
  startListening,
  unixSocket,
  type UnixSocketType,
} from "../../ffi/socket.ts";
import { descriptorFlags, Held, withoutLeaks } from "../support/descriptors.ts";
import { accept, hear, say } from "./sockets.ts";

const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;

/** Runs the body with a directory that is gone afterwards. */
function inDirectory(body: (path: string) => void): void {
  const path = Deno.makeTempDirSync({ prefix: "fdpass-" });
  try {
    body(path);
  } finally {
    Deno.removeSync(path, { recursive: true });
  }
}

for (const [name, type] of [["SOCK_STREAM", SOCK_STREAM], ["SOCK_SEQPACKET", SOCK_SEQPACKET]] as const) {
  Deno.test(`a Unix ${name} socket listens at a path, connects at once, and carries bytes both ways`, () =>
    withoutLeaks(() =>
      inDirectory((directory) => {
        using held = new Held();
        const path = `${directory}/ü.sock`;
        const listener = held.keep(unixSocket(type));
        assert.equal(descriptorFlags(listener) & (O_NONBLOCK | O_CLOEXEC), O_NONBLOCK | O_CLOEXEC);
        assert.equal(bindUnix(listener, path), 0);
        assert.equal(bindUnix(held.keep(unixSocket(type)), path), -EADDRINUSE);
        const client = held.keep(unixSocket(type));
        const address = encodeUnixAddress(path);
        assert.equal(connectUnix(client, address), -ECONNREFUSED);
        assert.equal(startListening(listener, 1), 0);
        assert.equal(connectUnix(client, address), 0);
        const server = accept(held, listener);
        say(client, "there");
        assert.equal(hear(server), "there");
        say(server, "and back");
        assert.equal(hear(client), "and back");
        assert.equal(localAddress(server), undefined);
        assert.equal(peerAddress(server), undefined);
      })
    ));

  Deno.test(`connectUnix() of ${name} to a path of the other type is -EPROTOTYPE`, () =>
    withoutLeaks(() =>
      inDirectory((directory) => {
        using held = new Held();
        const other: UnixSocketType = type === SOCK_STREAM ? SOCK_SEQPACKET : SOCK_STREAM;
        const listener = held.keep(unixSocket(other));
        assert.equal(bindUnix(listener, `${directory}/s`), 0);
        assert.equal(startListening(listener, 1), 0);
        const client = held.keep(unixSocket(type));
        assert.equal(connectUnix(client, encodeUnixAddress(`${directory}/s`)), -EPROTOTYPE);
      })
    ));

  Deno.test(`connectUnix() of ${name} tells no socket, a dead socket and a full backlog apart`, () =>
    withoutLeaks(() =>
      inDirectory((directory) => {
        using held = new Held();
        const address = encodeUnixAddress(`${directory}/s`);
        assert.equal(connectUnix(held.keep(unixSocket(type)), address), -ENOENT);
        const listener = held.keep(unixSocket(type));
        assert.equal(bindUnix(listener, `${directory}/s`), 0);
        assert.equal(startListening(listener, 0), 0);
        assert.equal(connectUnix(held.keep(unixSocket(type)), address), 0);
        assert.equal(connectUnix(held.keep(unixSocket(type)), address), -EAGAIN);
        held.close(listener);
        assert.equal(connectUnix(held.keep(unixSocket(type)), address), -ECONNREFUSED);
      })
    ));
}

Deno.test("peerCredentials() says who connected, and who listened", () =>
  withoutLeaks(() =>
    inDirectory((directory) => {
      using held = new Held();
      const listener = held.keep(unixSocket(SOCK_SEQPACKET));
      assert.equal(bindUnix(listener, `${directory}/s`), 0);
      assert.equal(startListening(listener, 1), 0);
      const client = held.keep(unixSocket(SOCK_SEQPACKET));
      assert.equal(connectUnix(client, encodeUnixAddress(`${directory}/s`)), 0);
      const me = { pid: Deno.pid, uid: Deno.uid()!, gid: Deno.gid()! };
      assert.deepEqual(peerCredentials(accept(held, listener)), me);
      assert.deepEqual(peerCredentials(client), me);
    })
  ));
