/** Which front is at the other end of a channel: the dealer and its workers have to mean the same one. */

import { type Descriptor, peerCredentials } from "../../../ffi/mod.ts";
import type { Hello } from "../../protocol/hello.ts";

/**
 * What tells a front Worker from all others. A process number does not: in containers many fronts have the same, and so
 * the same name. One that says no instance is known by its name and by the number that the kernel has for it here.
 *
 * @param fd the channel
 */
export function frontIdentity({ instance, name }: Hello, fd: Descriptor): string {
  return instance ?? `${name} of ${peerCredentials(fd).pid}`;
}
