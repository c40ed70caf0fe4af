/** The kinds of backends on the command line: one of them is chosen. */

import type { Command, Option } from "commander";
import type { BackendKind } from "../../config/config.ts";
import { UsageError } from "../../control/failure.ts";
import { documentsOptions } from "./documents.ts";
import { execOptions } from "./exec.ts";
import { fastcgiOptions } from "./fastcgi.ts";
import { fetchOptions } from "./fetch.ts";
import type { KindOptions, Values } from "./kind.ts";
import { relayOptions } from "./relay.ts";
import { staticOptions } from "./static.ts";
import { tlsOptions } from "./tls.ts";

const BY_NAME: { readonly [Name in BackendKind["kind"]]: KindOptions } = {
  fetch: fetchOptions,
  static: staticOptions,
  exec: execOptions,
  relay: relayOptions,
  documents: documentsOptions,
  fastcgi: fastcgiOptions,
  tls: tlsOptions,
};
/** In the order in which they are listed to people. */
const KINDS: readonly KindOptions[] = Object.values(BY_NAME);

/** Adds the options of all kinds to a command. */
export function addKindOptions(command: Command): void {
  for (const { choice, more } of KINDS) {
    command.addOption(choice);
    // Kinds may share an option.
    for (const option of more) if (!command.options.includes(option)) command.addOption(option);
  }
}

/**
 * Finds out which kind is chosen.
 *
 * @param values the options of the command
 * @param operands what stands behind them
 * @throws {UsageError} for none, several, or options of another kind
 */
export function readKind(values: Values, operands: readonly string[] = []): BackendKind {
  // An option and its negation have one name.
  const given = (option: Option) => {
    const value = values[option.attributeName()];
    return value !== undefined && (value === false) === option.negate;
  };
  const [kind, other] = KINDS.filter(({ choice }) => given(choice));
  if (kind === undefined || other !== undefined) {
    const choices = KINDS.map(({ choice }) => flag(choice));
    const last = choices.pop();
    throw new UsageError(`Cannot tell what the backend runs: give one of ${choices.join(", ")} and ${last}`);
  }
  for (const { choice, more } of KINDS) {
    const stray = choice === kind.choice ? undefined : more.find(given);
    if (stray === undefined) continue;
    // Kinds may share an option, and then it is nobody's alone.
    if (kind.more.some(({ long }) => long === stray.long)) continue;
    throw new UsageError(`Cannot use ${stray.long} without ${flag(choice)}`);
  }
  if (operands.length > 0 && !kind.takesOperands) {
    throw new UsageError(
      `Cannot use ${JSON.stringify(operands[0])}: only --exec takes a program and its arguments`,
    );
  }
  return kind.read(values, operands);
}

/** `--static DIR` */
function flag({ flags }: Option): string {
  return flags.replace(/<(\w+)>/, (_, word: string) => word.toUpperCase());
}
