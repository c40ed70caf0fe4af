/** The files of one server, as soon as it is known that somebody can ask for them. */

import type { Place, Rewriting, Section as RuleSection } from "../../../rules/model.ts";
import { isTrivial } from "../../../rules/alike.ts";
import { patternOf } from "../../../rules/expression.ts";
import { type FilePlace, isPlaceOf } from "../../../rules/file_place.ts";
import type { Route } from "../../config.ts";
import { FILE_DEFAULTS, type FileSettings } from "../../documents.ts";
import type { ErrorPages } from "../../error_pages.ts";
import { endingsOf, isHandedOn } from "../../handlers.ts";
import { readMapTo, readTemplate } from "../../mapping.ts";
import type { Resolve } from "../../path.ts";
import { type Faults, isComplete } from "../faults.ts";
import type { Pass } from "../passes.ts";
import type { DraftWorld } from "../rules/draft.ts";
import type { Server } from "../server.ts";
import { readExpression } from "../expressions.ts";
import type { Alias } from "./alias_words.ts";
import type { DocumentHosts } from "./documents.ts";
import { FilePasses } from "./file_passes.ts";
import { type FileSection, FileSectionReader } from "./file_sections.ts";
import type { FileWords } from "./file_words.ts";
import type { Application } from "./handler_words.ts";

/** What of a server is files. */
export interface ServerFiles {
  /** Its number among those whose files are served. */
  readonly host: number;
  readonly sections: readonly FileSection[];
  /** What is said outside of sections, the main server's before its own. */
  readonly words: readonly FileWords[];
  /** Which paths, and files there, are programs all of them (ScriptAlias). */
  readonly scripts: readonly Place[];
}

/** Finds it out for one server after another. */
export class ServerFilesMaker {
  readonly #reader: FileSectionReader;

  /** @param resolve makes names of files whole */
  constructor(
    readonly faults: Faults,
    world: DraftWorld,
    readonly resolve: Resolve,
    readonly documents: DocumentHosts,
  ) {
    this.#reader = new FileSectionReader(faults, world);
  }

  /** Where its files come in among its passes. @param levels the server, then the one around it */
  passes(levels: readonly Server[]): FilePasses {
    return new FilePasses(this.faults, levels, this.resolve);
  }

  /**
   * How names of files begin that rules of a server make: what a rule says up to its first variable, if that is the name
   * of a directory; below DocumentRoot everything.
   */
  namedBy(levels: readonly Server[]): readonly string[] {
    const root = this.documentRoot(levels);
    const engine = levels.map(({ draft }) => draft.rewriting.engine).find((on) => on !== undefined);
    if (!engine) return [];
    const [own, outer] = levels;
    const inherits = own!.draft.rewriting.inherits ? outer?.draft.rewriting.rules ?? [] : [];
    const starts = [...own!.draft.rewriting.rules, ...inherits].flatMap((rule) => {
      const { substitution, proxyUrl, status, passThrough, redirect } = rule;
      const leadsElsewhere = proxyUrl ?? status ?? passThrough ?? redirect;
      if (substitution === "-" || leadsElsewhere !== undefined) return [];
      const literal = substitution.replace("%{DOCUMENT_ROOT}", root ?? "").replace(/[?$%\\].*$/s, "");
      const isWhole = /^\/[^/]+\//.test(literal);
      return [...isWhole ? [literal] : [], ...root === undefined ? [] : [`${root.replace(/\/$/, "")}/`]];
    });
    return [...new Set(starts)];
  }

  /** Whoever serves names of files that rules make. */
  target({ host }: ServerFiles): Route {
    return { path: "/", mapTo: `/${host}/`, backends: [this.documents.name] };
  }

  /** The whole name of DocumentRoot. */
  documentRoot(levels: readonly Server[]): string | undefined {
    const root = levels.map(({ files }) => files.documentRoot).find((one) => one !== undefined);
    return root === undefined ? undefined : this.resolve(root.args[0]!);
  }

