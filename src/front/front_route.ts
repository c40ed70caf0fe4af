/** A route as the data plane needs it: everything about it that can be worked out once. */

import { addressOf } from "../../ffi/mod.ts";
import type { KeepAlive } from "../config/config.ts";
import {
  KEEP_ALIVE_CLOSE,
  KEEP_ALIVE_HOLD,
  KEEP_ALIVE_RETURN,
  SCOPE_CONNECTION,
  SCOPE_EXCEPT,
  SCOPE_HOST,
  SCOPE_REQUEST,
} from "../protocol/messages.ts";
import { encodeExceptions, encodeRouteFields } from "../protocol/transfer.ts";
import type { RouteEntry } from "../route/route_table.ts";
import type { BackendGroup } from "./backend_group.ts";

const KEEP_ALIVE: Record<KeepAlive, number> = {
  hold: KEEP_ALIVE_HOLD,
  return: KEEP_ALIVE_RETURN,
  close: KEEP_ALIVE_CLOSE,
};

/** A route, ready for hand-offs. */
export class FrontRoute {
  /** The fields of its HANDOFFs that never change, and where they are. */
  readonly fields: Uint8Array<ArrayBuffer>;
  readonly fieldsAddress: bigint;
  /** SCOPE_*. */
  readonly scope: number;
  /** KEEP_ALIVE_*. */
  readonly keepAlive: number;
  /** Bytes of a normalised path that the prefix takes; its final slash stays, as the rest's first. */
  readonly cut: number;

  constructor(entry: RouteEntry, readonly group: BackendGroup) {
    const { reach, except } = entry.scope;
    const exceptions = encodeExceptions(except);
    this.scope = exceptions === undefined || reach === "request"
      ? SCOPE_REQUEST
      : reach === "connection"
      ? SCOPE_CONNECTION
      : exceptions.length === 0
      ? SCOPE_HOST
      : SCOPE_EXCEPT;
    this.fields = encodeRouteFields(entry.site.names[0] ?? "", entry.route.path, exceptions);
    this.fieldsAddress = addressOf(this.fields);
    // Who may serve whatever comes next may wait for it, too; others would mostly wait for somebody else's requests.
    this.keepAlive = KEEP_ALIVE[entry.route.keepAlive ?? (reach === "connection" ? "hold" : "return")];
    this.cut = entry.prefix.length - (entry.prefix.endsWith("/") ? 1 : 0);
  }
}
