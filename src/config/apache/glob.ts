/** Patterns of file names, as Include has them. */

/** Whether a part of a path is a pattern. */
export function isPattern(segment: string): boolean {
  return /[*?[]/.test(segment);
}

/**
 * The expression for one part of a path: `*` and `?` stand for anything but a dot in front, `[…]` for one of several.
 *
 * @param segment without slashes
 */
export function segmentExpression(segment: string): RegExp {
  let source = "";
  for (let index = 0; index < segment.length; index++) {
    const character = segment[index]!;
    const end = character === "[" ? segment.indexOf("]", index + 2) : -1;
    if (end > 0) {
      const set = segment.slice(index + 1, end).replace(/[\\\]^[]/g, "\\$&").replace(/^(?:!|\\\^)/, "^");
      source += `[${set}]`;
      index = end;
    } else if (character === "*" || character === "?") {
      source += (index === 0 ? "(?!\\.)" : "") + (character === "*" ? ".*" : ".");
    } else source += character.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  }
  try {
    return new RegExp(`^${source}$`, "s");
  } catch {
    // A set such as [b-a] stands for nothing.
    return /(?!)/;
  }
}
