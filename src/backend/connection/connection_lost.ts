/** What ends the work for a client. */

/** The client did not read or send in time, or is gone. Nothing more can be said to it. */
export class ConnectionLost extends Error {
  override name = "ConnectionLost";
}
