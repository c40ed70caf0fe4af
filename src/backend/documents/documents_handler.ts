/** Files by their whole names, as a configuration for httpd has them served: GET, HEAD and POST. */

import type { Documents, TagPart } from "../../config/documents.ts";
import { isHandedOn } from "../../config/handlers.ts";
import { ownReference } from "../../http/reference.ts";
import { normalizePath } from "../../route/path.ts";
import type { Home } from "../connection/home.ts";
import type { Steps } from "../../loop/course.ts";
import type { Exchange, Field } from "../http/exchange.ts";
import type { RequestHandler } from "../http/http_server.ts";
import { type Description, typeField } from "../static/description.ts";
import type { Failure } from "../static/directory.ts";
import { KeptFiles } from "../static/file_cache.ts";
import { FileWatches } from "../static/file_watches.ts";
import { ErrorPageSender } from "../static/error_pages.ts";
import { OpenFile } from "../static/open_file.ts";
import { requestFields } from "../static/request_fields.ts";
import { lend, respond, say } from "../static/respond.ts";
import { sendWhole } from "../static/send_file.ts";
import { listing } from "./listing.ts";
import { type MediaType, mediaTypeOf, type TypeTable } from "./media_types.ts";
import { HostSettings, type MergedSettings } from "./settings.ts";
import { Tree } from "./tree.ts";
import { wholeName } from "./whole_name.ts";
import type { AboutSite } from "../../logs/rules.ts";
import { aboutSite } from "../log/about_site.ts";

/** What people are told. */
export interface DocumentEvent {
  /** A file that would have a say, and has none: nothing is served below it. */
  readonly type: "override";
  readonly file: string;
}

/** What is allowed, as httpd says it. */
const METHODS = "GET,POST,OPTIONS,HEAD";
/** Files whose names begin so are never served: they are for the server, or for those who make it. */
const KEPT_BACK = /^\.ht/;

/** Milliseconds for which files are kept. */
const VALIDITY = 1_000;

/** Names of a directory that are listed; a longer page nobody reads. */
const MOST_LISTED = 10_000;

/** Serves them. */
export class DocumentsHandler implements RequestHandler {
  readonly selfContained = true;
  readonly #tree = new Tree();
  readonly #hosts: readonly HostSettings[];
  readonly #told = new Set<string>();
  readonly #pages: ErrorPageSender;

