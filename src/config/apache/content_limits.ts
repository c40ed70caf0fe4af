/** Which LimitRequestBody holds for what a ProxyPass takes. A location below its path makes a route of its own. */

import type { ContentSettings } from "./content.ts";
import type { Faults } from "./faults.ts";
import type { Pass } from "./passes.ts";
import { coversPath, looksEncoded, readDecodedPath } from "./paths.ts";
import type { DraftSection, Server } from "./server.ts";
import type { Directive } from "./tree.ts";

type Size = NonNullable<ContentSettings["contentSize"]>;

/** The limits of one server's locations, the main server's before its own. */
export class ContentLimits {
  readonly #sections: readonly { readonly section: DraftSection; readonly size: Size }[];

  constructor(readonly faults: Faults, levels: readonly Server[]) {
    this.#sections = levels.flatMap(({ sections }) => sections).flatMap((section) => {
      const size = section.settings?.contentSize;
      return size === undefined ? [] : [{ section, size }];
    });
  }

  /** The limit for all that a pass takes, as locations have it: the last of them holds. */
  sizeFor(pass: Pass): Size | undefined {
    return this.#sections.findLast(({ section }) => this.#isAround(section, pass))?.size;
  }

  /**
   * A pass, and before it one for each location below its path that has a limit of its own.
   *
   * @param told directives that have been told of already
   */
  split(pass: Pass, told: Set<Directive>): Pass[] {
    if (pass.target === undefined) return [pass];
    const made = new Map<string, Pass>();
    for (const { section, size } of this.#sections) {
      if (this.#isAround(section, pass)) continue;
      const path = prefixOf(section);
      const isBelow = path !== undefined && !pass.expression && coversPath(pass.path, path);
      // Somebody else's requests.
      if (path !== undefined && !pass.expression && !isBelow) continue;
      const own = isBelow ? narrowed(pass, path) : undefined;
      if (own !== undefined) made.set(own.path, own);
      else if (pass.target.kind !== "socket" && !told.has(size.spot)) {
        told.add(size.spot);
        const { name, line, file } = pass.spot;
        const place = file === size.spot.file ? `line ${line}` : `${file}:${line}`;
        this.faults.warn(
          size.spot,
          `does not hold for what ${name} in ${place} takes; ` +
            `write it outside of <${section.spot.name}>, or write the ProxyPass into that`,
          "changes",
        );
      }
    }
    // The longest first, as each would take what is below it.
    const longestFirst = [...made.values()].sort((a, b) => b.path.length - a.path.length);
    return [...longestFirst, pass];
  }

  #isAround(section: DraftSection, pass: Pass): boolean {
    if (section.settings === pass.settings) return true;
    const path = prefixOf(section);
    return path !== undefined && (pass.expression ? path === "/" : coversPath(path, pass.path));
  }
}

/** The path of a location in the spelling of routes; nothing for an expression or a pattern. */
function prefixOf({ place }: DraftSection): string | undefined {
  if (place.path === undefined) return undefined;
  const reading = readDecodedPath(place.path);
  return "value" in reading ? reading.value : undefined;
}

/** The same for a longer path, which leads to the same place as before. */
function narrowed(pass: Pass, path: string): Pass | undefined {
  const { target } = pass;
  const rest = path.slice(pass.path.length);
  if (target === undefined || target.kind === "socket" || looksEncoded(rest)) return undefined;
  // As everywhere: a URL without a path has one where the prefix ends with a slash.
  const start = target.path === "" && pass.path.endsWith("/") ? "/" : target.path;
  return { ...pass, path, target: { ...target, path: start + rest } };
}
