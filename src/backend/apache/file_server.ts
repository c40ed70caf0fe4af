/** One file, as the content of every response. */

import {
  adopt,
  close,
  describeErrno,
  type Descriptor,
  ErrnoError,
  FileStatus,
  openFile,
} from "../../../ffi/mod.ts";
import { type Connection, ConnectionLost } from "../connection/connection.ts";
import type { ConnectionServer } from "../connection/connection_server.ts";

/** The file cannot be served. The message is for people. */
export class FileError extends Error {
  override name = "FileError";
}

/** Sends a file on connections whose response has begun, and ends them. */
export class FileServer implements ConnectionServer {
  readonly #status = new FileStatus();

  /**
   * @param path of the file: opened for each connection, so that each gets the file that is there by then
   * @param onError takes what went wrong with one connection
   * @throws {FileError} when it cannot be opened now, or is no file
   */
  constructor(readonly path: string, readonly onError: (error: unknown) => void) {
    close(this.#open());
  }

  /** Opens the file and looks at it. */
  #open(): Descriptor {
    const action = `Cannot serve the file "${this.path}"`;
    const result = openFile(this.path);
    if (result < 0) throw new FileError(`${action}: ${describeErrno(-result)}`);
    const file = adopt(result);
    const looked = this.#status.readDescriptor(file);
    if (looked === 0 && this.#status.type === "file") return file;
    close(file);
    if (looked < 0) throw new ErrnoError(action, -looked);
    const what = this.#status.type === "directory" ? "a directory" : "no regular file";
    throw new FileError(`${action}: it is ${what}; write the path of one file`);
  }

  serve(connection: Connection): void {
    void this.#serve(connection);
  }

  /** Never rejects: whatever happens ends with the connection. */
  async #serve(connection: Connection): Promise<void> {
    try {
      const file = this.#open();
      try {
        await connection.sendFile(file, 0, this.#status.size);
      } finally {
        close(file);
      }
      await connection.closeGently();
    } catch (error) {
      connection.breakOff();
      if (!(error instanceof ConnectionLost)) this.onError(error);
    }
  }

  drain(): void {
    // Nothing here is ever idle.
  }

  returnFailed(connection: Connection): void {
    // Nothing here is ever given back.
    connection.close();
  }
}
