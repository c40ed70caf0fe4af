/** Where a front shows how it is: `admin` in JSON, `--admin` on the command line. */

/** An address for figures and the status page, for operators alone. */
export interface Admin {
  /** A TCP address, or the absolute path of a Unix socket. */
  readonly at: { readonly host: string; readonly port: number } | { readonly path: string };
  /**
   * Hosts that requests may name, in lower case, besides IP addresses and `localhost`. A page elsewhere whose name is made
   * to lead here (DNS rebinding) cannot have one of these.
   */
  readonly names: readonly string[];
}
