/**
 * Fields of requests and responses (mod_headers). Rules are settled by the front, who knows the request; what is left are
 * operations of plain texts, which travel with the hand-off, and which backends carry out.
 */

import { bytesOf, oneLine } from "./bytes.ts";
import { expiring, type ExpiryRules, mergeExpiry } from "./expires.ts";
import {
  asksAnswerer,
  type Condition,
  fill,
  groupsOf,
  holds,
  isOfAnswerer,
  OF_ANSWERER,
  type Part,
  patternOf,
  type ResponseView,
  type Surroundings,
  type Template,
} from "./expression.ts";
import type { FieldRule } from "./model.ts";
import type { RequestState } from "./request.ts";

/** A field as it stands in a head. */
export type Field = readonly [name: string, value: string];

/** Something to do to the fields of a head. */
export interface FieldOperation {
  readonly action: Exclude<FieldRule["action"], "note" | "echo">;
  readonly name: string;
  readonly value?: string;
  /** Of responses: the value where whoever answers has to fill gaps in it. */
  readonly template?: Template;
  readonly pattern?: string;
  readonly ignoreCase?: true;
  /** Of responses: in the list of those that errors have too. */
  readonly always?: true;
  /** Of responses: of whoever gives them. */
  readonly everywhere?: true;
  /** What is to hold of the response; all that is about the request has been settled. */
  readonly condition?: Condition;
  /** Of `expires`: what holds, and whether the response is a file. */
  readonly expires?: ExpiryRules;
  readonly ofFile?: true;
}

/**
 * Fields that say where a message ends and who the next hop is: they are nobody's to set, since two parties have to agree
 * about them.
 */
export const FRAMING: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Settles rules for one request. */
export function settle(rules: readonly FieldRule[], state: RequestState): FieldOperation[] {
  const around: Surroundings = { state, groups: [] };
  const operations: FieldOperation[] = [];
  const expiry = mergeExpiry(rules.flatMap(({ expires }) => expires ?? []));
  if (expiry.active) {
    // Of rules that are the same for every request there is no state, and no file's time counts.
    const ofFile = state?.file === undefined ? {} : { ofFile: true as const };
    operations.push({ action: "expires", name: "Expires", expires: expiry, ...ofFile });
  }
  for (const { action, name, value, condition, ...rest } of rules) {
    const later = condition !== undefined && asksAnswerer(condition);
    if (condition !== undefined && !later && !holds(condition, around)) continue;
    const common = { ...rest, ...later ? { condition: residue(condition, around) } : {} };
    if (action === "note" || action === "expires") continue;
    if (action === "echo") {
      const pattern = patternOf(`^(?:${name})$`, true);
      for (const [own, text] of state.view.fields()) {
        if (pattern.test(own)) operations.push({ ...common, action: "add", name: own, value: text });
      }
      continue;
    }
    operations.push({
      ...common,
      action,
      name,
      ...value === undefined
        ? {}
        : value.some(isOfAnswerer)
        ? { template: value.flatMap((part) => known(part, around)) }
        : { value: oneLine(fill(value, around)) },
    });
  }
  return operations;
}

/** Whether rules come to the same for every request. */
export function isConstant(rules: readonly FieldRule[]): boolean {
  return rules.every(({ action, value = [], condition, expires }) =>
    action !== "echo" && !countsModification(expires) && condition === undefined &&
    value.every((part) => typeof part === "string")
  );
}

/** Whether it is asked when a file was changed. */
function countsModification({ types = {}, otherwise }: ExpiryRules = {}): boolean {
  return [...Object.values(types), otherwise].some((expiry) => expiry?.from === "modification");
}

/** A condition with all that is about the request put in. */
function residue(condition: Condition, around: Surroundings): Condition {
  const text = (template: Template): Template => template.flatMap((part): Template => known(part, around));
  switch (condition.kind) {
    case "constant":
      return condition;
    case "set":
      if (OF_ANSWERER.test(condition.variable)) return condition;
      return { kind: "constant", value: holds(condition, around) };
    case "not":
      return { kind: "not", of: residue(condition.of, around) };
    case "and":
    case "or":
      return { kind: condition.kind, of: condition.of.map((part) => residue(part, around)) };
    case "compare":
      return { ...condition, left: text(condition.left), right: text(condition.right) };
    case "in":
      return { ...condition, left: text(condition.left), list: condition.list.map(text) };
    case "match":
    case "test":
      return { ...condition, of: text(condition.of) };
  }
}

function known(part: Part, around: Surroundings): Template {
  if (typeof part === "string") return [part];
  if ("call" in part && (part.call === "resp")) return [part];
  if (isOfAnswerer(part)) {
    return [
      "call" in part ? { ...part, argument: part.argument.flatMap((own) => known(own, around)) } : part,
    ];
  }
  if ("variable" in part && /^(REQUEST_STATUS|CONTENT_TYPE)$/.test(part.variable)) return [part];
  return [fill([part], around)];
}

