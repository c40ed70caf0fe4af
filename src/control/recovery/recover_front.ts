/** What a front had that has died, taken from the process that holds its descriptors ({@linkcode FrontHolder}). */

import {
  adopt,
  close,
  copyDescriptor,
  type Descriptor,
  descriptorLimit,
  EPERM,
  initialDescriptorLimit,
  localAddress,
  notAClientSocket,
  openProcess,
  raiseDescriptorLimit,
  readMemory,
} from "../../../ffi/mod.ts";
import { Ledger } from "../../front/core/ledger.ts";
import type { MovedConnection } from "../../front/plan.ts";
import { type Holder, Recovery } from "./recovery.ts";
import type { Suspects } from "./suspects.ts";

/** Where it is. */
export interface Held {
  /** The number of the process that holds its descriptors. */
  readonly process: number;
  /** Where each Worker's ledger is in that one's memory, which was the front's: an address, and bytes. */
  readonly ledgers: readonly { readonly address: string; readonly length: number }[];
}

/** What it had. */
export interface RecoveredFront {
  /** Owned by whoever has this. */
  readonly connections: readonly MovedConnection[];
  /** Connections that had to be closed: what is known of them was known to the front alone. */
  readonly lost: number;
}

const STANDARD_INPUT = 0;
const FORBIDDEN =
  "this process may not look into others of its user (ptrace_scope of Yama says so, for instance)";

/** Another process's descriptors. */
class OthersDescriptors implements Holder {
  constructor(readonly process: Descriptor) {}

  take(fd: Descriptor): Descriptor | undefined {
    const copy = copyDescriptor(this.process, fd);
    return copy < 0 ? undefined : adopt(copy);
  }
}

/**
 * Takes it.
 *
 * @param ports that the front has listened at
 * @param suspects what earlier ones had looked at last
 * @returns undefined where that process has gone, as a front that ends in good order has it; text says why nothing can be
 *   taken, for people
 */
export function recoverFront(
  { process, ledgers }: Held,
  ports: ReadonlySet<number>,
  suspects: Suspects,
): RecoveredFront | string | undefined {
  const opened = openProcess(process);
  if (opened < 0) return undefined;
  const holder = new OthersDescriptors(adopt(opened));
  try {
    const read = ledgers.map((place) => readLedger(process, place));
    // Whatever its standard input is: it may be asked for.
    const refused = copyDescriptor(holder.process, STANDARD_INPUT);
    if (refused >= 0) close(adopt(refused));
    if (refused === -EPERM) return FORBIDDEN;
    if (read.some((ledger) => ledger === undefined)) return undefined;
    raiseDescriptorLimit();
    // What is started from now on is to have what it would have had.
    using _limit = { [Symbol.dispose]: () => void descriptorLimit(initialDescriptorLimit()) };
    const all = read as Ledger[];
    const connections: MovedConnection[] = [];
    const last: (MovedConnection | undefined)[] = [];
    let lost = 0;
    // Before the channels are ended: what is in none of the ledgers may not be closed meanwhile.
    const accepted = justAccepted(all, holder, ports);
    for (const ledger of all) {
      const recovered = new Recovery(ledger, holder).connections();
      connections.push(...recovered.connections);
      lost += recovered.lost;
      last.push(recovered.suspect);
    }
    return { connections: [...suspects.without(connections, ...last), ...accepted], lost };
  } finally {
    close(holder.process);
  }
}

function readLedger(process: number, { address, length }: Held["ledgers"][number]): Ledger | undefined {
  const bytes = new Uint8Array(length);
  if (!readMemory(process, BigInt(address), bytes)) return undefined;
  const memory = new SharedArrayBuffer(length);
  new Uint8Array(memory).set(bytes);
  return new Ledger(memory);
}

/** Descriptors that the front may have had besides: of its control plane, of logs, of the kernel's. */
const BEYOND = 256;

/** Connections of which accept(2) had told a Worker, or was about to: they are in no ledger yet. */
function justAccepted(
  ledgers: readonly Ledger[],
  holder: Holder,
  ports: ReadonlySet<number>,
): MovedConnection[] {
  if (!ledgers.some(({ accepting }) => accepting)) return [];
  const known = new Set<number>(ledgers.flatMap(({ left, channels, connections }) => [
    left,
    ...channels,
    ...connections.map(({ fd }) => fd),
  ]));
  const found: MovedConnection[] = [];
  // The kernel gives out the lowest number that is free: no listing is needed, nor a permission for one.
  const last = known.values().reduce((most, fd) => Math.max(most, fd), 0) + BEYOND;
  for (let number = 0; number <= last; number++) {
    const fd = known.has(number) ? undefined : holder.take(number as Descriptor);
    if (fd === undefined) continue;
    const port = notAClientSocket(fd) === undefined ? localAddress(fd)?.port : undefined;
    if (port === undefined || !ports.has(port)) close(fd);
    else found.push(new Recovery(ledgers[0]!, holder).record(fd));
  }
  return found;
}
