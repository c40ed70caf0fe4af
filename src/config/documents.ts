/** Files as a configuration for httpd has them served: sections for directories and names, merged in order. */

import type { ErrorPages } from "./error_pages.ts";
import { HANDLER_DEFAULTS, type HandlerSettings } from "./handlers.ts";
import type { FilePlace } from "../rules/file_place.ts";

/**
 * A backend that serves files by their whole names. The mapped path is `/HOST/NAME`: the index of a host of
 * {@linkcode Documents.hosts}, and the absolute name of a file.
 */
export interface Documents {
  readonly kind: "documents";
  readonly hosts: readonly DocumentHost[];
  /** A table of types in the form of mime.types, absolute; those that are built in, unless given. */
  readonly types?: string;
}

/** What holds for the files of one virtual host: sections, of which a later one takes the place of an earlier one. */
export interface DocumentHost {
  /** What clients see in the place of an error. */
  readonly errors?: ErrorPages;
  readonly sections: readonly DocumentSection[];
}

/** A section, and what it says. */
export interface DocumentSection extends FileSettings {
  readonly place: FilePlace;
}

/** How files are served; what is missing is left to the sections before. */
export interface FileSettings extends HandlerSettings {
  /** Names that are tried for a directory, in order: of files in it, or paths of the site; none: it has no index. */
  readonly index?: readonly string[];
  /** Which symbolic links are followed: all, those that belong to whom their target belongs to, none. */
  readonly links?: DocumentLinks;
  /** Whether a client that asks for a directory without a slash is sent to the path with one. */
  readonly slash?: boolean;
  /** Whether a directory without an index is listed. */
  readonly lists?: boolean;
  /**
   * Whether `.htaccess` files would count, as they do unless something else is said: they are not read, and what is below
   * one is not served.
   */
  readonly overrides?: boolean;
  /** Whether a file with this name, as an index, has to be asked for by its own path. */
  readonly asks?: true;
  /** By the end of a name, in lower case, without the dot. */
  readonly types?: Readonly<Record<string, string>>;
  readonly encodings?: Readonly<Record<string, string>>;
  readonly charsets?: Readonly<Record<string, string>>;
  readonly languages?: Readonly<Record<string, string>>;
  /** The type of all of them; false for the one that their names say. */
  readonly forceType?: string | false;
  /** For text/plain and text/html that have none; false for none. */
  readonly charset?: string | false;
  /** What an entity tag is made of; none: there is none. */
  readonly tag?: readonly TagPart[];
  /** Whether they are kept from one request to the next. */
  readonly kept?: boolean;
}

export type DocumentLinks = "follow" | "owner" | "never";
export type TagPart = "inode" | "mtime" | "size";

/** As httpd has it where nothing is said. */
export const FILE_DEFAULTS = {
  index: ["index.html"],
  links: "follow",
  slash: true,
  lists: false,
  overrides: true,
  types: {},
  encodings: {},
  charsets: {},
  languages: {},
  forceType: false,
  charset: false,
  tag: ["mtime", "size"],
  kept: true,
  ...HANDLER_DEFAULTS,
} as const satisfies FileSettings;
