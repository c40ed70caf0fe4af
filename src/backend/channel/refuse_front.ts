/** Keeping fronts out. */

import { close, type Descriptor } from "../../../ffi/mod.ts";
import { BYE_NOT_ALLOWED } from "../../protocol/messages.ts";
import { sayBye } from "../../wire/ending.ts";

/** Refuses a front that may not hand over to this backend; the channel is closed. */
export function refuseFront(fd: Descriptor, uid: number): void {
  sayBye(fd, BYE_NOT_ALLOWED, `user ${uid} may not hand over to this backend`);
  close(fd);
}
