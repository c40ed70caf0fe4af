/** What can go wrong between a relay and its upstream. */

/**
 * What the client is told: there was no valid response (502), or none in time (504), or no way to ask for one now (503);
 * RFC 9110, 15.6.3 to 15.6.5.
 */
export type UpstreamStatus = 502 | 503 | 504;

/** The upstream gave no response, or not all of one. */
export class UpstreamError extends Error {
  override name: string = "UpstreamError";
  /** Whether there was not even a connection. */
  get unreached(): boolean {
    return false;
  }

  /**
   * @param why the rest of a sentence that begins with "because"
   * @param status for the client, as long as nothing was said to it
   * @param unanswered whether the connection ended before any byte of a response, as a kept one may at any time
   */
  constructor(readonly why: string, readonly status: UpstreamStatus = 502, readonly unanswered = false) {
    super(`Cannot relay: ${why}`);
  }
}

/** The upstream has answered with an error that something else takes the place of. */
export class ReplacedError extends Error {
  override name = "ReplacedError";

  /** @param fields those that belong to the error */
  constructor(readonly status: number, readonly fields: readonly (readonly [string, string])[]) {
    super(`Replaced an answer ${status}`);
  }
}

/** The upstream cannot be connected to. */
export class UnreachedError extends UpstreamError {
  override name: string = "UnreachedError";

  override get unreached(): boolean {
    return true;
  }
}

/** It is there, and is not spoken to: there was no TLS that is to be trusted. */
export class UnsecuredError extends UnreachedError {
  override name = "UnsecuredError";
}

/** None of several upstreams can be used, or those that were asked cannot be reached. */
export class NobodyError extends UpstreamError {
  override name = "NobodyError";

  constructor() {
    super("none of its servers can be used", 503);
  }

  override get unreached(): boolean {
    return true;
  }
}
