/** A route as the data plane needs it: everything about it that can be worked out once. */

import { addressOf } from "../../ffi/mod.ts";
import type { KeepAlive, Route } from "../config/config.ts";
import {
  KEEP_ALIVE_CLOSE,
  KEEP_ALIVE_HOLD,
  KEEP_ALIVE_RETURN,
  SCOPE_CONNECTION,
  SCOPE_EXCEPT,
  SCOPE_HOST,
  SCOPE_MAPPED,
  SCOPE_REQUEST,
} from "../protocol/messages.ts";
import { encodeExceptions, encodeRouteFields } from "../protocol/transfer.ts";
import { ascii } from "../http/byte_classes.ts";
import { restAt } from "../route/resolve_url.ts";
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
  /** Bytes of a normalised path that stay out of the mapped one, whose slash between two parts is one. */
  readonly cut: number;
  /** What mapped paths begin with, before what is left of the path. */
  readonly base: Uint8Array;

  /** @param group undefined where nobody serves the route */
  constructor(entry: RouteEntry, readonly group: BackendGroup | undefined) {
    const { scope: { reach, except }, prefix, mapTo } = entry;
    const exceptions = encodeExceptions(except, mapTo);
    this.scope = exceptions === undefined || reach === "request"
      ? SCOPE_REQUEST
      : mapTo !== undefined
      ? SCOPE_MAPPED
      : reach === "connection"
      ? SCOPE_CONNECTION
      : exceptions.length === 0
      ? SCOPE_HOST
      : SCOPE_EXCEPT;
    this.fields = encodeRouteFields(entry.site.names[0] ?? "", nameOf(entry.route), exceptions, mapTo);
    this.fieldsAddress = addressOf(this.fields);
    // Who may serve whatever comes next may wait for it, too; others would mostly wait for somebody else's requests.
    this.keepAlive = KEEP_ALIVE[entry.route.keepAlive ?? (reach === "connection" ? "hold" : "return")];
    this.cut = restAt(prefix, mapTo);
    this.base = ascii(mapTo ?? "");
  }
}

/** What backends are told: a prefix, or, for people, a part of the expression. */
function nameOf({ path, match }: Route): string {
  return match === undefined ? path : `~ ${path.toWellFormed().slice(0, 300)}`;
}
