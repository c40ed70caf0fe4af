/** Which file a request is for. */

import { normalizePath } from "../../route/path.ts";
import type { Exchange } from "../http/exchange.ts";
import type { Directory, Failure } from "./directory.ts";
import { acceptedCodings, type Coding, CODINGS } from "./encodings.ts";
import { fileName, hasExtension } from "./file_name.ts";
import { OpenFile } from "./open_file.ts";
import type { RequestFields } from "./request_fields.ts";

const INDEX = "index.html";

/** What a request is for: a file, or a directory that the client has to ask for by another path, or nothing. */
export interface Found {
  readonly file: OpenFile | Exclude<Failure, "directory"> | "redirect";
  /** Whether another Accept might have led elsewhere. */
  readonly byAccept: boolean;
}

/**
 * Finds the file of a request.
 *
 * A directory is its index file. Its path has to end with a slash, or the links in that file would lead elsewhere. What
 * counts is the client's own path: the mapped path of a route's prefix is `/`, with that slash and without it.
 *
 * @param single whether the directory holds an application of one page, which sorts out its paths itself: it gets those
 * that look like no file, or are asked for by a browser that goes there, which accepts `text/html`
 */
export function find(
  directory: Directory,
  exchange: Exchange,
  fields: RequestFields,
  single: boolean,
): Found {
  const name = fileName(exchange.mappedPath);
  if (name === undefined) return { file: "missing", byAccept: false };
  const file = findNamed(directory, name, exchange.path, single);
  if (file !== "missing" || !single) return { file, byAccept: false };
  const byAccept = hasExtension(name);
  if (byAccept && !/\btext\/html\b/i.test(fields.accept ?? "")) return { file, byAccept };
  return { file: noDirectory(directory.open(INDEX)), byAccept };
}

function findNamed(directory: Directory, name: string, path: string, single: boolean): Found["file"] {
  const plain = path.endsWith("/") || (normalizePath(path) ?? "/").endsWith("/");
  if (name === "" || name.endsWith("/")) {
    return plain ? noDirectory(directory.open(name + INDEX)) : "redirect";
  }
  const file = directory.open(name);
  if (file !== "directory") return file;
  if (plain || single) {
    const index = noDirectory(directory.open(`${name}/${INDEX}`));
    // To such an application, a directory without an index is a path like any other.
    if (plain || index === "missing") return index;
    if (index instanceof OpenFile) index.close();
  }
  return "redirect";
}

function noDirectory(file: OpenFile | Failure): OpenFile | Exclude<Failure, "directory"> {
  return file === "directory" ? "missing" : file;
}

/** A file in the form in which it is sent. */
export interface Encoded {
  readonly file: OpenFile;
  /** Undefined for the file as it is. */
  readonly coding: Coding | undefined;
  /** Whether it is there in several forms. */
  readonly several: boolean;
}

/**
 * Looks for a file beside another one that has its content compressed, as the client prefers it.
 *
 * @param file taken over: closed if another one takes its place
 */
export function preferEncoded(directory: Directory, file: OpenFile, acceptEncoding?: string): Encoded {
  const accepted = acceptedCodings(acceptEncoding);
  for (const coding of accepted) {
    const form = openForm(directory, file, coding);
    if (form === undefined) continue;
    file.close();
    return { file: form, coding, several: true };
  }
  // What the client does not accept makes a difference for caches: they must not give this one to others.
  const several = CODINGS.some((coding) => {
    if (accepted.includes(coding)) return false;
    const form = openForm(directory, file, coding);
    form?.close();
    return form !== undefined;
  });
  return { file, coding: undefined, several };
}

/** Opens a file's form; undefined where there is none, or it cannot be read. */
function openForm(directory: Directory, file: OpenFile, { suffix }: Coding): OpenFile | undefined {
  if (file.lacks?.has(suffix)) return undefined;
  const form = directory.open(file.name + suffix);
  if (form instanceof OpenFile) return form;
  // As long as the file is kept, it is not looked for again.
  if (form === "missing") (file.lacks ??= new Set()).add(suffix);
  return undefined;
}