  /** @param types what names say of files; undefined for what is built in */
  constructor(
    readonly documents: Documents,
    readonly types: TypeTable | undefined,
    readonly report: (event: DocumentEvent, about: AboutSite) => void,
  ) {
    this.#hosts = documents.hosts.map((host) => new HostSettings(host));
    const typeOf = (name: string) => {
      const last = name.slice(name.lastIndexOf("/") + 1);
      return mediaTypeOf(last, this.#hosts[0]!.of(name), types).type;
    };
    this.#pages = new ErrorPageSender(typeOf);
  }

  /** Files are kept from here on. */
  begin({ loop }: Home): void {
    this.#tree.keep(new KeptFiles(loop, VALIDITY, FileWatches.open(loop.poller)));
  }

  /** Keeps none any longer. */
  forget(): void {
    this.#tree.forget();
  }

  close(): void {
    this.#tree.close();
    this.#pages.close();
  }

  handle(exchange: Exchange): Steps<void> {
    const whole = wholeName(exchange.mappedPath);
    const host = whole === undefined ? undefined : this.#hosts[whole.host];
    if (host === undefined) return this.#refuse(exchange, 404, "There is no such file");
    const { name } = whole!;
    const settings = host.of(name);
    const now = exchange.connection.home.loop.clock();
    const file = this.#tree.open(name, settings, now);
    if (host.mayBeOverridden) {
      const within = file === "directory" ? `${name}/` : name;
      const override = this.#tree.overriding(within, (directory) => host.of(directory).overrides);
      if (override !== undefined) {
        if (file instanceof OpenFile) file.close();
        return this.#overridden(exchange, override);
      }
    }
    if (file === "directory") return this.#directory(exchange, host, name, settings, now);
    // A path goes on behind the name of a file: there is nothing below one.
    if (file instanceof OpenFile && exchange.mappedPath.endsWith("/")) {
      file.close();
      return this.#refuse(exchange, 404, "There is no such file");
    }
    return this.#answer(exchange, file, name, settings);
  }

  #answer(
    exchange: Exchange,
    file: OpenFile | Exclude<Failure, "directory">,
    name: string,
    settings: MergedSettings,
  ): Steps<void> {
    switch (file) {
      case "missing":
        return this.#refuse(exchange, 404, "There is no such file");
      case "forbidden":
        return this.#refuse(exchange, 403, "This file may not be read");
      case "exhausted":
        return this.#refuse(exchange, 503, "Too many files are open", [["Retry-After", "1"]]);
    }
    return lend(file, () => this.#answerWith(exchange, file, name, settings));
  }

  #answerWith(
    exchange: Exchange,
    file: OpenFile,
    name: string,
    settings: MergedSettings,
  ): Steps<void> {
    // What was described by the same settings before is no file that is kept back.
    const known = file.descriptionAs(settings);
    if (known === undefined) {
      const last = name.slice(name.lastIndexOf("/") + 1);
      if (KEPT_BACK.test(last)) return this.#refuse(exchange, 403, "This file may not be read");
      const media = mediaTypeOf(last, settings, this.types);
      if (isHandedOn(last, media.type, settings)) {
        return this.#refuse(exchange, 403, "This file is for a program that is not run here");
      }
      return this.#serve(exchange, file, describe(file, media, settings));
    }
    return this.#serve(exchange, file, known);
  }

  /** Answers with the page of an error, or in a sentence of our own, which only rules change that are about errors too. */
  #refuse(
    exchange: Exchange,
    status: number,
    text: string,
    fields: readonly Field[] = [],
  ): Steps<void> {
    const host = Number(/^\/(\d+)/.exec(exchange.mappedPath)?.[1]);
    const pages = this.documents.hosts[host]?.errors;
    const sent = pages === undefined || status < 400
      ? false
      : this.#pages.send(exchange, status, pages, fields);
    if (sent !== false) return sent;
    exchange.local = true;
    const { insteadOf } = exchange;
    if (insteadOf !== undefined) return say(exchange, insteadOf, "The page that says so cannot be shown");
    return say(exchange, status, text, fields);
  }

  #serve(exchange: Exchange, file: OpenFile, description: Description): Steps<void> {
    const { method, insteadOf } = exchange;
    if (insteadOf !== undefined) return sendWhole(exchange, insteadOf, typeField(description.type), file);
    if (method === "OPTIONS") return exchange.respond(200, [["Allow", METHODS]], "");
    if (method !== "GET" && method !== "HEAD" && method !== "POST") {
      return this.#refuse(exchange, 405, "Only GET, HEAD and POST are served here", [["Allow", METHODS]]);
    }
    return respond(exchange, requestFields(exchange), file, description);
  }

  #directory(
    exchange: Exchange,
    host: HostSettings,
    name: string,
    settings: MergedSettings,
    now: number,
  ): Steps<void> {
    if (!endsWithSlash(exchange)) {
      if (!settings.slash) return this.#refuse(exchange, 403, "This directory is not listed");
      return this.#refuse(exchange, 301, "This is a directory", [["Location", withSlash(exchange)]]);
    }
    let failure: "forbidden" | "exhausted" | undefined;
    for (const index of settings.index) {
      // A path of the site.
      if (index.startsWith("/")) continue;
      const indexName = `${name === "/" ? "" : name}/${index}`;
      const own = host.of(indexName);
      const file = this.#tree.open(indexName, own, now);
      if (file === "missing" || file === "directory") continue;
      if (file instanceof OpenFile && !own.asks) return this.#answer(exchange, file, indexName, own);
      // Who may see it is said of its name, which nobody has asked for.
      if (file instanceof OpenFile) file.close();
      failure ??= file === "exhausted" ? file : "forbidden";
    }
    if (failure === undefined && settings.lists) return this.#list(exchange, host, name, settings, now);
    return this.#answer(exchange, failure ?? "forbidden", name, settings);
  }

  #list(
    exchange: Exchange,
    host: HostSettings,
    name: string,
    settings: MergedSettings,
    now: number,
  ): Steps<void> {
    if (exchange.method !== "GET" && exchange.method !== "HEAD") {
      return this.#refuse(exchange, 405, "A directory can only be looked at", [["Allow", "GET,HEAD"]]);
    }
    const entries = this.#tree.entries(name, settings, now, MOST_LISTED);
    if (typeof entries === "string") return this.#answer(exchange, entries, name, settings);
    // Of names whose files not everybody may see nobody hears here.
    const isShown = (own: string) => !host.of(`${name === "/" ? "" : name}/${own}`).asks;
    const page = listing(decodeBytes(normalizePath(exchange.path) ?? "/"), entries, isShown);
    return exchange.respond(exchange.insteadOf ?? 200, [["Content-Type", "text/html; charset=utf-8"]], page);
  }

  /** Whoever counts on what stands there must not find out that nobody reads it. */
  #overridden(exchange: Exchange, file: string): Steps<void> {
    if (!this.#told.has(file)) {
      this.#told.add(file);
      this.report({ type: "override", file }, aboutSite(exchange.connection));
    }
    return this.#refuse(exchange, 500, "What may be served here is said in a file that is not read");
  }
}

