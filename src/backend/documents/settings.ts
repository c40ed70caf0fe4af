/** What holds for a file: the sections of its host that are about it, merged. */

import {
  type DocumentHost,
  type DocumentSection,
  FILE_DEFAULTS,
  type FileSettings,
} from "../../config/documents.ts";
import { isPlaceOf } from "../../rules/file_place.ts";

/** All of them, merged. */
export type MergedSettings =
  & Required<Omit<FileSettings, "asks" | "handler">>
  & Pick<FileSettings, "handler">
  & {
    readonly asks: boolean;
    /** The longest directory that says which links are followed, with a slash at its end: those above it are. */
    readonly linksBelow: string;
  };

const NONE: MergedSettings = { ...FILE_DEFAULTS, asks: false, linksBelow: "/" };

/** Choices of sections that are remembered, and names of files, and how long such a name may be. */
const MOST_KNOWN = 1_000;
const LONGEST_KNOWN = 200;

/** Merges what is said of one host's files. */
export class HostSettings {
  /** By the sections that are about a file: of all choices of them few occur. */
  readonly #merged = new Map<string, MergedSettings>();
  /** By names that were asked for of late. */
  readonly #byName = new Map<string, MergedSettings>();

  /** Whether `.htaccess` counts anywhere. */
  readonly mayBeOverridden: boolean;

  constructor(readonly host: DocumentHost) {
    const says = host.sections.filter(({ overrides }) => overrides !== undefined);
    this.mayBeOverridden = says.some(({ overrides }) => overrides) || says[0]?.place.directory !== "/";
  }

  /** What holds for a file. @param name absolute, a character for each byte */
  of(name: string): MergedSettings {
    return this.#byName.get(name) ?? this.#remember(name, this.#ofSections(name));
  }

  #remember(name: string, settings: MergedSettings): MergedSettings {
    if (name.length > LONGEST_KNOWN) return settings;
    if (this.#byName.size >= MOST_KNOWN) this.#byName.clear();
    this.#byName.set(name, settings);
    return settings;
  }

  #ofSections(name: string): MergedSettings {
    const { sections } = this.host;
    const own = sections.filter(({ place }) => isPlaceOf(place, name));
    const key = own.map((section) => sections.indexOf(section)).join(" ");
    const known = this.#merged.get(key);
    if (known !== undefined) return known;
    const merged = merge(own);
    if (this.#merged.size < MOST_KNOWN) this.#merged.set(key, merged);
    return merged;
  }
}

function merge(sections: readonly DocumentSection[]): MergedSettings {
  let merged = NONE;
  for (
    const { place, types, encodings, charsets, languages, handlers, handledTypes, filters, ...others }
      of sections
  ) {
    merged = {
      ...merged,
      ...others,
      asks: merged.asks || others.asks === true,
      types: { ...merged.types, ...types },
      encodings: { ...merged.encodings, ...encodings },
      charsets: { ...merged.charsets, ...charsets },
      languages: { ...merged.languages, ...languages },
      handlers: { ...merged.handlers, ...handlers },
      handledTypes: [...merged.handledTypes, ...handledTypes ?? []],
      filters: { ...merged.filters, ...filters },
      linksBelow: others.links !== undefined && place.directory !== undefined
        ? place.directory
        : merged.linksBelow,
    };
  }
  return merged;
}
