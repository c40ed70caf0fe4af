/**
 * A thread that checks passwords: what makes them hard to guess makes it slow to check them, a tenth of a second with some.
 * The files are read as they are when somebody asks.
 */

/// <reference lib="deno.worker" />

import type { Question, UserVerdict } from "../../rules/access.ts";
import { readGroups, readUsers } from "../../rules/basic_auth.ts";
import { hashKind, isPassword } from "../../rules/passwords.ts";

type PasswordQuestion = Question & { readonly kind: "password" };

/** A file, and what was last read in it. */
class WatchedFile<T> {
  #stamp = "";
  #content: T | undefined;

  constructor(readonly path: string, readonly parse: (text: string) => T) {}

  /** @throws where it cannot be read */
  get content(): T {
    const { mtime, size, ino } = Deno.statSync(this.path);
    const stamp = `${mtime?.getTime()} ${size} ${ino}`;
    if (stamp !== this.#stamp || this.#content === undefined) {
      // Names and passwords are bytes, in the file and as clients send them.
      this.#content = this.parse(new TextDecoder("latin1").decode(Deno.readFileSync(this.path)));
      this.#stamp = stamp;
    }
    return this.#content;
  }
}

const users = new Map<string, WatchedFile<ReadonlyMap<string, string>>>();
const groups = new Map<string, WatchedFile<string>>();

function fileOf<T>(
  files: Map<string, WatchedFile<T>>,
  path: string,
  parse: (text: string) => T,
): WatchedFile<T> {
  let file = files.get(path);
  if (file === undefined) files.set(path, file = new WatchedFile(path, parse));
  return file;
}

function check({ userFile, groupFile, user, password }: PasswordQuestion): UserVerdict {
  try {
    const known = fileOf(users, userFile, readUsers).content;
    // For a name that is not known another one's hash is tried, so that the time does not tell which names are.
    const hash = known.get(user) ?? [...known.values()].find((other) => hashKind(other) !== undefined) ?? "";
    const isRight = isPassword(password, hash);
    if (!isRight || !known.has(user)) return { holds: false, groups: [] };
    const own = groupFile === undefined
      ? []
      : readGroups(fileOf(groups, groupFile, (text) => text).content, user);
    return { holds: true, groups: own };
  } catch {
    return { holds: false, groups: [], broken: true };
  }
}

self.onmessage = ({ data }: MessageEvent<PasswordQuestion>) => self.postMessage(check(data));
