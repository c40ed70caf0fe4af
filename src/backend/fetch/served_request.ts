/** The `Request` that handlers get. */

/**
 * A request whose `signal` is made when somebody asks for it: most handlers do not, and making one for each request
 * takes longer than everything else about it.
 */
export class ServedRequest extends Request {
  #controller: AbortController | undefined;
  #reason: { readonly value: unknown } | undefined;

  /** Aborted when the client leaves before it has the whole response. */
  override get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason.value);
    }
    return this.#controller.signal;
  }

  /** Aborts the signal. A static method, so that handlers do not see it on their request. */
  static abort(request: ServedRequest, reason: unknown): void {
    request.#reason ??= { value: reason };
    request.#controller?.abort(reason);
  }
}
