/** Which requests of a site need not be looked at one by one. */

import { type FieldOperation, isConstant, settle } from "./fields.ts";
import type { Access, Section, SiteRules } from "./model.ts";

/**
 * Whether all requests of a route are treated alike, by operations that are the same for each: then nobody has to be asked,
 * and later requests on a connection may be served by the same backend. Where anybody is kept out of anything, every
 * request of the site is looked at: a spelling of a path that is somebody else's to a server must not get past that. What
 * is said of files alone is about the routes that lead to files.
 *
 * @param route its index; undefined for what no route takes
 */
export function treatsAlike(rules: SiteRules, route: number | undefined): boolean {
  const { variables = [], rewriting, redirects = [], sections } = rules;
  if (variables.length > 0 || rewriting !== undefined || redirects.length > 0) return false;
  const own = sections.filter((section) => mayConcern(rules, section, route));
  if (own.some(({ access }) => access !== undefined && !isTrivial(access))) return false;
  return own.every((section) =>
    saysNothing(section) || isByRoute(section) && (!concerns(section, route) || isConstantSection(section))
  );
}

/** The operations for requests of such a route. */
export function constantOperations(
  rules: SiteRules,
  route: number,
): { readonly request: readonly FieldOperation[]; readonly response: readonly FieldOperation[] } {
  const own = rules.sections.filter((section) =>
    mayConcern(rules, section, route) && concerns(section, route)
  );
  const state = undefined as never;
  return {
    request: settle(own.flatMap(({ requestFields = [] }) => requestFields), state),
    response: settle(own.flatMap(({ responseFields = [] }) => responseFields), state),
  };
}

/** Whether a section may be about requests of a route: what is about files is not about others. */
function mayConcern({ files }: SiteRules, { place }: Section, route: number | undefined): boolean {
  if (place?.file === undefined) return true;
  return files !== undefined && route !== undefined && files.routes.includes(route);
}

/** Whether it is about access alone, and lets everybody in. */
function saysNothing(section: Section): boolean {
  return Object.keys(section).every((key) => key === "place" || key === "access");
}

/** Whether routes alone say which requests a section is about. */
function isByRoute({ place }: Section): boolean {
  return place === undefined || Object.keys(place).every((key) => key === "routes");
}

function concerns({ place }: Section, route: number | undefined): boolean {
  return place?.routes === undefined || route !== undefined && place.routes.includes(route);
}

function isConstantSection(
  { variables, rewriting, redirects, requestFields, responseFields }: Section,
): boolean {
  return variables === undefined && rewriting === undefined && redirects === undefined &&
    isConstant(requestFields ?? []) && isConstant(responseFields ?? []);
}

/** Whether everybody is let in by it. */
export function isTrivial({ requirement, parties }: Access): boolean {
  const granted = requirement === undefined ||
    requirement.kind === "several" && requirement.methods === undefined &&
      requirement.of.every((part) => part.kind === "all" && part.granted);
  const admitted = parties === undefined ||
    parties.deny.length === 0 && (parties.order !== "allow,deny" ||
        parties.allow.some(({ kind, methods }) => kind === "all" && methods === undefined)) ||
    parties.order === "deny,allow" &&
      parties.allow.some(({ kind, methods }) => kind === "all" && methods === undefined);
  return granted && admitted;
}
