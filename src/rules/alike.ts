/** Which requests of a site need not be looked at one by one. */

import { type FieldOperation, isConstant, settle } from "./fields.ts";
import type { Access, Section, SiteRules } from "./model.ts";
import { sectionsByRoute } from "./sections.ts";

/**
 * Whether all requests of a route are treated alike, by operations that are the same for each: then nobody has to be asked,
 * and later requests on a connection may be served by the same backend. Where anybody is kept out of anything, every
 * request of the site is looked at: a spelling of a path that is somebody else's to a server must not get past that. What
 * is said of files alone is about the routes that lead to files.
 *
 * @param route its index; undefined for what no route takes
 */
export function treatsAlike(rules: SiteRules, route: number | undefined): boolean {
  const isFile = isOfFiles(rules, route);
  let verdicts = known.get(rules);
  if (verdicts === undefined) known.set(rules, verdicts = new Map());
  let common = verdicts.get(isFile);
  if (common === undefined) verdicts.set(isFile, common = mayTreatAlike(rules, isFile));
  return common &&
    sectionsByRoute(rules).naming(route).every((section) =>
      !mayConcern(section, isFile) || saysNothing(section) || isConstantSection(section)
    );
}

/** What has been found of sites, with what is said of files and without. */
const known = new WeakMap<SiteRules, Map<boolean, boolean>>();

/** Whether the requests of a route may be treated alike, as far as that is the same for all routes. */
function mayTreatAlike(rules: SiteRules, isFile: boolean): boolean {
  const { variables = [], rewriting, redirects = [], sections } = rules;
  if (variables.length > 0 || rewriting !== undefined || redirects.length > 0) return false;
  const own = sections.filter((section) => mayConcern(section, isFile));
  if (own.some(({ access }) => access !== undefined && !isTrivial(access))) return false;
  return own.every((section) =>
    saysNothing(section) ||
    isByRoute(section) && (section.place?.routes !== undefined || isConstantSection(section))
  );
}

/** The operations for requests of such a route. */
export function constantOperations(
  rules: SiteRules,
  route: number,
): { readonly request: readonly FieldOperation[]; readonly response: readonly FieldOperation[] } {
  const isFile = isOfFiles(rules, route);
  const own = sectionsByRoute(rules).of(route).filter((section) => mayConcern(section, isFile));
  const state = undefined as never;
  return {
    request: settle(own.flatMap(({ requestFields = [] }) => requestFields), state),
    response: settle(own.flatMap(({ responseFields = [] }) => responseFields), state),
  };
}

/** Whether a route leads to files. */
function isOfFiles({ files }: SiteRules, route: number | undefined): boolean {
  return files !== undefined && route !== undefined && files.routes.includes(route);
}

/** Whether a section may be about requests: what is about files is not about others. */
function mayConcern({ place }: Section, isFile: boolean): boolean {
  return place?.file === undefined || isFile;
}

/** Whether it is about access alone, and lets everybody in. */
function saysNothing(section: Section): boolean {
  return Object.keys(section).every((key) => key === "place" || key === "access");
}

/** Whether routes alone say which requests a section is about. */
function isByRoute({ place }: Section): boolean {
  return place === undefined || Object.keys(place).every((key) => key === "routes");
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
