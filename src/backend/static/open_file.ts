/** Regular files that are open, or have been read, and what they were when they were looked at. */

import { close, type Descriptor, ErrnoError, type FileStatus, readFileAt } from "../../../ffi/mod.ts";
import { httpDate } from "../../http/response_head.ts";
import { Description } from "./description.ts";

/**
 * Bytes up to which a file is read and leaves together with its head: one call less than sendfile(2) takes, and no change
 * of the socket's mode.
 */
export const SMALL = 16_384;

/** Milliseconds in which a file may change again without another date (RFC 9110, 8.8.2.2). */
const MOMENT = 1_000;

/** Where the bytes of a file are: behind an open descriptor, or in memory, where nobody changes them. */
export type Source = Descriptor | Uint8Array<ArrayBuffer>;

/** One version of a file. It belongs to those who share it: each closes it once, and it is closed with the last. */
export class OpenFile {
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modified: number;
  /** What is left of the second that it was modified in, in nanoseconds. */
  readonly nanosecond: number;
  readonly inode: bigint;
  /** What the names of its compressed forms end in that were not there; undefined for none. */
  lacks: Set<string> | undefined;
  /** What responses say of it, and how they describe it so; undefined where nobody has described it. */
  #description: Description | undefined;
  #describedAs: object | undefined;
  readonly #changed: bigint;
  readonly #names: number;
  #users = 1;
  #tag: string | undefined;
  #date: string | undefined;

  /**
   * @param source a descriptor is this object's from now on
   * @param name relative to the directory, a character for each byte
   * @param status has just been read of it
   */
  constructor(readonly source: Source, readonly name: string, status: FileStatus) {
    this.size = status.size;
    this.modified = status.modified;
    this.nanosecond = status.nanosecond;
    this.inode = status.inode;
    this.#changed = status.changed;
    this.#names = status.names;
  }

  /** A strong entity tag: another one for each version (RFC 9110, 8.8.3). */
  get tag(): string {
    return this.#tag ??= this.#makeTag();
  }

  #makeTag(): string {
    const { inode, modified, nanosecond, size } = this;
    // The inode tells a file from the one that was renamed over it, with the same size and date.
    const second = Math.floor(modified / 1000).toString(36);
    return `"${inode.toString(36)}-${second}.${nanosecond.toString(36)}-${size.toString(36)}"`;
  }

  /**
   * Its date, in words; undefined for one that has none in HTTP. No response is older than its file (RFC 9110, 8.8.2.1): a
   * date that is still to come is that of the response, with which the client asks again in vain.
   */
  lastModified(now: number): string | undefined {
    return this.modified > now ? inWords(now) : this.#date ??= inWords(this.modified);
  }

  /** What responses say of it; undefined where nobody has said so. @param as in which way, of those who describe files */
  descriptionAs(as: object | undefined): Description | undefined {
    return as !== undefined && this.#describedAs === as ? this.#description : undefined;
  }

  /**
   * Has it described, for as long as it is open or kept; but one that may change again within its second, or is still to
   * come, is described anew each time.
   *
   * @param as the way, which is found again; nothing for one that is not
   * @param now milliseconds since 1970
   */
  describe(
    as: object | undefined,
    now: number,
    { version, type, about }: Pick<Description, "version" | "type" | "about">,
  ): Description {
    const lasts = as !== undefined && now - this.modified >= MOMENT;
    const description = new Description(version, type, about, lasts);
    if (lasts) {
      this.#describedAs = as;
      this.#description = description;
    }
    return description;
  }

  /** Whether it is still this version. @param status has just been read of it */
  is(status: FileStatus): boolean {
    // The count of names beside the time: the clock of some file systems stands for milliseconds.
    return status.size === this.size && status.changed === this.#changed && status.names === this.#names;
  }

  /**
   * Reads some of it.
   *
   * @param most bytes, as many as there is room for
   * @param offset where to begin, in bytes
   * @returns how many bytes they are; 0 at its end
   * @throws {ErrnoError} when it cannot be read
   */
  read(bytes: Uint8Array<ArrayBuffer>, most: number, offset: number): number {
    const { source } = this;
    if (typeof source !== "number") {
      const piece = source.subarray(offset, offset + most);
      bytes.set(piece);
      return piece.length;
    }
    const length = most === 0 ? 0 : readFileAt(source, bytes, most, offset);
    if (length < 0) throw new ErrnoError(`Cannot read the file "${this.name}"`, -length);
    return length;
  }

  /** The same for one more who closes it. */
  share(): OpenFile {
    this.#users++;
    return this;
  }

  close(): void {
    if (--this.#users === 0 && typeof this.source === "number") close(this.source);
  }
}

function inWords(time: number): string | undefined {
  try {
    return httpDate(time);
  } catch {
    return undefined;
  }
}
