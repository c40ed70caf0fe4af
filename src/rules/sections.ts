/** The sections of a site by the routes that they are about: what is about one route costs requests of others nothing. */

import type { Section, SiteRules } from "./model.ts";

/** Sections in their order, ready to be asked for by route. */
export class SectionIndex {
  /** Those that do not say which routes they are about. */
  readonly common: readonly Section[];
  readonly #commonPlaces: readonly number[];
  /** The places of the others, by route. */
  readonly #places = new Map<number, number[]>();
  /** Both together, for routes that have been asked for. */
  readonly #merged = new Map<number, readonly Section[]>();

  constructor(readonly sections: readonly Section[]) {
    const common: number[] = [];
    for (const [at, { place }] of sections.entries()) {
      if (place?.routes === undefined) common.push(at);
      for (const route of new Set(place?.routes)) {
        const places = this.#places.get(route);
        if (places === undefined) this.#places.set(route, [at]);
        else places.push(at);
      }
    }
    this.#commonPlaces = common;
    this.common = this.#at(common);
  }

  /** Those that name a route. */
  naming(route: number | undefined): readonly Section[] {
    return this.#at(this.#placesOf(route));
  }

  /** Those that may be about requests of a route. @param route its index; undefined where none takes a request */
  of(route: number | undefined): readonly Section[] {
    const own = this.#placesOf(route);
    if (route === undefined || own.length === 0) return this.common;
    let merged = this.#merged.get(route);
    if (merged === undefined) {
      merged = this.#at([...this.#commonPlaces, ...own].sort((one, other) => one - other));
      this.#merged.set(route, merged);
    }
    return merged;
  }

  #placesOf(route: number | undefined): readonly number[] {
    return route === undefined ? [] : this.#places.get(route) ?? [];
  }

  #at(places: readonly number[]): readonly Section[] {
    return places.map((place) => this.sections[place]!);
  }
}

const indexes = new WeakMap<readonly Section[], SectionIndex>();

/** The index of a site's sections, which is made once. */
export function sectionsByRoute({ sections }: Pick<SiteRules, "sections">): SectionIndex {
  let index = indexes.get(sections);
  if (index === undefined) indexes.set(sections, index = new SectionIndex(sections));
  return index;
}
