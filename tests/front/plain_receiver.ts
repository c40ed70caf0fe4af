/** A backend that speaks Apache's protocol: does what it is told to, on the test's own thread. */

import assert from "node:assert/strict";
import {
  adopt,
  bindUnix,
  close,
  type Descriptor,
  EAGAIN,
  expect,
  libc,
  MSG_CMSG_CLOEXEC,
  MSG_DONTWAIT,
  RightsReceiver,
  settle,
  SO_PASSRIGHTS,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
  startListening,
  unixSocket,
} from "../../ffi/mod.ts";

const { accept4, recvmsg, setsockopt } = libc;

/** A listening SOCK_STREAM socket. Closed at the end of its block, as is all that it was given. */
export class PlainReceiver {
  readonly #bytes = new Uint8Array(64);
  readonly #receiver = new RightsReceiver(this.#bytes);
  readonly #listener: Descriptor;
  readonly #given: Descriptor[] = [];
  #open = true;
  /** Connections accepted. */
  accepted = 0;

  /** @param backlog `later` for one that does not listen yet */
  constructor(readonly path: string, backlog: number | "later" = 64) {
    this.#listener = unixSocket(SOCK_STREAM);
    expect(bindUnix(this.#listener, path), `Cannot bind "${path}"`);
    if (backlog !== "later") this.listen(backlog);
  }

  listen(backlog = 64): void {
    expect(startListening(this.#listener, backlog), `Cannot listen on "${this.path}"`);
  }

  /** Has the kernel refuse descriptors (unix(7), SO_PASSRIGHTS); false where it does not know how. */
  takesDescriptors(on: boolean): boolean {
    return settle(setsockopt(this.#listener, SOL_SOCKET, SO_PASSRIGHTS, new Int32Array([on ? 1 : 0]), 4)) ===
      0;
  }

  /** Takes a hand-off, if there is one; the descriptor stays the receiver's to close. */
  take(): Descriptor | undefined {
    const connection = settle(accept4(this.#listener, null, null, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (connection === -EAGAIN) return undefined;
    expect(connection, "Cannot accept");
    this.accepted++;
    this.#receiver.prepare();
    const length = settle(
      recvmsg(adopt(connection), this.#receiver.header.bytes, MSG_DONTWAIT | MSG_CMSG_CLOEXEC),
    );
    close(adopt(connection));
    if (length === 0) return undefined;
    assert.equal(length, 1, "one byte");
    assert.equal(this.#bytes[0], 0, "NUL");
    assert.equal(this.#receiver.collect(), 1, "one descriptor");
    const fd = this.#receiver.take();
    this.#given.push(fd);
    return fd;
  }

  /** Listens no more, and removes its path. */
  stop(): void {
    if (!this.#open) return;
    this.#open = false;
    close(this.#listener);
    Deno.removeSync(this.path);
  }

  [Symbol.dispose](): void {
    this.stop();
    for (const fd of this.#given) close(fd);
  }
}
