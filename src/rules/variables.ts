/** Variables of a request: SetEnvIf, BrowserMatch, SetEnv and their like (mod_setenvif, mod_env). */

import { bytesOf } from "./bytes.ts";
import { groupsOf, holds, patternOf } from "./expression.ts";
import type { VariableRule } from "./model.ts";
import { formatAddress } from "./networks.ts";
import type { RequestState } from "./request.ts";

/** Applies rules, one after another. */
export function setVariables(rules: readonly VariableRule[], state: RequestState): void {
  for (const rule of rules) {
    switch (rule.kind) {
      case "set":
        state.variables.set(rule.name, bytesOf(rule.value));
        break;
      case "unset":
        state.variables.delete(rule.name);
        break;
      case "if": {
        const found = match(rule, state);
        if (found !== undefined) assign(rule.set, found, state);
        break;
      }
      case "expression": {
        const around = { state, groups: [] };
        if (holds(rule.condition, around)) assign(rule.set, around.groups, state);
        break;
      }
    }
  }
}

/** The groups of what an attribute matches. */
function match(
  rule: VariableRule & { readonly kind: "if" },
  state: RequestState,
): readonly string[] | undefined {
  const pattern = patternOf(rule.pattern, rule.ignoreCase);
  const text = EXPRESSION.test(rule.attribute) ? fieldBy(rule, state) : attribute(rule.attribute, state);
  const found = pattern.exec(text);
  return found === undefined ? undefined : groupsOf(text, found);
}

/** What makes the name of an attribute an expression for names of fields. */
const EXPRESSION = /[\\^$.*+?()[\]{}|]/;

/** The last field that an expression fits; empty where there is none. */
function fieldBy(
  { attribute, ignoreCase }: VariableRule & { readonly kind: "if" },
  { view }: RequestState,
): string {
  const pattern = patternOf(attribute, ignoreCase);
  return view.fields().findLast(([name]) => pattern.test(name))?.[1] ?? "";
}

/** An attribute is one of the request's own, or a field, or a variable that was set before; of nothing it is empty. */
function attribute(name: string, state: RequestState): string {
  const { view } = state;
  switch (name.toLowerCase()) {
    case "remote_addr":
    case "remote_host":
      return formatAddress(view.client);
    case "server_addr":
      return formatAddress(view.local);
    case "request_method":
      return view.method;
    case "request_protocol":
      return `HTTP/1.${view.minor}`;
    case "request_uri":
      return state.path;
    case "remote_user":
      return state.user;
  }
  return view.field(name.toLowerCase()) ?? state.variables.get(name) ?? "";
}

function assign(
  set: readonly (readonly [name: string, value: string | undefined])[],
  groups: readonly string[],
  { variables }: RequestState,
): void {
  for (const [name, value] of set) {
    if (value === undefined) variables.delete(name);
    else variables.set(name, bytesOf(value).replace(/\$(\d)/g, (_, group) => groups[Number(group)] ?? ""));
  }
}
