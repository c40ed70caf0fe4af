/** Redirect, RedirectMatch, RedirectPermanent, RedirectTemp (mod_alias). */

import type { Redirect } from "../../../rules/model.ts";
import { quote } from "../../reading.ts";
import type { Faults } from "../faults.ts";
import type { Directive } from "../tree.ts";
import { readPattern, readTemplate } from "./reading.ts";

const WORDS: Readonly<Record<string, number>> = { permanent: 301, temp: 302, seeother: 303, gone: 410 };

/** Reads one of them. @param inSection whether it stands where its path is that of the section */
export function readRedirect(directive: Directive, inSection: boolean, faults: Faults): Redirect | undefined {
  const name = directive.name.toLowerCase();
  const words = [...directive.args];
  let status = name === "redirectpermanent" ? 301 : 302;
  if (name === "redirect" || name === "redirectmatch") {
    const word = words[0]!.toLowerCase();
    const number = WORDS[word] ?? (/^\d{3}$/.test(word) ? Number(word) : undefined);
    if (number !== undefined) {
      status = number;
      words.shift();
    }
  }
  if (status < 300 || status > 599) {
    faults.add(directive, `Found the status ${status}; write one from 300 to 599`);
    return undefined;
  }
  const leads = status < 400;
  const isMatch = name === "redirectmatch";
  const hasPath = words.length === (leads ? 2 : 1);
  if (!hasPath && !(inSection && !isMatch && words.length === (leads ? 1 : 0))) {
    faults.add(
      directive,
      `Takes ${leads ? "a path and a URL" : "a path, and no URL with this status"}; write that`,
    );
    return undefined;
  }
  const path = hasPath ? words.shift()! : undefined;
  const to = words.shift();
  if (to !== undefined && !/^(\/|[a-z][a-z0-9+.-]*:)/i.test(to) && !(isMatch && to.startsWith("$"))) {
    if (path !== undefined || !to.startsWith("%{")) {
      faults.add(directive, `Cannot redirect to ${quote(to)}; write a URL, or a path that begins with "/"`);
      return undefined;
    }
  }
  if (path === undefined) {
    if (to === undefined) return { status };
    // Here it is a text with gaps, and nothing is put behind it.
    const template = faults.take(readTemplate(to), directive);
    return template === undefined ? undefined : { status, to, template };
  }
  if (!isMatch) {
    if (!path.startsWith("/")) {
      faults.add(directive, `Found the path ${quote(path)}; write one that begins with "/"`);
      return undefined;
    }
    return { path, status, ...to === undefined ? {} : { to } };
  }
  const pattern = readPattern(path, directive, faults);
  return pattern === undefined ? undefined : { pattern, status, ...to === undefined ? {} : { to } };
}
