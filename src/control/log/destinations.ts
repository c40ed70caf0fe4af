/** Where messages go: standard error, or what a configuration says, for all of them and for sites of their own. */

import { close, describeErrno } from "../../../ffi/mod.ts";
import { MESSAGE_LEVELS, type MessageLevel, type MessageRules } from "../../logs/rules.ts";
import { openOutput, type Output } from "../../output/open_output.ts";

/** Takes why a file cannot be written. */
export type Complain = (path: string, reason: string) => void;

/** A file, or a pipe to a program. A message is written at once, and never waited for: one that cannot be goes elsewhere. */
class MessageFile {
  #output: Output | undefined;
  /** People know that it cannot be written. */
  #failing = false;

  constructor(readonly path: string, readonly complain: Complain) {
    this.reopen();
  }

  /** Opens the path anew. What cannot be opened leaves what is open in use. */
  reopen(): void {
    const output = openOutput(this.path);
    if (typeof output === "number") return this.#failed(-output);
    this.close();
    this.#output = output;
    this.#failing = false;
  }

  /** @returns whether it could be written */
  write(bytes: Uint8Array<ArrayBuffer>): boolean {
    if (this.#output === undefined) return false;
    const written = this.#output.write(bytes, bytes.length);
    if (written < 0) this.#failed(-written);
    else this.#failing = false;
    return written > 0;
  }

  #failed(errno: number): void {
    if (this.#failing) return;
    this.#failing = true;
    this.complain(this.path, describeErrno(errno));
  }

  close(): void {
    if (this.#output !== undefined) close(this.#output.fd);
    this.#output = undefined;
  }
}

/** Which messages are written, and where. */
interface Destination {
  /** undefined for standard error. */
  readonly file: MessageFile | undefined;
  readonly lowest: number;
}

/** Of a site by its name, beside what holds for all. */
export interface SiteMessages extends MessageRules {
  readonly site: string;
}

/** The destinations of the messages of this process. */
export class Destinations {
  #files = new Map<string, MessageFile>();
  #main: Destination;
  #sites = new Map<string, Destination>();

  /**
   * @param level asked for on the command line: then it holds, whatever a configuration says
   * @param complain takes why a file cannot be written: messages go to standard error then
   */
  constructor(readonly level: MessageLevel | undefined, readonly complain: Complain) {
    this.#main = { file: undefined, lowest: rank(level ?? "info") };
  }

  /** Goes by a configuration. Files that are named again stay open. */
  follow(main: MessageRules, sites: readonly SiteMessages[]): void {
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
    this.#sites = new Map();
    for (const rules of sites) {
      // Of several of one name the first one counts.
      if (!this.#sites.has(rules.site)) this.#sites.set(rules.site, destination(rules, this.#main));
    }
    for (const [path, open] of before) if (!this.#files.has(path)) open.close();
  }

  /** The least important level that anybody wants. */
  get lowest(): MessageLevel {
    const ranks = [this.#main, ...this.#sites.values()].map(({ lowest }) => lowest);
    return MESSAGE_LEVELS[Math.min(...ranks)]!;
  }

  /**
   * Writes a message, if it is one that is written.
   *
   * @param site which it is about, if it is about one
   */
  write(level: MessageLevel, site: unknown, text: () => Uint8Array<ArrayBuffer>): void {
    const { file, lowest } = (typeof site === "string" ? this.#sites.get(site) : undefined) ?? this.#main;
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
