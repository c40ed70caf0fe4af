/** The client's part in an upgrade that cannot be. */

/** The request does not ask for what the handler wants to do. A handler that does not catch it has the client told so. */
export class UpgradeError extends TypeError {
  override name = "UpgradeError";

  /**
   * @param why what the request lacks, in plain words
   * @param fields of the response with 400 that it gets
   */
  constructor(readonly why: string, readonly fields: readonly (readonly [string, string])[] = []) {
    super(`Cannot upgrade: ${why}`);
  }
}