/** Whether two names are one to a program that has them as variables (RFC 3875, 4.1.18): there `-` and `_` are the same. */
export function variableName(name: string): string {
  return name.toLowerCase().replaceAll("_", "-");
}

/**
 * Carries out what is to be done to the fields of a request. A field whose name a program could take for one that is set
 * here goes as well: nobody but the configuration says it.
 */
export function changeRequest(fields: readonly Field[], operations: readonly FieldOperation[]): Field[] {
  const set = new Set(
    operations.filter(({ action }) => action === "set" || action === "unset").map(({ name }) =>
      variableName(name)
    ),
  );
  const exact = new Set(operations.map(({ name }) => name.toLowerCase()));
  const own = fields.filter(([name]) =>
    !name.includes("_") || exact.has(name.toLowerCase()) || !set.has(variableName(name))
  );
  return change(own, operations, undefined);
}

/**
 * Carries out what is to be done to the fields of a response.
 *
 * @param local an error that no application has said itself
 * @param environment variables that whoever answers has set
 * @param now milliseconds since 1970
 */
export function changeResponse(
  fields: readonly Field[],
  operations: readonly FieldOperation[],
  status: number,
  local = false,
  environment?: Readonly<Record<string, string>>,
  now = 0,
): Field[] {
  const response: ResponseView & { readonly now: number } = {
    status,
    now,
    field: (name) => fields.find(([own]) => own.toLowerCase() === name)?.[1],
  };
  const always = change([], operations.filter((operation) => operation.always), response, environment);
  const others = local
    ? fields
    : change(fields, operations.filter((operation) => !operation.always), response, environment);
  return [...others, ...always];
}

function change(
  fields: readonly Field[],
  operations: readonly FieldOperation[],
  response: ResponseView & { readonly now: number } | undefined,
  environment: Readonly<Record<string, string>> = {},
): Field[] {
  let result = [...fields];
  for (const operation of operations) {
    const { condition, template, expires, ofFile = false } = operation;
    if (expires !== undefined && response !== undefined) {
      result = expiring(result, expires, response.status, ofFile, response.now);
      continue;
    }
    const around = { state: answererState(environment), groups: [], ...response && { response } };
    if (condition !== undefined && !holds(condition, around)) continue;
    const value = template === undefined ? {} : { value: oneLine(fill(template, around)) };
    result = changeOne(result, { ...operation, ...value });
  }
  return result;
}

/** What conditions and gaps can still ask for: variables that whoever answers has set. All about the request is settled. */
function answererState(environment: Readonly<Record<string, string>>): RequestState {
  const variables = new Map(Object.entries(environment));
  const variable = (name: string) => variables.get(name.replace(/^ENV:/, "")) ?? "";
  return { variables, variable } as RequestState;
}

function changeOne(
  fields: Field[],
  { action, name, value = "", pattern, ignoreCase }: FieldOperation,
): Field[] {
  const lower = name.toLowerCase();
  const isOwn = ([other]: Field) => other.toLowerCase() === lower;
  const others = () => fields.filter((field) => !isOwn(field));
  const first = fields.find(isOwn);
  switch (action) {
    case "set":
      return [...others(), [name, value]];
    case "add":
      return [...fields, [name, value]];
    case "unset":
      return others();
    case "setifempty":
      return first === undefined ? [...fields, [name, value]] : fields;
    case "append":
    case "merge": {
      if (first === undefined) return [...fields, [name, value]];
      const joined = fields.filter(isOwn).map(([, own]) => own).join(", ");
      if (action === "merge" && joined.split(",").some((item) => item.trim() === value)) return fields;
      return [...others(), [first[0], `${joined}, ${value}`]];
    }
    case "compress":
    case "expires":
      return fields;
    case "edit":
    case "edit*":
      return fields.map((field) =>
        isOwn(field) ? [field[0], edit(field[1], pattern!, value, ignoreCase, action === "edit*")] : field
      );
  }
}

function edit(text: string, source: string, replacement: string, ignoreCase = false, all: boolean): string {
  const pattern = patternOf(source, ignoreCase);
  let done = "";
  for (let rest = text;;) {
    const found = pattern.exec(rest);
    if (found === undefined) return done + rest;
    const groups = groupsOf(rest, found);
    done += rest.slice(0, found[0]) +
      replacement.replace(/\\([$\\])|\$(\d)/g, (_, plain, digit) => plain ?? groups[Number(digit)] ?? "");
    rest = rest.slice(found[1]);
    // What matches nothing would do so for ever.
    if (!all || found[1] === found[0] || rest === "") return oneLine(done + rest);
  }
}

/** Whether a text can be the value of a field as it stands. */
export function isFieldValue(text: string): boolean {
  return bytesOf(text) === oneLine(bytesOf(text));
}
