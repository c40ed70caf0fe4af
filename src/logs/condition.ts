/** Conditions of logs: which requests get a line, as an expression of httpd says (`CustomLog … expr=…`). */

import { type Condition, holds } from "../rules/expression.ts";
import { readAddress } from "../rules/networks.ts";
import { type Files, RequestState, type RequestView } from "../rules/request.ts";
import { fieldValue } from "./header_fields.ts";
import type { LogRecord } from "./record.ts";

/** Nobody asks the system about files for a line. */
const NO_FILES: Files = { is: () => false };
const NOWHERE = new Uint8Array(16);

/** Whether a condition asks about files, which are not looked at for a line. */
export function asksFiles(condition: Condition): boolean {
  switch (condition.kind) {
    case "not":
      return asksFiles(condition.of);
    case "and":
    case "or":
      return condition.of.some(asksFiles);
    case "test":
      return /^-[fFdeshlLx]$/.test(condition.operator);
    default:
      return false;
  }
}

/** Whether a request that has been answered fits a condition. */
export function fits(condition: Condition, record: LogRecord): boolean {
  const { site, status, responseHead } = record;
  const state = new RequestState(viewOf(record), site === "" ? {} : { serverName: site }, NO_FILES);
  for (const [name, value] of Object.entries(record.variables)) state.variables.set(name, value);
  state.user = record.user;
  const response = { status, field: (name: string) => fieldValue(responseHead, name) };
  return holds(condition, { state, response, groups: [] });
}

/** The request as rules see it. */
function viewOf(record: LogRecord): RequestView {
  const { method, target, path, query, authority, minor, clientPort, localPort, head, begun } = record;
  return {
    method,
    target,
    minor: minor === 0 ? 0 : 1,
    path,
    query: target.includes("?") ? query : undefined,
    host: authority,
    client: readAddress(record.client) ?? NOWHERE,
    clientPort,
    local: readAddress(record.local) ?? NOWHERE,
    localPort,
    https: record.tls().HTTPS === "on",
    tls: (name) => record.tls()[name],
    now: begun,
    field: (name) => fieldValue(head, name),
    fields: () => [],
  };
}
