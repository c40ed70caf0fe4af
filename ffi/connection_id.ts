/**
 * What tells a connection from every other one of this machine: socket(7) SO_COOKIE, random(4) boot_id.
 *
 * @module
 */
import { adopt, close, type Descriptor } from "./descriptor.ts";
import { ErrnoError } from "./errno.ts";
import { openForReading, readFile } from "./file.ts";
import { socketCookieDigits } from "./socket_kind.ts";

/** What tells this boot of the machine from others: four hexadecimal digits of its random number, or `0000`. */
function readBootId(): string {
  const opened = openForReading("/proc/sys/kernel/random/boot_id");
  if (opened < 0) return "0000";
  const bytes = new Uint8Array(4);
  const length = readFile(adopt(opened), bytes, 4n);
  close(adopt(opened));
  return length === 4 ? new TextDecoder().decode(bytes) : "0000";
}

let boot: string | undefined;

/**
 * The name of a connection: four digits of the boot and the kernel's number for the socket, which is the same in every
 * process that has it and never given again until the next boot. `ss -tne` shows the number behind `sk:`.
 *
 * @returns hexadecimal digits around a hyphen; empty where the kernel does not say
 */
export function connectionName(fd: Descriptor): string {
  try {
    return `${boot ??= readBootId()}-${socketCookieDigits(fd)}`;
  } catch (error) {
    if (error instanceof ErrnoError) return "";
    throw error;
  }
}
