/** What a request is called, everywhere that somebody speaks of it: worked out when the first one asks. */

import { isRequestId, isTraceparent, newTraceparent } from "../log/identity.ts";

/** The request that has the names. */
interface Named {
  readonly number: number;
  readonly connection: {
    readonly name: string;
    readonly home: { readonly trustsRequestIds?: boolean | undefined };
  };
  field(name: string): string | undefined;
}

/** The names of one request. */
export class RequestNames {
  readonly id: string;
  #traceparent: string | undefined;

  constructor(readonly request: Named) {
    const { connection, number } = request;
    const given = connection.home.trustsRequestIds ? request.field("x-request-id") : undefined;
    this.id = isRequestId(given) ? given : `${connection.name}.${number}`;
  }

  /** The client's `traceparent` (W3C Trace Context), or one that begins a trace. */
  get traceparent(): string {
    if (this.#traceparent !== undefined) return this.#traceparent;
    const given = this.request.field("traceparent");
    return this.#traceparent = isTraceparent(given) ? given : newTraceparent();
  }

  /** The client says of no trace: one begins. */
  beginTrace(): void {
    this.#traceparent ??= newTraceparent();
  }
}
