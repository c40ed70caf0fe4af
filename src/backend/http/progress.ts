/** How far a response has come. */

/**
 * Nothing of it has been sent; its head, or part of that; some of its content; all of it, as far as is known here. Or the
 * connection has left HTTP: whoever has taken it over ends it, and nothing more is done with it here.
 */
export type Progress = "none" | "head" | "content" | "whole" | "left";

const NEXT: { readonly [Before in Progress]: readonly Progress[] } = {
  none: ["whole", "head", "content", "left"],
  head: ["content", "whole"],
  content: ["content", "whole"],
  whole: [],
  left: [],
};

/** How far it is from now on. @throws {Error} when it cannot come there from where it is */
export function advance(before: Progress, after: Progress): Progress {
  if (NEXT[before].includes(after)) return after;
  throw new Error(`Cannot bring a response from "${before}" to "${after}"`);
}
