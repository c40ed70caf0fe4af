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

/** Milliseconds that a process has had a processor so far, all its threads together. */
export function processorTime(process: number): number | undefined {
  const directory = `/proc/${process}/task`;
  return attempt(() => {
    const times = numbersIn(directory).map((thread) =>
      Number(Deno.readTextFileSync(`${directory}/${thread}/schedstat`).split(" ")[0])
    );
    return times.reduce((sum, time) => sum + time, 0) / 1e6;
  });
}

/** The process that runs a backend of this name, started by the same parent as this one. */
export function siblingOf(parent: number, backend: string): number | undefined {
  return attempt(() =>
    numbersIn("/proc").find((process) =>
      attempt(() => {
        const stat = Deno.readTextFileSync(`/proc/${process}/stat`);
        // The name in parentheses may have anything in it; after it come the state and the parent.
        const itsParent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
        return itsParent === parent &&
          Deno.readTextFileSync(`/proc/${process}/cmdline`).includes(`\0--name\0${backend}\0`);
      })
    )
  );
}