function describe(
  file: OpenFile,
  { type, encoding, language }: MediaType,
  settings: MergedSettings,
): Description {
  const now = Date.now();
  const tag = entityTag(file, settings.tag, now);
  const modified = file.lastModified(now);
  const about: Field[] = [
    ...tag === undefined ? [] : [["ETag", tag] as const],
    ...modified === undefined ? [] : [["Last-Modified", modified] as const],
    ...encoding === undefined ? [] : [["Content-Encoding", encoding] as const],
    ...language === undefined ? [] : [["Content-Language", language] as const],
  ];
  const version = { tag: tag ?? "", modified: file.modified };
  return file.describe(settings, now, { version, type, about });
}

/** The same as httpd's: what it is made of in hexadecimal, weak for what may change again within its second. */
function entityTag(file: OpenFile, parts: readonly TagPart[], now: number): string | undefined {
  const microseconds = BigInt(Math.floor(file.modified / 1_000)) * 1_000_000n +
    BigInt(Math.floor(file.nanosecond / 1_000));
  const values = { inode: file.inode, size: BigInt(file.size), mtime: microseconds };
  const order = (["inode", "size", "mtime"] as const).filter((part) => parts.includes(part));
  if (order.length === 0) return undefined;
  const weak = now - file.modified < 1_000 ? "W/" : "";
  return `${weak}"${order.map((part) => values[part].toString(16)).join("-")}"`;
}

/** Whether the path ends with a slash: the client's own, as what it is mapped to may lack it; or what rules have made of it. */
function endsWithSlash({ path, mappedPath, connection }: Exchange): boolean {
  if (connection.transfer.target !== undefined) return mappedPath.endsWith("/");
  return path.endsWith("/") || (normalizePath(path) ?? "/").endsWith("/");
}

/** The client's own path with a slash at its end. Normalised, so that `//host/dir` does not lead to another host. */
function withSlash({ path, query }: Exchange): string {
  return ownReference(`${normalizePath(path) ?? ""}/${query === "" ? "" : `?${query}`}`);
}

/** Percent-encoding undone, byte by byte. */
function decodeBytes(path: string): string {
  return path.replace(
    /%([0-9a-f]{2})/gi,
    (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)),
  );
}
