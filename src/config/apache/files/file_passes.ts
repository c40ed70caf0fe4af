/** Where files come in among what is proxied: they get what no ProxyPass takes, and what one leaves out. */

import { posix } from "node:path";
import type { Resolve } from "../../path.ts";
import { readExpression } from "../expressions.ts";
import type { Faults } from "../faults.ts";
import { NO_PARAMETERS } from "../parameters.ts";
import type { Pass } from "../passes.ts";
import { coversPath, readDecodedPath } from "../paths.ts";
import type { Server } from "../server.ts";
import type { Alias } from "./alias_words.ts";

/** Files that a path leads to. */
interface Source extends Alias {
  /** In the spelling of routes, or an expression. */
  readonly path: string;
  /** The whole name; with an expression what is made of its groups. */
  readonly target: string;
}

/** Makes passes of them. */
export class FilePasses {
  readonly #sources: readonly Source[];

  /**
   * @param servers the one, then those around it
   * @param resolve makes names of files whole
   */
  constructor(readonly faults: Faults, servers: readonly Server[], readonly resolve: Resolve) {
    const aliases = servers.flatMap(({ files }) => files.aliases).flatMap((alias) => this.#source(alias));
    const root = servers.map(({ files }) => files.documentRoot).find((one) => one !== undefined);
    const whole = root === undefined ? [] : [{
      spot: root,
      path: "/",
      expression: false,
      target: `${this.resolve(root.args[0]!).replace(/\/+$/, "")}/`,
      script: false,
    }];
    this.#sources = [...aliases, ...whole];
  }

  /** All names that files can have, with slashes at their ends; undefined where expressions make them. */
  get roots(): readonly string[] | undefined {
    if (this.#sources.some(({ expression }) => expression)) return undefined;
    return this.#sources.map(({ target }) => `${target.replace(/\/+$/, "")}/`);
  }

  /**
   * Puts files in.
   *
   * @param passes what is proxied, in order; without a target it is left to files
   * @returns the same, and behind it what leads to files
   */
  around(passes: readonly Pass[]): Pass[] {
    const left = passes.flatMap((pass) => pass.target === undefined ? this.#leftOut(pass) : [pass]);
    // Whatever takes all leaves nothing to them.
    if (passes.some(({ target, expression, path }) => target !== undefined && expression && takesAll(path))) {
      return left;
    }
    return [...left, ...this.#sources.map((source) => this.#pass(source, source.path, source.target))];
  }

  /** What a pass leaves out, by the files that it leads to. */
  #leftOut(pass: Pass): Pass[] {
    if (pass.expression) {
      return [
        ...this.#sources.map((source) => this.#within(source, pass.path)),
        pass,
      ];
    }
    const below = this.#sources.filter(({ path, expression }) => !expression && coversPath(pass.path, path));
    const around = this.#sources.find(({ path, expression }) =>
      !expression && path !== pass.path && coversPath(path, pass.path)
    );
    const made = below.map((source) => this.#pass(source, source.path, source.target));
    if (around !== undefined) {
      // What follows the path of the alias follows the name of the directory, character by character.
      const rest = pass.path.slice(around.path.length);
      made.push(this.#pass(around, pass.path, around.target + decodeURIComponent(rest)));
    }
    const expressions = this.#sources.filter(({ expression }) => expression);
    return [
      ...expressions.map((source) => this.#within(source, `^${escaped(pass.path)}`)),
      ...made,
      ...made.some(({ path }) => path === pass.path) ? [] : [pass],
    ];
  }

  /** Files for what an expression matches as well. */
  #within(source: Source, expression: string): Pass {
    const also = `^(?=.*?(?:${withoutGroups(expression)}))`;
    if (source.expression) return this.#pass(source, `${also}.*?(?:${source.path})`, source.target);
    const path = decodeURIComponent(source.path);
    const rest = path.endsWith("/") ? ".*" : "(?:$|/.*)";
    const target = `${source.target.replaceAll("$", "$$$$")}$1`;
    return this.#pass({ ...source, expression: true }, `${also}${escaped(path)}(${rest})`, target);
  }

  #source(alias: Alias): Source[] {
    const { spot, path, target, expression } = alias;
    if (expression) {
      const read = this.faults.take(readExpression(path), spot);
      return read === undefined ? [] : [{ ...alias, path: read, target: this.#whole(target) }];
    }
    const read = this.faults.take(readDecodedPath(path), spot);
    return read === undefined ? [] : [{ ...alias, path: read, target: this.#whole(target) }];
  }

  /** The whole name, with the slash at its end that it has. */
  #whole(target: string): string {
    const name = this.resolve(target);
    return target.endsWith("/") && !name.endsWith("/") ? `${name}/` : name;
  }

  #pass({ spot, expression, script }: Source, path: string, target: string): Pass {
    return {
      spot,
      path,
      expression,
      target: undefined,
      files: { name: expression ? target : posix.normalize(target), script },
      parameters: NO_PARAMETERS,
      url: "",
      settings: {},
    };
  }
}

function takesAll(expression: string): boolean {
  return /^\^?\(?\/?\(?(\.\*)?\)?\)?\$?$/.test(expression);
}

/** The same expression with nothing in it that is remembered. */
function withoutGroups(expression: string): string {
  return expression.replace(
    /\\[^]|\[(?:\\[^]|[^\]\\])*\]|\((?!\?)|\(\?<\w+>/g,
    (part) => part === "(" || part.startsWith("(?<") ? "(?:" : part,
  );
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}
