/** Files of one directory, for GET and HEAD (RFC 9110). */

import type { LinkPolicy } from "../../../ffi/mod.ts";
import { ownReference } from "../../http/reference.ts";
import { normalizePath } from "../../route/path.ts";
import type { Steps } from "../../loop/course.ts";
import type { Exchange, Field } from "../http/exchange.ts";
import type { RequestHandler } from "../http/http_server.ts";
import type { Home } from "../connection/home.ts";
import { contentType } from "./content_type.ts";
import type { Description } from "./description.ts";
import { Directory } from "./directory.ts";
import { FileCache, KeptFiles } from "./file_cache.ts";
import { FileWatches } from "./file_watches.ts";
import { type Encoded, find, preferEncoded } from "./lookup.ts";
import { OpenFile } from "./open_file.ts";
import { type RequestFields, requestFields } from "./request_fields.ts";
import { lend, respond, say } from "./respond.ts";
import { sendWhole } from "./send_file.ts";

export { DirectoryError } from "./directory.ts";

/** What a directory may have for requests that lead nowhere. */
const NOT_FOUND = "404.html";

/** Seconds for which a file is kept, unless said otherwise. */
const FILE_CACHE = 1;

/** How a file is described that has no forms beside it, and one that is sent as it is and has some. */
const ALONE = {};
const AMONG_OTHERS = {};

/** How files are served. */
export interface StaticOptions {
  /** Which symbolic links are followed: those that stay beneath the directory, unless given. */
  readonly symlinks?: LinkPolicy;
  /** Whether files named like another one and `.br`, `.zst` or `.gz` are its compressed forms. */
  readonly precompressed?: boolean;
  /** Whether the directory holds an application of one page, which gets the paths that are no files. */
  readonly spa?: boolean;
  /** Seconds for which a client may use what it has without asking; pages are asked for each time all the same. */
  readonly maxAge?: number;
  /** Seconds for which files are kept from one request to the next: 1 unless given; false for not at all. */
  readonly fileCache?: number | false;
}

/**
 * Serves the files below a directory. The kernel keeps every path inside it (openat2(2)), so neither `..` nor a
 * symbolic link leads out; names that start with a dot are not served.
 */
export class StaticRequestHandler implements RequestHandler {
  readonly selfContained = true;
  readonly #directory: Directory;
  #kept: KeptFiles | undefined;
  readonly #options: StaticOptions;
  readonly #cacheControl: string | undefined;

  /**
   * @param path the directory
   * @throws {DirectoryError} when it cannot be opened
   */
  constructor(path: string, options: StaticOptions = {}) {
    this.#directory = new Directory(path, options.symlinks ?? "beneath");
    this.#options = options;
    this.#cacheControl = options.maxAge === undefined ? undefined : `max-age=${options.maxAge}`;
  }

  /** Files are kept from here on. */
  begin({ loop }: Home): void {
    const { fileCache = FILE_CACHE } = this.#options;
    if (fileCache === false) return;
    this.#kept = new KeptFiles(loop, fileCache * 1_000, FileWatches.open(loop.poller));
    this.#directory.cache = new FileCache(this.#kept);
  }

  /** Keeps none any longer. */
  forget(): void {
    this.#kept?.close();
    this.#directory.cache = undefined;
  }

  /** Closes the directory. */
  close(): void {
    this.#directory.close();
  }

  handle(exchange: Exchange): Steps<void> {
    const { method } = exchange;
    if (method !== "GET" && method !== "HEAD") {
      return say(exchange, 405, "Only GET and HEAD are served here", [["Allow", "GET, HEAD"]]);
    }
    const fields = requestFields(exchange);
    this.#directory.renew(exchange.connection.home.loop.clock());
    const { file, byAccept } = find(this.#directory, exchange, fields, this.#options.spa ?? false);
    if (file instanceof OpenFile) return this.#serve(exchange, fields, file, byAccept);
    switch (file) {
      case "missing":
        return this.#notFound(exchange, byAccept);
      case "redirect":
        return say(exchange, 301, "This is a directory", [["Location", withSlash(exchange)]]);
      case "forbidden":
        return say(exchange, 403, "This file may not be read");
      case "exhausted":
        return say(exchange, 503, "Too many files are open", [["Retry-After", "1"]]);
    }
  }

  /** @param file taken over */
  #serve(
    exchange: Exchange,
    fields: RequestFields,
    file: OpenFile,
    byAccept: boolean,
  ): Steps<void> {
    const { name } = file;
    const encoded: Encoded = this.#options.precompressed
      ? preferEncoded(this.#directory, file, fields.acceptEncoding)
      : { file, coding: undefined, several: false };
    return lend(encoded.file, () => {
      return respond(exchange, fields, encoded.file, this.#describe(encoded, name, byAccept));
    });
  }

  /** @param name of the file as it is */
  #describe(encoded: Encoded, name: string, byAccept: boolean): Description {
    const { file, coding, several } = encoded;
    const as = byAccept ? undefined : coding ?? (several ? AMONG_OTHERS : ALONE);
    const known = file.descriptionAs(as);
    if (known !== undefined) return known;
    const type = contentType(name);
    const now = Date.now();
    return file.describe(as, now, {
      version: file,
      type,
      about: this.#about(encoded, type, byAccept, now),
    });
  }

  /** Fields that 200, 206 and 304 have in common (15.4.5), and Content-Encoding. */
  #about({ file, coding, several }: Encoded, type: string, byAccept: boolean, now: number): Field[] {
    const about: Field[] = [["ETag", file.tag]];
    const modified = file.lastModified(now);
    if (modified !== undefined) about.push(["Last-Modified", modified]);
    if (this.#cacheControl !== undefined) {
      // Pages keep their names from one release to the next, and name everything else.
      about.push(["Cache-Control", type.startsWith("text/html") ? "no-cache" : this.#cacheControl]);
    }
    if (coding !== undefined) about.push(["Content-Encoding", coding.name]);
    const vary = [...several ? ["Accept-Encoding"] : [], ...byAccept ? ["Accept"] : []];
    if (vary.length > 0) about.push(["Vary", vary.join(", ")]);
    return about;
  }

  #notFound(exchange: Exchange, byAccept: boolean): Steps<void> {
    const vary: Field[] = byAccept ? [["Vary", "Accept"]] : [];
    const page = this.#directory.open(NOT_FOUND);
    if (!(page instanceof OpenFile)) return say(exchange, 404, "There is no such file", vary);
    return lend(
      page,
      () => sendWhole(exchange, 404, [["Content-Type", contentType(NOT_FOUND)], ...vary], page),
    );
  }
}

/** The client's own path with a slash at its end. Normalised, so that `//host/dir` does not lead to another host. */
function withSlash({ path, query }: Exchange): string {
  return ownReference(`${normalizePath(path) ?? ""}/${query === "" ? "" : `?${query}`}`);
}
