/** One server of an Apache configuration, as it is read: the main one, or a virtual host. */

import type { Place as RulePlace } from "../../rules/model.ts";
import type { CookieRule, ReverseRule } from "../config.ts";
import { ErrorLogWords } from "./error_logs.ts";
import { ErrorWords } from "./error_words.ts";
import type { Faults } from "./faults.ts";
import { AliasWords } from "./files/alias_words.ts";
import { FileWords } from "./files/file_words.ts";
import { LogWords } from "./logs.ts";
import type { Pass } from "./passes.ts";
import { RemoteIpWords } from "./remote_ip.ts";
import type { Draft } from "./rules/draft.ts";
import { CompressionWords } from "./rules/filters.ts";
import type { Settings } from "./settings.ts";
import { TlsWords } from "./tls.ts";
import type { Directive, Section } from "./tree.ts";

/** A name of a server, and where it is said. */
export interface Name {
  readonly name: string;
  readonly spot: Directive;
}

/** The directives of one subject, collected by themselves. */
export interface Words {
  /** Takes a directive in; others are left alone. @returns whether it was one of these */
  take(directive: Directive): boolean;
}

/** What one server says. */
export interface Server {
  readonly spot: Directive | undefined;
  /** Arguments of VirtualHost; none for the main server. */
  readonly addresses: readonly string[];
  /** ServerName, then every ServerAlias. */
  readonly names: Name[];
  /** Whether the first of those is a ServerName. */
  named: boolean;
  /** ProxyPass and ProxyPassMatch in order: outside of locations, and in them. */
  readonly passes: Pass[];
  readonly locations: Pass[];
  readonly reverse: ReverseRule[];
  readonly cookieDomains: CookieRule[];
  readonly cookiePaths: CookieRule[];
  readonly settings: Settings;
  readonly errors: ErrorWords;
  /** Where its files are, how they are served, and sections about them. */
  readonly files: AliasWords;
  readonly fileWords: FileWords;
  readonly fileSections: Section[];
  /** Files that a path, or a condition, hands to somebody else than whoever sends files. */
  readonly handed: RulePlace[];
  /** What is said of all its requests, besides where they go. */
  readonly draft: Draft;
  /** What is said of those of a path, of a server behind, or under a condition. */
  readonly sections: DraftSection[];
  readonly proxied: (DraftSection & { readonly url: string })[];
  readonly conditionals: DraftSection[];
  readonly tls: TlsWords;
  readonly logs: LogWords;
  readonly errorLogs: ErrorLogWords;
  readonly remoteIp: RemoteIpWords;
  readonly compression: CompressionWords;
  /** Whoever is asked, in turn, whether a directive is theirs. */
  readonly words: readonly Words[];
}

/** What a section says, besides where requests go. */
export interface DraftSection {
  readonly place: RulePlace;
  readonly draft: Draft;
  readonly spot: Directive;
  readonly settings?: Settings;
}

/** A server of which nothing is said yet. @param draft for what is said of all its requests */
export function newServer(
  spot: Directive | undefined,
  addresses: readonly string[],
  draft: Draft,
  faults: Faults,
): Server {
  const tls = new TlsWords();
  const logs = new LogWords();
  const remoteIp = new RemoteIpWords();
  const compression = new CompressionWords(faults);
  const files = new AliasWords(faults);
  const fileWords = new FileWords(faults);
  const errorLogs = new ErrorLogWords();
  const errors = new ErrorWords(faults);
  return {
    spot,
    addresses,
    names: [],
    named: false,
    passes: [],
    locations: [],
    reverse: [],
    cookieDomains: [],
    cookiePaths: [],
    settings: {},
    errors,
    files,
    fileWords,
    fileSections: [],
    handed: [],
    draft,
    sections: [],
    proxied: [],
    conditionals: [],
    tls,
    logs,
    errorLogs,
    remoteIp,
    compression,
    words: [tls, logs, errorLogs, files, fileWords, remoteIp, errors, compression],
  };
}
