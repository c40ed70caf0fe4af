/** Asks whoever listens at a control socket. */

import {
  close,
  connectUnix,
  describeErrno,
  type Descriptor,
  EACCES,
  EAGAIN,
  ECONNREFUSED,
  encodeUnixAddress,
  ENOENT,
  EPOLLIN,
  EPROTOTYPE,
  libc,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  settle,
  SOCK_SEQPACKET,
  unixSocket,
} from "../../../ffi/mod.ts";
import { Loop } from "../../loop/loop.ts";
import {
  AnswerReader,
  type ControlAnswer,
  type ControlRequest,
  encodeControlRequest,
  MAX_PIECE,
} from "../../protocol/control.ts";

export type { ControlAnswer, ControlRequest } from "../../protocol/control.ts";

const { recv, send } = libc;

/** Nobody could be asked, or nobody has answered. The message is for people, and says the way out. */
export class ControlError extends Error {
  override name = "ControlError";
}

/** Milliseconds that whoever has to do nothing for an answer is given. */
const PATIENCE = 10_000;

/** One connection to a control socket. */
export class ControlConnection {
  readonly #buffer = new Uint8Array(MAX_PIECE + 1);

  private constructor(readonly loop: Loop, readonly path: string, readonly fd: Descriptor) {}

  /**
   * Connects.
   *
   * @param loop is run by the caller
   * @throws {ControlError} where nobody listens, or nobody may ask
   */
  static open(loop: Loop, path: string): ControlConnection {
    let address: Uint8Array<ArrayBuffer>;
    try {
      address = encodeUnixAddress(path);
    } catch (error) {
      throw new ControlError((error as TypeError).message);
    }
    const fd = unixSocket(SOCK_SEQPACKET);
    const result = connectUnix(fd, address);
    if (result === 0) return new ControlConnection(loop, path, fd);
    close(fd);
    throw new ControlError(`Cannot reach fdpass at "${path}": ${reasonFor(-result)}`);
  }

  /**
   * Asks, and waits for the answer. One question at a time.
   *
   * @param patience milliseconds to wait; without end unless given where the answer takes work
   * @throws {ControlError} when no answer comes
   */
  async ask(
    request: ControlRequest,
    patience = request.command === "reload" || request.command === "upgrade" ? Infinity : PATIENCE,
  ): Promise<ControlAnswer> {
    const message = encodeControlRequest(request);
    const sent = settle(send(this.fd, message, BigInt(message.length), MSG_DONTWAIT | MSG_NOSIGNAL));
    if (sent < 0) throw new ControlError(`Cannot ask fdpass at "${this.path}": ${describeErrno(-sent)}`);
    const reader = new AnswerReader();
    const { promise, resolve, reject } = Promise.withResolvers<ControlAnswer>();
    const fail = (why: string) => reject(new ControlError(why));
    const timer = patience === Infinity ? undefined : setTimeout(
      () => fail(`No answer from fdpass at "${this.path}" within ${patience / 1_000} s`),
      patience,
    );
    this.loop.poller.add(this.fd, EPOLLIN, {
      ready: () => {
        const answer = this.#receive(reader);
        if (typeof answer === "string") fail(answer);
        else if (answer !== undefined) resolve(answer);
      },
    });
    // It may sleep by now.
    this.loop.wake();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.loop.poller.remove(this.fd);
    }
  }

  #receive(reader: AnswerReader): ControlAnswer | string | undefined {
    for (;;) {
      const length = settle(recv(this.fd, this.#buffer, BigInt(this.#buffer.length), MSG_DONTWAIT));
      if (length === -EAGAIN) return undefined;
      if (length <= 0) return `fdpass at "${this.path}" ended before it answered; its log says why`;
      const answer = reader.take(this.#buffer.slice(0, length));
      if (answer !== undefined) return answer;
    }
  }

  close(): void {
    close(this.fd);
  }
}

function reasonFor(errno: number): string {
  switch (errno) {
    case ENOENT:
    case ECONNREFUSED:
      return "nobody listens there; start fdpass, or name its socket (--control PATH)";
    case EACCES:
      return "it is another user's; ask as that user, or as root";
    case EPROTOTYPE:
      return "what listens there is not fdpass; name its socket (--control PATH)";
    case EAGAIN:
      return "it is busy with others; try again";
    default:
      return describeErrno(errno);
  }
}

/**
 * Asks once, on a loop of its own.
 *
 * @throws {ControlError} when no answer comes
 */
export async function ask(path: string, request: ControlRequest): Promise<ControlAnswer> {
  return await withControl(path, (connection) => connection.ask(request));
}

/** Does something with a connection, on a loop of its own. */
export async function withControl<Result>(
  path: string,
  use: (connection: ControlConnection) => Promise<Result>,
): Promise<Result> {
  const loop = new Loop();
  const running = loop.run();
  try {
    const connection = ControlConnection.open(loop, path);
    try {
      return await use(connection);
    } finally {
      connection.close();
    }
  } finally {
    loop.stop();
    await running;
    loop.close();
  }
}
