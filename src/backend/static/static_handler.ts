/** Files of one directory, for GET and HEAD (RFC 9110). */

import mime from "mime";
import {
  adopt,
  close,
  describeErrno,
  type Descriptor,
  EACCES,
  ELOOP,
  EMFILE,
  ENAMETOOLONG,
  ENFILE,
  ENOENT,
  ENOTDIR,
  EPERM,
  ErrnoError,
  EXDEV,
  FileStatus,
  openBeneath,
  openDirectory,
} from "../../../ffi/mod.ts";
import { httpDate } from "../../http/response_head.ts";
import { normalizePath } from "../../route/path.ts";
import type { Exchange, Field } from "../http/exchange.ts";
import type { RequestHandler } from "../http/http_server.ts";
import { isFresh } from "./conditional.ts";

const INDEX = "index.html";
const NO_CONTENT = new Uint8Array(0);

/** The directory cannot be served. The message is for people. */
export class DirectoryError extends Error {
  override name = "DirectoryError";
}

/**
 * Serves the files below a directory. The kernel keeps every path inside it (openat2(2)), so neither `..` nor a
 * symbolic link leads out; names that start with a dot are not served.
 */
export class StaticRequestHandler implements RequestHandler {
  readonly #directory: Descriptor;
  readonly #status = new FileStatus();

  /**
   * @param path the directory
   * @throws {DirectoryError} when it cannot be opened
   */
  constructor(path: string) {
    const fd = openDirectory(path);
    if (fd < 0) throw new DirectoryError(`Cannot serve the directory "${path}": ${describeErrno(-fd)}`);
    this.#directory = adopt(fd);
  }

  /** Closes the directory. */
  close(): void {
    close(this.#directory);
  }

  async handle(exchange: Exchange): Promise<void> {
    const { method } = exchange;
    if (method !== "GET" && method !== "HEAD") {
      return await say(exchange, 405, "Only GET and HEAD are served here", [["Allow", "GET, HEAD"]]);
    }
    const name = fileName(exchange.mappedPath);
    if (name === undefined) return await say(exchange, 404, "There is no such file");
    const fd = openBeneath(this.#directory, name === "" ? "." : name);
    if (fd < 0) return await this.#cannotOpen(exchange, -fd);
    const file = adopt(fd);
    try {
      await this.#serve(exchange, file, name);
    } finally {
      close(file);
    }
  }

  async #serve(exchange: Exchange, file: Descriptor, name: string): Promise<void> {
    this.#look(file);
    if (this.#status.type === "directory") return await this.#serveDirectory(exchange, name);
    if (this.#status.type !== "file" || name.endsWith("/")) {
      return await say(exchange, 404, "There is no such file");
    }
    await this.#serveFile(exchange, file, name);
  }

  #look(file: Descriptor): void {
    const result = this.#status.readDescriptor(file);
    if (result < 0) throw new ErrnoError("Cannot look at a file", -result);
  }

  /**
   * A directory is its index file; without a slash at its end, the links in that file would lead elsewhere. The client's
   * own path tells: the mapped path of a route's prefix is `/`, with and without that slash.
   */
  async #serveDirectory(exchange: Exchange, name: string): Promise<void> {
    // Normalised, so that `//host/dir` does not become a redirect to another host.
    const path = normalizePath(exchange.path) ?? "/";
    if (!path.endsWith("/")) {
      const query = exchange.query === "" ? "" : `?${exchange.query}`;
      return await say(exchange, 301, "This is a directory", [["Location", `${path}/${query}`]]);
    }
    const fd = openBeneath(this.#directory, name + INDEX);
    if (fd < 0) return await this.#cannotOpen(exchange, -fd);
    const file = adopt(fd);
    try {
      this.#look(file);
      if (this.#status.type !== "file") return await say(exchange, 404, "There is no such file");
      await this.#serveFile(exchange, file, INDEX);
    } finally {
      close(file);
    }
  }

  async #serveFile(exchange: Exchange, file: Descriptor, name: string): Promise<void> {
    const { size, modified, inode } = this.#status;
    const tag = `"${inode.toString(36)}-${Math.round(modified).toString(36)}-${size.toString(36)}"`;
    const validators: Field[] = [["ETag", tag], ["Last-Modified", httpDate(modified)]];
    if (isFresh(exchange, tag, modified)) return await exchange.respond(304, validators, NO_CONTENT);
    const fields: Field[] = [["Content-Type", contentType(name)], ...validators];
    if (await exchange.start(200, fields, size, size > 0)) await exchange.connection.sendFile(file, 0, size);
  }

  async #cannotOpen(exchange: Exchange, errno: number): Promise<void> {
    switch (errno) {
      case ENOENT:
      case ENOTDIR:
      case EXDEV:
      case ELOOP:
      case ENAMETOOLONG:
        return await say(exchange, 404, "There is no such file");
      case EACCES:
      case EPERM:
        return await say(exchange, 403, "This file may not be read");
      case EMFILE:
      case ENFILE:
        return await say(exchange, 503, "Too many files are open", [["Retry-After", "1"]]);
      default:
        throw new ErrnoError("Cannot open a file", errno);
    }
  }
}

/**
 * The name of a file relative to the directory, from a normalised path; undefined for a path that names none: with a
 * slash or a NUL in a segment, bytes that are not UTF-8, or a segment that starts with a dot.
 */
export function fileName(path: string): string | undefined {
  const segments = path.slice(1).split("/");
  const decoded: string[] = [];
  for (const segment of segments) {
    let name: string;
    try {
      name = decodeURIComponent(segment);
    } catch {
      return undefined;
    }
    if (name.includes("/") || name.includes("\0") || name.startsWith(".")) return undefined;
    decoded.push(name);
  }
  return decoded.join("/");
}

/** The type of a file by the end of its name. Text is taken to be UTF-8, as everything is by now. */
export function contentType(name: string): string {
  const type = mime.getType(name) ?? "application/octet-stream";
  const text = type.startsWith("text/") || type === "application/json" || type === "application/javascript" ||
    type === "image/svg+xml";
  return text ? `${type}; charset=utf-8` : type;
}

async function say(
  exchange: Exchange,
  status: number,
  text: string,
  fields: readonly Field[] = [],
): Promise<void> {
  const content = new TextEncoder().encode(`${status}: ${text}.\n`);
  await exchange.respond(status, [["Content-Type", "text/plain; charset=utf-8"], ...fields], content);
}
