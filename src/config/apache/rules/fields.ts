/** Header and RequestHeader (mod_headers). */

import type { Condition } from "../../../rules/expression.ts";
import type { FieldAction, FieldRule } from "../../../rules/model.ts";
import { FRAMING } from "../../../rules/fields.ts";
import { quote } from "../../reading.ts";
import type { Faults } from "../faults.ts";
import type { Directive } from "../tree.ts";
import { readCondition, readFormat, readPattern } from "./reading.ts";

const ACTIONS: readonly string[] = [
  "set",
  "append",
  "merge",
  "add",
  "unset",
  "setifempty",
  "edit",
  "edit*",
  "note",
  "echo",
];
/** RFC 9110, 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Reads one of them. @returns nothing if it is faulty, or nobody may do what it says */
export function readField(directive: Directive, faults: Faults): FieldRule | undefined {
  const ofResponse = directive.name.toLowerCase() === "header";
  const words = [...directive.args];
  let always: { always?: true } = {};
  if (ofResponse && /^(always|onsuccess)$/i.test(words[0] ?? "")) {
    if (words.shift()!.toLowerCase() === "always") always = { always: true };
  }
  const action = (words.shift() ?? "").toLowerCase();
  const name = (words.shift() ?? "").replace(/:$/, "");
  if (!ACTIONS.includes(action) || action === "echo" && !ofResponse) {
    faults.add(
      directive,
      `Found ${quote(action)}; write one of ${ACTIONS.join(", ")}, and the name of a field`,
    );
    return undefined;
  }
  if (action === "echo") {
    const pattern = readPattern(name, directive, faults);
    return pattern === undefined ? undefined : withCondition(words, { action, name: pattern, ...always });
  }
  if (!TOKEN.test(name)) {
    faults.add(directive, `Found the name ${quote(name)}; write the name of a field`);
    return undefined;
  }
  if (FRAMING.has(name.toLowerCase())) {
    faults.warn(directive, `${name} is between two neighbours of a connection, and stays as it is`);
    return undefined;
  }
  if (action === "unset") return withCondition(words, { action, name, ...always });
  const isEdit = action.startsWith("edit");
  const first = words.shift();
  const second = isEdit ? words.shift() : undefined;
  if (first === undefined || isEdit && second === undefined) {
    faults.add(
      directive,
      `Takes ${isEdit ? "an expression and what stands in its place" : "a value"}; write it`,
    );
    return undefined;
  }
  const pattern = isEdit ? readPattern(first, directive, faults) : undefined;
  if (isEdit && pattern === undefined) return undefined;
  return withCondition(words, {
    action: action as FieldAction,
    name,
    ...pattern === undefined ? {} : { pattern },
    value: isEdit && !/^expr=/i.test(second!)
      ? [second!]
      : readFormat(isEdit ? second! : first, directive, faults),
    ...always,
  });

  function withCondition(words: readonly string[], rule: FieldRule): FieldRule | undefined {
    const rest = words.filter((word) => word.toLowerCase() !== "early");
    const [word, ...more] = rest;
    if (word === undefined) return rule;
    const condition = more.length === 0 ? conditionOf(word) : undefined;
    if (condition === undefined) {
      if (more.length > 0 || !/^expr=/i.test(word)) {
        faults.add(
          directive,
          `Found ${quote(word)} at the end; write env=NAME, env=!NAME or expr=…, in quotes`,
        );
      }
      return undefined;
    }
    return { ...rule, condition };
  }

  function conditionOf(word: string): Condition | undefined {
    const env = /^env=(!?)(.+)$/i.exec(word);
    if (env !== null) {
      const set: Condition = { kind: "set", variable: env[2]! };
      return env[1] === "" ? set : { kind: "not", of: set };
    }
    const expression = /^expr=([^]*)$/i.exec(word);
    return expression === null ? undefined : faults.take(readCondition(expression[1]!), directive);
  }
}
