/** Where messages go: standard error, or what a configuration says, for all of them and for sites of their own. */

import {
  type AboutSite,
  MESSAGE_LEVELS,
  type MessageLevel,
  type MessageRules,
  type ProcessMessages,
  ruleOf,
} from "../../logs/rules.ts";
import { type Complain, MessageFile } from "./message_file.ts";

/** Which messages are written, and where. */
interface Destination {
  /** undefined for standard error. */
  readonly file: MessageFile | undefined;
  readonly lowest: number;
}

/** Of a site. */
interface SiteDestination extends Destination, AboutSite {}

/** The destinations of the messages of this process. */
export class Destinations {
  #files = new Map<string, MessageFile>();
  #main: Destination;
  #sites: readonly SiteDestination[] = [];

  /**
   * @param level asked for on the command line: then it holds, whatever a configuration says
   * @param complain takes why a file cannot be written: messages go to standard error then
   */
  constructor(readonly level: MessageLevel | undefined, readonly complain: Complain) {
    this.#main = { file: undefined, lowest: rank(level ?? "info") };
  }

  /** Goes by a configuration. Files that are named again stay open. */
  follow({ main, sites }: ProcessMessages): void {
    const before = this.#files;
    this.#files = new Map();
    const file = (path: string) => {
      const open = this.#files.get(path) ?? before.get(path) ?? new MessageFile(path, this.complain);
      this.#files.set(path, open);
      return open;
    };
    const destination = ({ to, level }: MessageRules, otherwise?: Destination) => ({
      file: to === undefined ? otherwise?.file : file(to),
      lowest: this.level !== undefined || level === undefined && otherwise !== undefined
        ? otherwise?.lowest ?? rank(this.level ?? "info")
        : rank(level ?? "info"),
    });
    this.#main = destination(main);
    this.#sites = sites.map((rules) => {
      const { site, port } = rules;
      return { site, ...port === undefined ? {} : { port }, ...destination(rules, this.#main) };
    });
    for (const [path, open] of before) if (!this.#files.has(path)) open.close();
  }

  /** The least important level that anybody wants. */
  get lowest(): MessageLevel {
    const ranks = [this.#main, ...this.#sites].map(({ lowest }) => lowest);
    return MESSAGE_LEVELS[Math.min(...ranks)]!;
  }

  /**
   * Writes a message, if it is one that is written.
   *
   * @param about which site, if it is about one
   */
  write(level: MessageLevel, about: Partial<AboutSite>, text: () => Uint8Array<ArrayBuffer>): void {
    const { site, port } = about;
    const own = site === undefined ? undefined : ruleOf(this.#sites, site, port);
    const { file, lowest } = own ?? this.#main;
    if (rank(level) < lowest) return;
    const bytes = text();
    if (file === undefined || !file.write(bytes)) Deno.stderr.writeSync(bytes);
  }

  /** Opens all files anew. */
  reopen(): void {
    for (const file of this.#files.values()) file.reopen();
  }
}

function rank(level: MessageLevel): number {
  return MESSAGE_LEVELS.indexOf(level);
}
