/** Where files of a server are: DocumentRoot, Alias and its like. */

import type { Directive } from "../tree.ts";
import type { Faults } from "../faults.ts";
import { quote } from "../../reading.ts";

/** Each with the number of its arguments, and what they are, for people. */
export const ALIAS_DIRECTIVES = [
  ["DocumentRoot", 1, 1, "a directory"],
  ["Alias", 2, 2, "a path and a directory"],
  ["AliasMatch", 2, 2, "an expression and a directory"],
  ["ScriptAlias", 2, 2, "a path and a directory"],
  ["ScriptAliasMatch", 2, 2, "an expression and a directory"],
] as const;

/** Files of another directory than DocumentRoot has. */
export interface Alias {
  readonly spot: Directive;
  /** A path, or an expression for one. */
  readonly path: string;
  readonly expression: boolean;
  /** A name of a directory or file; with an expression, what is made of its groups. */
  readonly target: string;
  /** Whether what is there are programs. */
  readonly script: boolean;
}

/** Collects them, in order. */
export class AliasWords {
  readonly aliases: Alias[] = [];
  documentRoot: Directive | undefined;

  constructor(readonly faults: Faults) {}

  /** Takes a directive in; others are left alone. @returns whether it was one of these */
  take(directive: Directive): boolean {
    const name = directive.name.toLowerCase();
    const [path = "", target = ""] = directive.args;
    switch (name) {
      case "documentroot":
        this.documentRoot = directive;
        return true;
      case "alias":
      case "aliasmatch":
      case "scriptalias":
      case "scriptaliasmatch": {
        const expression = name.endsWith("match");
        if (!expression && !path.startsWith("/")) {
          this.faults.add(directive, `Found the path ${quote(path)}; write one that starts with "/"`);
          return true;
        }
        this.aliases.push({ spot: directive, path, expression, target, script: name.startsWith("script") });
        return true;
      }
    }
    return false;
  }
}
