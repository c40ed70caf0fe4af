/** What is said of how files are served: on a server, or in a section for directories and names. */

import type { DocumentLinks, FileSettings, TagPart } from "../../documents.ts";
import { quote } from "../../reading.ts";
import type { WarningSort } from "../../warning.ts";
import type { Faults } from "../faults.ts";
import { isCompressing } from "../rules/filters.ts";
import type { Directive } from "../tree.ts";
import {
  type Application,
  applicationOf,
  byEnding,
  handedOnBy,
  HANDLER_DIRECTIVES,
  keptBack,
  type Programs,
  programsBy,
  takeHandler,
} from "./handler_words.ts";

/** Each with the number of its arguments, and what they are, for people. */
export const FILE_DIRECTIVES = [
  ["Options", 1, Infinity, "options, such as FollowSymLinks"],
  ["AllowOverride", 1, Infinity, "None"],
  ["AllowOverrideList", 1, Infinity, "None"],
  ["DirectoryIndex", 1, Infinity, "names of files, or disabled"],
  ["DirectorySlash", 1, 1, "On or Off"],
  ["FallbackResource", 1, 2, "a path, or disabled"],
  ["AddType", 2, Infinity, "a type and the ends of names"],
  ["AddEncoding", 2, Infinity, "a coding and the ends of names"],
  ["AddCharset", 2, Infinity, "a charset and the ends of names"],
  ["AddLanguage", 2, Infinity, "a language and the ends of names"],
  ["ForceType", 1, 1, "a type, or None"],
  ["DefaultType", 1, 1, "None"],
  ["AddDefaultCharset", 1, 1, "On, Off or a charset"],
  ["FileETag", 1, Infinity, "MTime, Size, INode, All or None"],
  ["EnableMMAP", 1, 1, "On or Off"],
  ...HANDLER_DIRECTIVES,
] as const;

const NAMES = new Set(FILE_DIRECTIVES.map(([name]) => name.toLowerCase()));

/** Whether a directive is one of these. */
export function isFileDirective(directive: Directive): boolean {
  return NAMES.has(directive.name.toLowerCase()) &&
    (!isCompressing(directive) || handedOnBy(directive) !== undefined);
}

/** What AddDefaultCharset says with On. */
const USUAL_CHARSET = "iso-8859-1";

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Collects it. What concerns nobody unless files are served is told of only then. */
export class FileWords {
  readonly settings: Mutable<FileSettings> = {};
  /** FallbackResource: a path of the site; false for none. */
  fallback: string | false | undefined;
  /** Who runs files; false for nobody, or somebody else. */
  application: Application | false | undefined;
  /** Which files are programs by CGI. */
  readonly programs: Programs[] = [];
  /** Whether files may be executed. */
  executes: boolean | undefined;
  readonly #untold: { readonly spot: Directive; readonly what: string; readonly sort: WarningSort }[] = [];
  /** What is handed to others. */
  readonly #handed: { readonly spot: Directive; readonly to: string }[] = [];
  #owner = false;

  constructor(readonly faults: Faults) {}

  /** Takes a directive in; others are left alone. @returns whether it was one of these */
  take(directive: Directive): boolean {
    const name = directive.name.toLowerCase();
    if (!isFileDirective(directive)) return false;
    const { args } = directive;
    const { settings } = this;
    const [first = "", ...rest] = args;
    this.#handle(directive);
    switch (name) {
      case "options":
        this.#options(directive);
        break;
      case "allowoverride":
      case "allowoverridelist":
        this.#overrides(directive);
        break;
      case "directoryindex":
        settings.index = /^disabled$/i.test(first) && args.length === 1
          ? []
          // A later line adds to an earlier one.
          : [...settings.index ?? [], ...args];
        break;
      case "directoryslash":
        settings.slash = first.toLowerCase() !== "off";
        break;
      case "fallbackresource":
        this.fallback = first.toLowerCase() === "disabled" ? false : first;
        break;
      case "addtype":
        settings.types = { ...settings.types, ...byEnding(rest, first) };
        break;
      case "addencoding":
        settings.encodings = { ...settings.encodings, ...byEnding(rest, first) };
        break;
      case "addcharset":
        settings.charsets = { ...settings.charsets, ...byEnding(rest, first) };
        break;
      case "addlanguage":
        settings.languages = { ...settings.languages, ...byEnding(rest, first) };
        break;
      case "forcetype":
        settings.forceType = first.toLowerCase() === "none" ? false : first;
        break;
      case "defaulttype":
        if (first.toLowerCase() !== "none") this.#tellLater(directive, "DefaultType", "none");
        break;
      case "adddefaultcharset":
        if (!/^off$/i.test(first)) {
          this.faults.warn(directive, "holds for files, not for what servers answer", "changes");
        }
        settings.charset = /^off$/i.test(first) ? false : /^on$/i.test(first) ? USUAL_CHARSET : first;
        break;
      case "fileetag":
        this.#tag(directive);
        break;
      case "enablemmap":
        // It is turned off where files change without this machine's kernel knowing.
        settings.kept = first.toLowerCase() !== "off";
        break;
    }
    return true;
  }

