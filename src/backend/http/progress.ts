/** How far a response has come. */

/**
 * Nothing of it has been sent; its head, or part of that; some of its content; all of it, as far as is known here. Or the
 * connection has left HTTP: whoever has taken it over ends it, and nothing more is done with it here.
 */
export type Progress = "none" | "head" | "content" | "whole" | "left";

/** Whether it may come from here to there. */
function mayFollow(before: Progress, after: Progress): boolean {
  if (before === "none") return after !== "none";
  const isUnderWay = before === "head" || before === "content";
  return isUnderWay && (after === "content" || after === "whole");
}

/** How far it is from now on. @throws {Error} when it cannot come there from where it is */
export function advance(before: Progress, after: Progress): Progress {
  if (mayFollow(before, after)) return after;
  throw new Error(`Cannot bring a response from "${before}" to "${after}"`);
}
