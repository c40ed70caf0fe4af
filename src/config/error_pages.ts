/** What clients see in the place of an error that a backend answers itself, or of one that its server has said. */

/** A text, a file by its whole name, another place, or a path of the site, which the front finds. */
export type ErrorPage =
  | { readonly text: string }
  | { readonly file: string }
  | { readonly url: string }
  | { readonly path: string };

/** By statuses. */
export type ErrorPages = Readonly<Record<string, ErrorPage>>;

/** What a relay says in the place of errors. */
export interface ErrorReplacing {
  /** For an error that it answers itself, and for those of its server that are replaced. */
  readonly errorPages?: ErrorPages;
  /** Which statuses of its server are replaced: these, or all from 400 on. None unless given. */
  readonly errorOverride?: readonly number[] | "all";
}
