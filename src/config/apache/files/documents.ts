/** The backends that serve the files of all servers of a configuration, and run those that are programs. */

import { isTrivial } from "../../../rules/alike.ts";
import type { Place } from "../../../rules/model.ts";
import type { Backend } from "../../config.ts";
import type { DocumentHost, DocumentSection } from "../../documents.ts";
import type { ErrorPages } from "../../error_pages.ts";
import { nameAfterSocket } from "../../target.ts";
import type { FileSection } from "./file_sections.ts";
import type { FileWords } from "./file_words.ts";

/** Where it gets its socket. */
export interface DocumentPlace {
  runDirectory(): string;
  /** Whether another backend has a name. */
  taken(name: string): boolean;
  /** The table of types, absolute; undefined for what is built in. */
  types(): string | undefined;
}

/** Collects what it has to know, server by server. */
export class DocumentHosts {
  readonly #hosts: DocumentHost[] = [];
  #name: string | undefined;
  #programs: string | undefined;

  constructor(readonly place: DocumentPlace) {}

  /** The name of the backend, as soon as somebody needs it. */
  get name(): string {
    return this.#name ??= this.#named("files");
  }

  /** The name of the backend that runs programs, as soon as somebody needs it. */
  get programs(): string {
    return this.#programs ??= this.#named("programs");
  }

  /**
   * Notes what holds for the files of a server.
   *
   * @param server what is said outside of sections, the main server's before its own
   * @param errors what clients see in the place of errors
   * @param handed what is handed to somebody else by the path that asks for it
   * @returns its number
   */
  add(
    server: readonly FileWords[],
    sections: readonly FileSection[],
    errors: ErrorPages,
    handed: readonly Place[],
  ): number {
    const all: DocumentSection[] = [
      ...server.map(({ settings }) => ({ place: {}, ...settings })),
      ...sections.map(({ place, words: { settings }, draft }) => {
        const { access } = draft.rules();
        // As an index it has not been asked for by its name, so what is said of that has not been looked at.
        const asks = place.name !== undefined && access !== undefined && !isTrivial(access);
        return { place, ...settings, ...asks ? { asks: true as const } : {} };
      }),
      // As an index it has not been asked for by the path that says so: by its name then, as far as that goes.
      ...handed.flatMap(({ pattern, file }): DocumentSection[] => {
        const name = file?.name ?? pattern;
        return name === undefined ? [] : [{ place: { name }, asks: true }];
      }),
    ].filter((section) => Object.keys(section).length > 1);
    for (const words of [...server, ...sections.map((section) => section.words)]) words.tell();
    return this.#hosts.push({ sections: all, ...Object.keys(errors).length > 0 ? { errors } : {} }) - 1;
  }

  #named(wanted: string): string {
    const socket = `${this.place.runDirectory()}/${wanted}.sock`;
    return nameAfterSocket(socket, (name) => this.place.taken(name));
  }

  /** The backends that somebody needs. */
  backends(): Backend[] {
    const socket = (name: string) => ({
      name,
      socket: `${this.place.runDirectory()}/${name}.sock`,
      workers: 1,
    });
    const files: Backend[] = [];
    if (this.#name !== undefined) {
      const types = this.place.types();
      const runs = {
        kind: "documents" as const,
        hosts: this.#hosts,
        ...types === undefined ? {} : { types },
      };
      files.push({ ...socket(this.#name), runs });
    }
    if (this.#programs !== undefined) {
      files.push({ ...socket(this.#programs), runs: { kind: "exec", cgi: true, command: [] } });
    }
    return files;
  }
}
