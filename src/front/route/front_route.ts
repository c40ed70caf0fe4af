/** A route as the data plane needs it: everything about it that can be worked out once. */

import { addressOf } from "../../../ffi/mod.ts";
import type { KeepAlive, Route, Site } from "../../config/config.ts";
import {
  KEEP_ALIVE_CLOSE,
  KEEP_ALIVE_HOLD,
  KEEP_ALIVE_RETURN,
  SCOPE_CONNECTION,
  SCOPE_EXCEPT,
  SCOPE_HOST,
  SCOPE_MAPPED,
  SCOPE_REQUEST,
} from "../../protocol/messages.ts";
import { encodeRuleFields } from "../../protocol/rule_fields.ts";
import { encodeExceptions, encodeRouteFields } from "../../protocol/transfer.ts";
import { ascii } from "../../http/byte_classes.ts";
import { restAt } from "../../route/resolve_url.ts";
import { constantOperations, treatsAlike } from "../../rules/alike.ts";
import type { RouteEntry } from "../../route/route_table.ts";
import type { BackendGroup } from "../handoff/backend_group.ts";
import type { RouteTerms } from "../look/look.ts";

const KEEP_ALIVE: Record<KeepAlive, number> = {
  hold: KEEP_ALIVE_HOLD,
  return: KEEP_ALIVE_RETURN,
  close: KEEP_ALIVE_CLOSE,
};

/** Why nobody gets a request whose route is {@linkcode FrontRoute.drained}. */
export const DRAINED = "all backends of the route are drained";

/** A route: the backends that own it, and the terms on which they get connections. */
export class FrontRoute implements RouteTerms {
  readonly fields: Uint8Array<ArrayBuffer>;
  readonly fieldsAddress: bigint;
  /** Its fields without what rules say of all of its requests, for one that is judged apart: that has all of it. */
  readonly ownFields: Uint8Array<ArrayBuffer>;
  readonly scope: number;
  readonly keepAlive: number;
  readonly cut: number;
  readonly base: Uint8Array;
  /** All its backends are taken out for a while. */
  readonly drained: boolean;

  /** @param group undefined where nobody serves the route, or nobody does for a while */
  constructor(entry: RouteEntry, readonly group: BackendGroup | undefined) {
    this.drained = entry.route.drained === true;
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
    const site = entry.site.names[0] ?? "";
    this.ownFields = encodeRouteFields(site, routeName(entry.route), exceptions, mapTo);
    this.fields = withRules(this.ownFields, entry.site, entry.index);
    this.fieldsAddress = addressOf(this.fields);
    // A backend that may serve every next request waits for it itself. Where only some are its own, most of what comes next
    // is for others: it gives the connection back, and the front waits.
    this.keepAlive = KEEP_ALIVE[entry.route.keepAlive ?? (reach === "connection" ? "hold" : "return")];
    this.cut = restAt(prefix, mapTo);
    this.base = ascii(mapTo ?? "");
  }

  /** Whether it leads to somebody, also if that is nobody for a while. */
  get leads(): boolean {
    return this.group !== undefined || this.drained;
  }
}

/** What is to be done to the fields of every message goes along with every hand-off, and holds within its scope. */
function withRules(
  fields: Uint8Array<ArrayBuffer>,
  { rules, routes }: Site,
  index: number,
): Uint8Array<ArrayBuffer> {
  // To a target only what has been decided about leads: its own fields come with each request.
  if (rules === undefined || index >= routes.length || !treatsAlike(rules, index)) return fields;
  const { request, response } = constantOperations(rules, index);
  const encoded = encodeRuleFields({
    ...request.length === 0 ? {} : { requestFields: JSON.stringify(request) },
    ...response.length === 0 ? {} : { responseFields: JSON.stringify(response) },
  });
  if (encoded === undefined) throw new RangeError("Cannot send rules that are so long");
  const all = new Uint8Array(fields.length + encoded.length);
  all.set(fields);
  all.set(encoded, fields.length);
  return all;
}

/** What backends are told: a prefix, or, for people, a part of the expression. */
export function routeName({ path, match }: Route): string {
  return match === undefined ? path : `~ ${path.toWellFormed().slice(0, 300)}`;
}
