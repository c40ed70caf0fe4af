/** What ends a channel that goes against the protocol. */

/** What is wrong with a message, for the channel to end with. */
export interface Fault {
  /** BYE_*. */
  readonly bye: number;
  /** For people. */
  readonly reason: string;
}
