/**
 * The service manager's store of descriptors (sd_pid_notify_with_fds(3), `FileDescriptorStoreMax=` of systemd.service(5)):
 * what is put there comes to the process that the manager starts next, among the sockets that it is started with.
 *
 * Nobody answers: a manager without such a store, or with a full one, closes what it gets. So nothing may depend on it.
 */

import { close, type Descriptor, EPOLLIN, pipe, SCM_MAX_FD } from "../../../ffi/mod.ts";
import type { Loop } from "../../loop/loop.ts";
import { isManaged, notifyWith, variableOf } from "../processes/notify.ts";

/** Milliseconds that the manager has to have read what it was sent. */
const PATIENCE = 5_000;

/** What everything is called that is stored here begins with. */
export const PREFIX = "fdpass-";

/** Whether something was given to this process because fdpass had stored it. @param name what it is called */
export function isStored(name: string): boolean {
  return name.startsWith(PREFIX);
}

/** Whether the manager may have one. It says so from systemd 254 on; an earlier one may have one all the same. */
export function mayStore(): boolean {
  return isManaged() && variableOf("FDSTORE") !== "0";
}

/** How something is stored. */
export interface StoreOptions {
  /** What it is called (FDNAME): up to 255 printable characters of ASCII, without colon. */
  readonly name: string;
  /** Whether the manager lets go of what has had an error, or has no other end any more. */
  readonly watched: boolean;
}

/**
 * Puts descriptors into the store. What is there already under the name stays; the manager keeps one of each.
 *
 * @param fds lent
 */
export async function store(fds: readonly Descriptor[], { name, watched }: StoreOptions): Promise<void> {
  const state = `FDSTORE=1\nFDNAME=${name}${watched ? "" : "\nFDPOLL=0"}`;
  for (let at = 0; at < fds.length; at += SCM_MAX_FD) {
    await notifyWith(state, fds.slice(at, at + SCM_MAX_FD));
  }
}

/** Has the manager let go of everything that it has under a name. */
export async function unstore(name: string): Promise<void> {
  await notifyWith(`FDSTOREREMOVE=1\nFDNAME=${name}`, []);
}

/**
 * Waits until the manager has done everything that it was asked for before (sd_notify_barrier(3)), or a few seconds.
 *
 * @param loop is run by the caller
 */
export async function untilStored(loop: Loop): Promise<void> {
  const [end, other] = pipe();
  const { promise, resolve } = Promise.withResolvers<void>();
  const late = setTimeout(resolve, PATIENCE);
  // Its other end closes with the manager's copy.
  loop.poller.add(end, EPOLLIN, { ready: () => resolve() });
  loop.wake();
  const sent = await notifyWith("BARRIER=1", [other]);
  close(other);
  if (sent) await promise;
  clearTimeout(late);
  loop.poller.remove(end);
  close(end);
}
