/** A route as the data plane needs it: everything about it that can be worked out once. */

import { addressOf } from "../../ffi/mod.ts";
import { SCOPE_CONNECTION, SCOPE_HOST, SCOPE_REQUEST } from "../protocol/messages.ts";
import { encodeRouteFields } from "../protocol/transfer.ts";
import type { RouteEntry } from "../route/route_table.ts";
import type { Scope } from "../route/scope.ts";
import type { BackendGroup } from "./backend_group.ts";

const SCOPES: Record<Scope, number> = {
  request: SCOPE_REQUEST,
  host: SCOPE_HOST,
  connection: SCOPE_CONNECTION,
};

/** A route, ready for hand-offs. */
export class FrontRoute {
  /** The fields of its HANDOFFs that never change, and where they are. */
  readonly fields: Uint8Array<ArrayBuffer>;
  readonly fieldsAddress: bigint;
  /** SCOPE_*. */
  readonly scope: number;
  /** Bytes of a normalised path that the prefix takes; its final slash stays, as the rest's first. */
  readonly cut: number;

  constructor(entry: RouteEntry, readonly group: BackendGroup) {
    this.fields = encodeRouteFields(entry.site.names[0] ?? "", entry.route.path);
    this.fieldsAddress = addressOf(this.fields);
    this.scope = SCOPES[entry.scope];
    this.cut = entry.prefix.length - (entry.prefix.endsWith("/") ? 1 : 0);
  }
}
