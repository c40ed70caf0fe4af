/** Fetches a configuration from a file or from standard input, in whichever syntax it is. */

import { posix } from "node:path";
import type { Config } from "./config.ts";
import { configError, STANDARD_INPUT } from "./error.ts";
import { parseJson } from "./json/parse.ts";
import type { Origin } from "./path.ts";

/** Where {@linkcode loadConfig} reads what is not a file. */
export interface LoadOptions {
  /** Read for the source `-`; the process's own standard input where it is left out. */
  readonly stdin?: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Where backends have their sockets that a configuration names without their path; absolute. */
  readonly runDirectory?: string | undefined;
}

/**
 * Reads a configuration. Relative paths in it are relative to its directory, or to the working directory if
 * it comes from standard input; the working directory is asked for only when it is needed.
 *
 * @param source The path of a file, or `-` for standard input.
 * @param options Where standard input is.
 * @returns The configuration, valid and complete.
 * @throws {ConfigError} If it cannot be read, or with everything that is wrong with it.
 */
export async function loadConfig(source: string, options: LoadOptions = {}): Promise<Config> {
  if (source === "-") {
    const bytes = await new Response(options.stdin ?? Deno.stdin.readable).bytes();
    const text = decode(bytes, STANDARD_INPUT);
    const origin = { name: STANDARD_INPUT, baseDirectory: () => workingDirectory(STANDARD_INPUT) };
    return await parse(text, origin, options);
  }
  const text = decode(await readFile(source), source);
  const directory = posix.dirname(source);
  const baseDirectory = posix.isAbsolute(directory)
    ? directory
    : () => posix.join(workingDirectory(source), directory);
  return await parse(text, { name: source, baseDirectory }, options);
}

async function parse(text: string, origin: Origin, { runDirectory }: LoadOptions): Promise<Config> {
  if (!isApache(text)) {
    if (runDirectory !== undefined) return parseJson(text, origin, { runDirectory: () => runDirectory });
    // To find it takes libc, and the permission for that: few configurations need it, and `check` does without.
    let isNeeded = false;
    const config = parseJson(text, origin, { runDirectory: () => (isNeeded = true, "/") });
    if (!isNeeded) return config;
    const { defaultRunDirectory } = await import("./run_directory.ts");
    return parseJson(text, origin, { runDirectory: () => defaultRunDirectory().path });
  }
  const { loadApache } = await import("./load_apache.ts");
  return loadApache(text, origin, runDirectory);
}

/** By the first character that counts: a directive, a section or a comment of the Apache syntax begins with none of JSON's. */
function isApache(text: string): boolean {
  return /^[\ufeff\s]*[A-Za-z<#]/.test(text) && !/^[\ufeff\s]*(?:true|false|null)\s*$/.test(text);
}

async function readFile(path: string): Promise<Uint8Array> {
  try {
    return await Deno.readFile(path);
  } catch (cause) {
    throw configError(path, explain(cause), { cause });
  }
}

function explain(cause: unknown): string {
  const { NotFound, PermissionDenied, NotCapable, IsADirectory, NotADirectory } = Deno.errors;
  if (cause instanceof NotFound || cause instanceof NotADirectory) {
    return "Cannot find this file; write the path of a configuration, or - to read standard input";
  }
  if (cause instanceof IsADirectory) {
    return "Cannot read a directory; write the path of the configuration in it";
  }
  if (cause instanceof NotCapable) return "Cannot read this file without permission; run with --allow-read";
  if (cause instanceof PermissionDenied) {
    return "Cannot read this file as this user; make it readable, or pipe it in and write - for its path";
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  return `Cannot read this file (${reason}); write the path of a configuration`;
}

function workingDirectory(source: string): string {
  try {
    return Deno.cwd();
  } catch (cause) {
    const message = "Cannot find out the working directory, which relative paths start at; " +
      "write absolute paths, or start in a directory that exists";
    throw configError(source, message, { cause });
  }
}

function decode(bytes: Uint8Array, source: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    const message = "Found bytes that are not UTF-8; save the configuration as UTF-8";
    throw configError(source, message, { ...firstInvalid(bytes), cause });
  }
}

/** No sequence of UTF-8 contains a line feed, so lines can be judged one by one. */
function firstInvalid(bytes: Uint8Array): { line: number; column: number } {
  const strict = new TextDecoder("utf-8", { fatal: true });
  let start = 0;
  for (let line = 1;; line++) {
    const feed = bytes.indexOf(0x0a, start);
    const part = bytes.subarray(start, feed < 0 ? bytes.length : feed);
    try {
      strict.decode(part);
    } catch {
      return { line, column: columnOfInvalid(part) };
    }
    if (feed < 0) return { line, column: 1 };
    start = feed + 1;
  }
}

/** The replacement character may stand in the line by right, so the bytes are compared. */
function columnOfInvalid(line: Uint8Array): number {
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(line);
  const again = new TextEncoder().encode(text);
  let index = 0;
  while (index < line.length && line[index] === again[index]) index++;
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(again.subarray(0, index)).replace(/\ufffd$/, "")
    .length + 1;
}