  /** The route of a pass that leads to files. @param terms what else holds for it */
  route(pass: Pass, files: ServerFiles | undefined, terms: Partial<Route>): Route | undefined {
    const { path, expression, spot } = pass;
    const { name } = pass.files!;
    if (!isComplete(spot, this.faults)) return undefined;
    const common = expression ? { path, match: path } : { path };
    const text = `/${files!.host}${encoded(name)}`;
    const mapTo = this.faults.take(expression ? readTemplate(text, path) : readMapTo(text), spot);
    if (mapTo === undefined) return undefined;
    return { ...common, mapTo, backends: [this.documents.name], ...terms };
  }

  /** Whether everybody may see a file, as it is, as far as sections for files say. */
  isOpen(levels: readonly Server[], name: string): boolean {
    const sections = levels.toReversed().flatMap(({ fileSections }) => fileSections);
    const own = this.#reader.inOrder(sections, [`${name}/`]).filter(({ place }) => isPlaceOf(place, name));
    const words = [...levels.map(({ fileWords }) => fileWords), ...own.map((section) => section.words)];
    if (words.some(({ fallback }) => typeof fallback === "string")) return false;
    if (own.some(({ draft }) => draft.rewriting.engine)) return false;
    // Whatever a later section says: a page that is a program is rare enough.
    const last = name.slice(name.lastIndexOf("/") + 1);
    if (words.some(({ settings }) => isHandedOn(last, typeSaid(last, settings), settings))) return false;
    const access = own.flatMap(({ draft }) => draft.rules().access ?? []);
    const deciding = access.findLast(({ requirement }) => requirement !== undefined);
    const isUsual = access.every(({ parties }) => parties === undefined || isTrivial({ parties }));
    return isUsual && (deciding === undefined || isTrivial(deciding));
  }

  /**
   * What of a server is files.
   *
   * @param used passes that lead to files
   * @param made names that rules make
   * @param pages what clients see in the place of errors
   * @returns undefined where nothing is
   */
  of(
    levels: readonly Server[],
    used: readonly Pass[],
    made: readonly string[],
    pages: ErrorPages,
  ): ServerFiles | undefined {
    if (used.length + made.length === 0) return undefined;
    const roots = used.some(({ expression }) => expression)
      ? undefined
      : [...used.map(({ files }) => files!.name), ...made].map((name) => `${name.replace(/\/+$/, "")}/`);
    const outside = levels.toReversed();
    const sections = this.#reader.inOrder(outside.flatMap(({ fileSections }) => fileSections), roots);
    const words = outside.map(({ fileWords }) => fileWords);
    const host = this.documents.add(words, sections, pages, levels.flatMap(({ handed }) => handed));
    const scripts = levels.flatMap(({ files }) => files.aliases).filter(({ script }) => script)
      .flatMap((alias) => this.#scripts(alias));
    return { host, sections: withoutCovered(sections, roots), words, scripts };
  }

  #scripts({ path, expression, target }: Alias): Place[] {
    if (!expression) {
      return [{ path, file: { directory: `${this.resolve(target).replace(/\/+$/, "")}/` } }];
    }
    const reading = readExpression(path);
    // What nobody can read is reported where routes are made.
    return "value" in reading ? [{ pattern: reading.value, file: {} }] : [];
  }
}

/** The type that one section gives a file. */
function typeSaid(name: string, { forceType, types = {} }: FileSettings): string | undefined {
  if (typeof forceType === "string") return forceType;
  return endingsOf(name).flatMap((ending) => types[ending] ?? []).at(-1);
}

