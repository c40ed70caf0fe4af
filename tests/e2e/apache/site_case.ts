/** A site as somebody writes it, and what is asked of it. */

/** A virtual host without its ServerName, and what is asked of it. */
export interface SiteCase {
  /** Its ServerName, too. */
  readonly name: string;
  readonly text: string;
  /** A target, or a method and a target, and fields behind it, each in a line. */
  readonly requests: readonly string[];
}
