/** Responses whose content has been sent: as with `Deno.serve`, that is once. */

/** Gives back what it is given, so that a subclass puts its private members there. */
class Same {
  constructor(response: Response) {
    return response;
  }
}

/** A mark that nobody else sees, and that is made and found faster than in a WeakSet. */
class Sent extends Same {
  readonly #mark = true;

  static is(response: object): boolean {
    return #mark in response && response.#mark;
  }
}

/**
 * Notes that the content of a response is sent, where that is not a stream, which knows it by itself.
 *
 * @throws {TypeError} when it has been before
 */
export function noteSent(response: Response): void {
  if (Sent.is(response)) {
    throw new TypeError("Cannot respond: the body of the response has been sent already");
  }
  new Sent(response);
}