/** A name as the path of a URL. */
function encoded(name: string): string {
  return name.toWellFormed().replace(/[^A-Za-z0-9$\-_.+!*'(),:@&=/~]+/g, encodeURIComponent);
}

/**
 * What sections say besides how files are served.
 *
 * @param rewriting what a section's rules come to, for the directory that they are relative to
 * @param target the index of the target for an application; undefined where there can be none
 * @param isElsewhere whether a path that ends so may lead to somebody else than whoever sends files
 */
export function ruleSections(
  { sections, words, scripts }: ServerFiles,
  rewriting: (section: FileSection) => Rewriting | undefined,
  target: (application: Partial<Application>) => number | undefined,
  isElsewhere: (name: string) => boolean,
): RuleSection[] {
  const all = [...words, ...sections.map((section) => section.words)];
  const runs = scripts.length > 0 ||
    all.some(({ application, programs }) => application || programs.some(({ run }) => run));
  const indexes = [...FILE_DEFAULTS.index, ...all.flatMap(({ settings: { index = [] } }) => index)];
  const isNamed = ({ place: { name }, draft }: FileSection) =>
    name !== undefined && Object.keys(draft.rules()).length > 0 &&
    indexes.some((index) => patternOf(name).test(index));
  const falls = runs || all.some(({ fallback }) => fallback) || sections.some(isNamed) ||
    indexes.some(isElsewhere);
  const usual = falls ? [{ place: { file: {} }, index: FILE_DEFAULTS.index }] : [];
  const handling = ({ application, executes, settings: { overrides, links } }: FileWords) =>
    !runs ? {} : {
      ...application === undefined ? {} : handlerOf(application),
      ...executes === undefined ? {} : { executes },
      ...overrides === undefined ? {} : { overrides },
      ...links === undefined ? {} : { links: links === "follow" },
    };
  const handlerOf = (application: Application | false) => ({
    handler: application && (target(application) ?? false),
    ...application && application.url === undefined ? { executed: true as const } : {},
  });
  // Of a section for names those with an ending are some: which, one expression cannot say.
  const programs = ({ programs }: FileWords, place: FilePlace) =>
    !runs || place.name !== undefined ? [] : programs.map(({ spot, name, run }) => ({
      place: { file: { ...place, name } },
      ...handlerOf(run && { spot }),
    }));
  const whole = scripts.map((place): RuleSection => ({
    place,
    handler: target({}) ?? false,
    handlesAll: true,
  }));
  return [
    ...usual,
    ...whole,
    ...words.flatMap((own) => [
      { place: { file: {} }, ...fallbackOf(own, falls), ...handling(own) },
      ...programs(own, {}),
    ]),
    ...sections.flatMap((section) => {
      const { access, ...rules } = section.draft.rules();
      const rewritten = rewriting(section);
      return [{
        place: { file: section.place },
        ...rules,
        ...access === undefined || section.covered ? {} : { access },
        ...rewritten && { rewriting: rewritten },
        ...fallbackOf(section.words, falls),
        ...handling(section.words),
      }, ...programs(section.words, section.place)];
    }),
  ];
}

/** What takes what is no file, and what is one, where any section of the server speaks of that. */
function fallbackOf(
  { fallback, settings: { index } }: FileWords,
  falls: boolean,
): Pick<RuleSection, "fallback" | "index"> {
  return !falls
    ? {}
    : { ...fallback === undefined ? {} : { fallback }, ...index === undefined ? {} : { index } };
}

/**
 * Leaves out who may ask where a section for a directory below says it anew for all that is served there, as the usual
 * denial of everything: then fewer requests have to be looked at.
 */
function withoutCovered(
  sections: readonly FileSection[],
  roots: readonly string[] | undefined,
): readonly FileSection[] {
  if (roots === undefined) return sections;
  const saysAll = ({ place: { directory, pattern, name }, draft }: FileSection) => {
    const access = draft.rules().access;
    return directory !== undefined && pattern === undefined && name === undefined &&
      access?.requirement !== undefined;
  };
  return sections.map((section, index) => {
    const { directory, pattern, name } = section.place;
    const access = section.draft.rules().access;
    if (access === undefined || access.parties !== undefined || access.scheme !== undefined) return section;
    if (directory === undefined || pattern !== undefined || name !== undefined) return section;
    const later = sections.slice(index + 1).filter(saysAll);
    const isCovered = roots.filter((root) => root.startsWith(directory) || directory.startsWith(root))
      .every((root) => later.some(({ place }) => root.startsWith(place.directory!)));
    return isCovered ? { ...section, covered: true as const } : section;
  });
}
