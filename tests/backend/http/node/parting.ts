/** Where two parties that read the same bytes part. */

import { isDeepStrictEqual } from "node:util";
import type { SeenRequest } from "../../../http/compliance/case.ts";
import type { Reader } from "../../../http/compliance/reader.ts";
import type { NodeOutcome, NodeRequest } from "./node.ts";

/** The first place at which the two part: a request on one side, and another or none on the other. */
export interface Parting {
  /** All bytes of the connection. */
  readonly text: string;
  /** The request that is seen here; undefined where none is. */
  readonly request: SeenRequest | undefined;
  /** Why none is: what is wrong, or `close`, `incomplete` or `open`. */
  readonly why: string;
  /** That request as far as it has come, if its head is whole. */
  readonly begun: SeenRequest | undefined;
  /** The request before, which both have seen. */
  readonly before: SeenRequest | undefined;
  /** What Node says: `request`, its error's code, or nothing. */
  readonly node: string;
}

function isSame(request: SeenRequest, other: NodeRequest): boolean {
  return request.method === other.method && request.target === other.target &&
    request.content === other.content && isDeepStrictEqual(request.fields.flat(), other.fields);
}

/** Where the two part; undefined where they read the same, or both find it bad. */
export function partingOf(
  text: string,
  { requests, then, why, begun }: Reader,
  node: NodeOutcome,
): Parting | undefined {
  // What Node calls an error behind the last request of a connection is passed over in silence here.
  const error = node.error === "HPE_CLOSED_CONNECTION" ? "" : node.error;
  let at = 0;
  while (at < requests.length && at < node.requests.length && isSame(requests[at]!, node.requests[at]!)) at++;
  const request = requests[at];
  const isIncomplete = then === "head" || then === "content";
  const [here, there] = [request !== undefined, at < node.requests.length];
  if (!here && !there && (why !== "" || isIncomplete) === (error !== "")) return undefined;
  return {
    text,
    request,
    why: here ? "" : why || (isIncomplete ? "incomplete" : String(then)),
    begun: here ? undefined : begun,
    before: requests[at - 1],
    node: there ? "request" : error,
  };
}
