/** Opens what lines are written to. */

import {
  adopt,
  type Descriptor,
  duplicate,
  FileStatus,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  openForAppending,
  sendSome,
  takeBack,
  writeSome,
} from "../../ffi/mod.ts";
import { STANDARD_ERROR, STANDARD_OUTPUT } from "../logs/rules.ts";

/** pipe(7): writes of up to so many bytes are atomic. */
export const PIPE_BUF = 4_096;
/** Bytes gathered for one write to a file, where any number is atomic. With a fourth of it the kernel takes twice as long. */
const FILE_BATCH = 65_536;
/** Permission bits of files that are made: for the owner, and for a group that may read logs. */
const MODE = 0o640;

/** Something open for writing. */
export interface Output {
  /** Owned by whoever has opened it. */
  readonly fd: Descriptor;
  /** Bytes that can be written at once without mixing with those of others. */
  readonly atomic: number;
  /** Writes without waiting: bytes written, or `-errno`. @param length how many bytes of the memory count */
  write(bytes: Uint8Array<ArrayBuffer>, length: number): number;
  /** Takes the last bytes that were written back. @returns whether it could be done: never in a pipe */
  takeBack(count: number): boolean;
}

const STANDARD: Readonly<Record<string, number>> = { [STANDARD_OUTPUT]: 1, [STANDARD_ERROR]: 2 };

/**
 * Stands before the path of a FIFO that a program of ours reads. Whoever runs the program makes it, and takes it away when
 * the program is not wanted any more: there shall be no file in its place.
 */
export const FIFO_OF_PROGRAM = "fifo:";

/** What the FIFO of a program is opened by. @param program as the configuration names it, for people */
export function fifoOfProgram(path: string, program: string): string {
  return `${FIFO_OF_PROGRAM}${path}\n${program}`;
}

/** What people call it that lines are written to. */
export function outputName(path: string): string {
  return path.startsWith(FIFO_OF_PROGRAM) ? path.slice(path.indexOf("\n") + 1) : path;
}

/**
 * Opens a file for appending, and makes it where there is none. A FIFO is opened without waiting, too.
 *
 * @param path absolute, {@linkcode STANDARD_OUTPUT} or {@linkcode STANDARD_ERROR}, or of {@linkcode fifoOfProgram}
 * @returns what is open, or `-errno`: -ENXIO for a FIFO that nobody reads
 */
export function openOutput(path: string): Output | number {
  const standard = STANDARD[path];
  if (standard === undefined) {
    const result = path.startsWith(FIFO_OF_PROGRAM)
      ? openForAppending(path.slice(FIFO_OF_PROGRAM.length).split("\n", 1)[0]!)
      : openForAppending(path, MODE);
    return result < 0 ? result : file(adopt(result));
  }
  // An open file of its own, so that its mode is nobody else's.
  const result = openForAppending(`/proc/self/fd/${standard}`, MODE);
  if (result >= 0) return file(adopt(result));
  // Sockets cannot be opened that way: standard output of a service is one to the journal.
  const copy = duplicate(adopt(standard));
  if (copy < 0) return copy;
  const fd = adopt(copy);
  return {
    fd,
    atomic: PIPE_BUF,
    write: (bytes, length) => sendSome(fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL),
    takeBack: () => false,
  };
}

function file(fd: Descriptor): Output {
  const status = new FileStatus();
  const isFile = status.readDescriptor(fd) === 0 && status.type === "file";
  return {
    fd,
    atomic: isFile ? FILE_BATCH : PIPE_BUF,
    write: (bytes, length) => writeSome(fd, bytes, length),
    takeBack: (count) => isFile && takeBack(fd, count),
  };
}
