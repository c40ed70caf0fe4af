/**
 * What the kernel says about processes and sockets (proc(5)). A system may keep any of it to itself, so every answer
 * may be missing.
 */

/** An end of a TCP connection over IPv4. */
export interface Address {
  readonly hostname: string;
  readonly port: number;
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    // Processes end while one looks at them, and not every system lets one look.
    return undefined;
  }
}

function numbersIn(directory: string): number[] {
  return [...Deno.readDirSync(directory)].map(({ name }) => Number(name)).filter(Number.isInteger);
}

/** `0100007F:1F90`, as /proc/net/tcp spells 127.0.0.1:8080 on a little-endian machine. */
function spelled({ hostname, port }: Address): string {
  const hex = (number: number, digits: number) => number.toString(16).toUpperCase().padStart(digits, "0");
  const octets = hostname.split(".").map((part) => hex(Number(part), 2));
  return `${octets.reverse().join("")}:${hex(port, 4)}`;
}

/** The kernel's number for the socket of a connection: its inode, the same in every process that holds it. */
export function socketNumber(local: Address, client: Address): number | undefined {
  return attempt(() => {
    const ends = ` ${spelled(local)} ${spelled(client)} `;
    const line = Deno.readTextFileSync("/proc/net/tcp").split("\n").find((line) => line.includes(ends));
    const inode = Number(line?.trim().split(/\s+/)[9]);
    return inode > 0 ? inode : undefined;
  });
}

/**
 * The descriptor by which a process holds a socket.
 *
 * @returns null when it does not hold it, undefined when that cannot be seen
 */
export function descriptorOf(process: number, socket: number): number | null | undefined {
  const directory = `/proc/${process}/fd`;
  const link = `socket:[${socket}]`;
  return attempt(() =>
    numbersIn(directory).find((fd) => attempt(() => Deno.readLinkSync(`${directory}/${fd}`)) === link) ?? null
  );
}

/** Whether a process exists. */
export function runs(process: number): boolean {
  return attempt(() => Deno.statSync(`/proc/${process}`)) !== undefined;
}

/** Fields of /proc/PID/stat after the name, which stands in parentheses and may have anything in it. */
function statOf(process: number): string[] {
  const stat = Deno.readTextFileSync(`/proc/${process}/stat`);
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

/** Places among those fields. */
const STAT_PPID = 1;
const STAT_UTIME = 11;
const STAT_STIME = 12;
/** Milliseconds of the unit that times are in: USER_HZ is 100. */
const TICK = 10;

/** Milliseconds that a process has had a processor so far, threads that have ended included. */
export function processorTime(process: number): number | undefined {
  return attempt(() => {
    const fields = statOf(process);
    return (Number(fields[STAT_UTIME]) + Number(fields[STAT_STIME])) * TICK;
  });
}

/** The process that runs a backend of this name, started by the same parent as this one. */
export function siblingOf(parent: number, backend: string): number | undefined {
  return attempt(() =>
    numbersIn("/proc").find((process) =>
      attempt(() =>
        Number(statOf(process)[STAT_PPID]) === parent &&
        Deno.readTextFileSync(`/proc/${process}/cmdline`).includes(`\0--name\0${backend}\0`)
      )
    )
  );
}
