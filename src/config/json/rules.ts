/** What stands around a route of a JSON document: redirect, allow, basicAuth, requestHeaders, responseHeaders. */

import type { FieldAction, FieldRule, Redirect, Requirement, Section } from "../../rules/model.ts";
import type { Template } from "../../rules/expression.ts";
import { FRAMING, isFieldValue } from "../../rules/fields.ts";
import { readNetwork } from "../../rules/networks.ts";
import type { Resolve } from "../path.ts";
import { quote } from "../reading.ts";
import type { Path, Report } from "./report.ts";
import { isObject, textsOf } from "./value.ts";

type Entry = Readonly<Record<string, unknown>>;

/** The keys of a route that are read here. */
export const RULE_KEYS = ["redirect", "allow", "basicAuth", "requestHeaders", "responseHeaders"] as const;

/**
 * Reads them.
 *
 * @param way the route's path, or its expression
 * @param index the route's place among those of the site
 * @returns nothing where there are none
 */
export function readRouteRules(
  entry: Entry,
  at: Path,
  way: { readonly path: string; readonly match?: string },
  index: number,
  resolve: Resolve,
  report: Report,
): Section | undefined {
  const redirect = readRedirect(entry.redirect, [...at, "redirect"], way, report);
  const requirement = readRequirement(entry, at, report);
  const basicAuth = isObject(entry.basicAuth) ? entry.basicAuth : undefined;
  const requestFields = readFields(entry.requestHeaders, [...at, "requestHeaders"], {}, report);
  const responseFields = readFields(
    entry.responseHeaders,
    [...at, "responseHeaders"],
    { everywhere: true },
    report,
  );
  const section = {
    ...requirement && {
      access: {
        requirement,
        ...typeof basicAuth?.file === "string" && {
          scheme: "basic" as const,
          realm: String(basicAuth.realm ?? ""),
          userFile: resolve(basicAuth.file),
        },
      },
    },
    ...redirect && { redirects: [redirect] },
    ...requestFields.length > 0 && { requestFields },
    ...responseFields.length > 0 && { responseFields },
  };
  return Object.keys(section).length === 0 ? undefined : { place: { routes: [index] }, ...section };
}

function readRedirect(
  value: unknown,
  at: Path,
  { path, match }: { readonly path: string; readonly match?: string },
  report: Report,
): Redirect | undefined {
  if (!isObject(value) || typeof value.to !== "string") return undefined;
  const status = typeof value.status === "number" ? value.status : 302;
  const { to } = value;
  if (!/^(https?:\/\/[^\s]+|\/[^\s]*)$/i.test(to) || !isFieldValue(to)) {
    report.value(
      [...at, "to"],
      `Cannot redirect to ${quote(to)}; write a URL, or a path that begins with "/"`,
    );
    return undefined;
  }
  if (match !== undefined) return { pattern: match, status, to };
  const template: Template = (to.match(/\$path|\$host|\$|[^$]+/g) ?? []).map((part) =>
    part === "$path" ? { group: 1 } : part === "$host" ? { variable: "SERVER_NAME" } : part
  );
  return { path, status, to, template };
}

function readRequirement(entry: Entry, at: Path, report: Report): Requirement | undefined {
  const parts: Requirement[] = [];
  if (entry.allow !== undefined) {
    const networks: string[] = [];
    for (const { value, path } of textsOf(entry.allow, [...at, "allow"])) {
      if (readNetwork(value) !== undefined) networks.push(value);
      else report.value(path, `Found ${quote(value)}; write an address, or a network such as "10.0.0.0/8"`);
    }
    parts.push({ kind: "ip", networks });
  }
  if (isObject(entry.basicAuth)) {
    const users = textsOf(entry.basicAuth.users, [...at, "basicAuth", "users"]).map(({ value }) => value);
    parts.push(users.length > 0 ? { kind: "user", names: users } : { kind: "valid-user" });
  }
  return parts.length === 0 ? undefined : { kind: "several", all: true, of: parts };
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

function readFields(value: unknown, at: Path, common: { everywhere?: true }, report: Report): FieldRule[] {
  if (!isObject(value)) return [];
  const rules: FieldRule[] = [];
  const add = (action: FieldAction, name: string, path: Path, text?: string) => {
    if (!TOKEN.test(name)) {
      return report.value(path, `Found the name ${quote(name)}; write the name of a field`);
    }
    if (FRAMING.has(name.toLowerCase())) {
      return report.value(path, `Cannot change ${name}, which is between two neighbours; leave it out`);
    }
    if (text !== undefined && !isFieldValue(text)) {
      return report.value(path, `Found ${quote(text)}; write a value without line ends`);
    }
    rules.push({ action, name, ...text === undefined ? {} : { value: [text] }, ...common });
  };
  for (const { value: name, path } of textsOf(value.unset, [...at, "unset"])) add("unset", name, path);
  for (const action of ["set", "add", "append"] as const) {
    const fields = value[action];
    if (!isObject(fields)) continue;
    for (const [name, text] of Object.entries(fields)) {
      if (typeof text === "string") add(action, name, [...at, action, name], text);
    }
  }
  return rules;
}
