/** What stands behind the URL of a pass: the mapped path of a route. */

import { readMapTo, readTemplate } from "../mapping.ts";
import { quote } from "../reading.ts";
import { groupsOf } from "./expressions.ts";
import type { Faults } from "./faults.ts";
import type { Pass } from "./passes.ts";
import { looksEncoded } from "./paths.ts";
import type { Servers } from "./servers.ts";
import type { Target } from "./targets.ts";

/** httpd puts what is behind the prefix behind the URL, character by character. */
export function mappedByPrefix(pass: Pass, target: Target, { faults }: Servers): { readonly mapTo?: string } {
  if (target.kind === "socket") return {};
  const { path } = target;
  const below = pass.path.endsWith("/");
  if (below && path === "") {
    const advice = `write a slash at the end of both ${quote(pass.path)} and the URL, or of none`;
    faults.warn(pass.spot, `the URL is read as ${quote(`${pass.url}/`)}; ${advice}`);
  }
  if (path === (below ? "/" : "") || path === "") return {};
  const mapTo = faults.take(readMapTo(plain(path, pass, faults)), pass.spot);
  return mapTo === undefined ? {} : { mapTo };
}

/** httpd takes a URL for decoded: a percent sign in it is one, and is encoded on the way. */
function plain(path: string, pass: Pass, faults: Faults): string {
  if (looksEncoded(path)) {
    faults.warn(
      pass.spot,
      `${
        quote(path)
      } is encoded once more on the way to the server, as httpd does; write the characters themselves`,
    );
  }
  return path.replaceAll("%", "%25");
}

/** A template; without a reference in it httpd puts the whole path behind the URL. */
export function mappedByExpression(
  pass: Pass,
  target: Target,
  { faults }: Servers,
): { readonly match?: string; readonly mapTo?: string } {
  if (target.kind === "socket") return {};
  const { path } = target;
  if (path === "") return {};
  const groups = groupsOf(pass.path);
  // A group that does not exist is nothing.
  const template = plain(path, pass, faults).replace(/\\\$/g, "$$$$").replace(/\$(?![\d$])/g, "$$$$")
    .replace(/(\$\$)|\$(\d)/g, (part, dollar, group) => dollar || Number(group) <= groups ? part : "");
  if (/\$\d/.test(path.replace(/\\\$/g, ""))) {
    const mapTo = faults.take(readTemplate(template || "/", pass.path), pass.spot);
    return mapTo === undefined ? {} : { mapTo };
  }
  // So that $0 is the whole path: it has to match anywhere in it.
  const match = `^(?=.*?(?:${pass.path})).*`;
  const mapTo = faults.take(readTemplate(`${template}$0`, match), pass.spot);
  return mapTo === undefined ? {} : { match, mapTo };
}