  /** Notes what hands files to somebody else. */
  #handle(directive: Directive): void {
    const isTaken = takeHandler(directive, this.settings);
    const handed = handedOnBy(directive);
    if (directive.name.toLowerCase() === "sethandler") {
      this.application = applicationOf(directive) ?? false;
      if (this.application !== false) return;
    }
    const programs = programsBy(directive);
    if (programs !== undefined) this.programs.push(programs);
    if (programs?.run) return;
    if (handed !== undefined) this.#handed.push({ spot: directive, to: handed.to });
    else if (isTaken && isMissed(directive)) this.#tellLater(directive, directive.name, "changes");
  }

  #options(directive: Directive): void {
    const words = directive.args.map((word) => word.toLowerCase());
    const adds = words.some((word) => /^[+-]/.test(word));
    let follows: boolean | undefined;
    let owner: boolean | undefined;
    if (!adds) {
      this.executes = false;
      this.settings.lists = false;
    }
    for (const text of words) {
      const off = text.startsWith("-");
      const word = text.replace(/^[+-]/, "");
      switch (word) {
        case "followsymlinks":
          follows = !off;
          break;
        case "symlinksifownermatch":
          owner = !off;
          break;
        case "execcgi":
          this.executes = !off;
          break;
        case "all":
          follows = !off;
          this.executes = !off;
          this.settings.lists = !off;
          break;
        case "indexes":
          this.settings.lists = !off;
          break;
        case "multiviews":
          if (!off) this.#tellLater(directive, "Options MultiViews", "changes");
          break;
        case "includes":
        case "includesnoexec":
          if (!off) this.#tellLater(directive, `Options ${word}`, "changes");
          break;
        case "none":
          break;
        default:
          this.faults.add(directive, `Found the option ${quote(text)}; write those of httpd`);
      }
    }
    const links: DocumentLinks | undefined = adds
      ? follows === undefined && owner === undefined ? undefined : linksOf(follows, owner ?? this.#owner)
      : linksOf(follows ?? false, owner);
    if (owner !== undefined) this.#owner = owner;
    if (links !== undefined) this.settings.links = links;
  }

  #overrides(directive: Directive): void {
    const isNone = directive.args.every((word) => word.toLowerCase() === "none");
    if (directive.name.toLowerCase() === "allowoverridelist" && isNone) return;
    this.settings.overrides = !isNone;
    this.#untell(directive);
    if (!isNone) {
      this.#tellLater(directive, `${directive.name} ${directive.args.join(" ")}`, "changes");
    }
  }

  #tag(directive: Directive): void {
    const parts = new Set<TagPart>(this.settings.tag ?? ["mtime", "size"]);
    const words = directive.args.map((word) => word.toLowerCase());
    if (!words.some((word) => /^[+-]/.test(word))) parts.clear();
    for (const text of words) {
      const word = text.replace(/^[+-]/, "");
      const meant: readonly TagPart[] = word === "all"
        ? ["inode", "mtime", "size"]
        : word === "inode" || word === "mtime" || word === "size"
        ? [word]
        : [];
      if (meant.length === 0 && word !== "none") {
        this.#tellLater(directive, `FileETag ${word}`, "none");
      }
      for (const part of meant) text.startsWith("-") ? parts.delete(part) : parts.add(part);
    }
    this.settings.tag = [...parts];
  }

  #tellLater(spot: Directive, what: string, sort: WarningSort): void {
    this.#untold.push({ spot, what, sort });
  }

  /** What an earlier line of the same name has said counts no more. */
  #untell({ name }: Directive): void {
    for (let at = this.#untold.length - 1; at >= 0; at--) {
      if (this.#untold[at]!.what.toLowerCase().startsWith(name.toLowerCase())) this.#untold.splice(at, 1);
    }
  }

  /** Says what is not done, now that files are served. Once. */
  tell(): void {
    for (const { spot, to } of this.#handed.splice(0)) this.faults.warn(spot, keptBack(to), "changes");
    for (const { spot, what, sort } of this.#untold.splice(0)) {
      if (what.startsWith("AllowOverride")) {
        const message =
          ".htaccess files are not read: what is below one gets 500; move what they say into <Directory>";
        this.faults.warn(spot, message, sort);
      } else this.faults.notDone(spot, what, sort);
    }
  }
}

/** Whether a directive about handlers and filters would do something, to no file's harm. */
function isMissed({ name, args: [first = ""] }: Directive): boolean {
  return /filter/i.test(name) || /^sethandler$/i.test(name) && !/^(none|default-handler)$/i.test(first);
}

/** httpd follows all that it may; else those of the same owner; else none. */
function linksOf(follows: boolean | undefined, owner: boolean | undefined): DocumentLinks {
  return follows === true ? "follow" : owner === true ? "owner" : "never";
}
