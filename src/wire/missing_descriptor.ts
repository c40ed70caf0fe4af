/** Why a message came without the descriptor that was sent with it (MSG_CTRUNC). */

import { adopt, close, type Descriptor, duplicate } from "../../ffi/mod.ts";

/**
 * Either this process has no number free for it, which passes, or a security module (SELinux, AppArmor, Smack) does not let
 * this process have it, which its administrator has to change.
 */
export type Missing = "exhausted" | "forbidden";

/** Finds out which, by asking for a number. @param any an open descriptor; lent */
export function whyMissing(any: Descriptor): Missing {
  const number = duplicate(any);
  if (number < 0) return "exhausted";
  close(adopt(number));
  return "forbidden";
}
