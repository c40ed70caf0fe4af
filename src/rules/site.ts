/** All that stands around the routes of one site, put together for one request after another. */

import { escapeControls, escapeProxied } from "./bytes.ts";
import { type Findings, judgeAccess, mergeAccess, type Question } from "./access.ts";
import { challenge } from "./basic_auth.ts";
import { holds, patternOf } from "./expression.ts";
import { type Field, type FieldOperation, isConstant, settle } from "./fields.ts";
import type { FieldRule, Place, Section, SiteRules } from "./model.ts";
import { behind, redirect } from "./redirects.ts";
import { type Files, RequestState, type RequestView } from "./request.ts";
import { rewrite, type Rewritten } from "./rewriting.ts";
import { setVariables } from "./variables.ts";

/** An answer that is given here. */
export interface Answer {
  readonly status: number;
  readonly why: string;
  readonly fields: readonly Field[];
  /** For what is answered here, those of every status are carried out. */
  readonly operations: readonly FieldOperation[];
  /** Who has asked, as far as it was found out; empty or absent for nobody. */
  readonly user?: string;
}

/** What becomes of a request. */
export type Decision =
  | { readonly kind: "answer"; readonly answer: Answer }
  | { readonly kind: "ask"; readonly question: Question }
  | {
    readonly kind: "go";
    readonly request: readonly FieldOperation[];
    readonly response: readonly FieldOperation[];
    /** Path and query for the backend, and which of the site's targets that is, where rules of rewriting say so. */
    readonly target?: string;
    readonly targetIndex?: number;
    readonly variables: ReadonlyMap<string, string>;
    /** Who has shown who they are; empty for nobody. */
    readonly user: string;
  };

/** Where a request goes, before anybody has asked whether it may. */
export type Way =
  /** As the routes say, for this path, decoded, where it is another than the client's. */
  | { readonly kind: "routes"; readonly path?: string; readonly state: RequestState }
  /** To a target that rewriting names. */
  | {
    readonly kind: "target";
    readonly target: number;
    readonly path: string;
    readonly query: string | undefined;
    readonly raw: boolean;
    readonly state: RequestState;
  }
  /** Nowhere: it would be a file. */
  | { readonly kind: "file"; readonly state: RequestState }
  | { readonly kind: "answer"; readonly answer: Answer };

/** The rules of one site, ready to be asked. */
export class SiteJudge {
  /** Whether somebody is kept out of something. */
  readonly isGuarded: boolean;

  /** @param files what the system says of paths */
  constructor(readonly rules: SiteRules, readonly files: Files) {
    const { rewriting, sections } = rules;
    this.isGuarded = sections.some(({ access }) => access !== undefined) || rewriting !== undefined;
  }

  /** Which way a request goes: what stands before the routes is carried out. */
  way(view: RequestView): Way {
    const state = new RequestState(view, this.rules, this.files);
    setVariables(this.rules.variables ?? [], state);
    const { rewriting } = this.rules;
    if (rewriting === undefined) return { kind: "routes", state };
    return this.#wayOf(rewrite(rewriting, state, state.path), state);
  }

  #wayOf(rewritten: Rewritten, state: RequestState): Way {
    switch (rewritten.kind) {
      case "same":
        return { kind: "routes", state };
      case "answer":
        return this.#answer(state, rewritten.status, "a rule of rewriting says so");
      case "redirect": {
        const fields: Field[] = [["Location", escapeControls(rewritten.to)]];
        return this.#answer(state, rewritten.status, "a rule of rewriting sends it elsewhere", fields);
      }
      case "proxy":
        return { ...rewritten, kind: "target", state };
      case "path":
        if (!rewritten.passThrough) return { kind: "file", state };
        state.path = rewritten.path;
        return { kind: "routes", path: rewritten.path, state };
    }
  }

  #answer(
    state: RequestState,
    status: number,
    why: string,
    fields: readonly Field[] = [],
  ): Way & { kind: "answer" } {
    return {
      kind: "answer",
      answer: this.answer(state, this.#sectionsOf(state, undefined), status, why, fields),
    };
  }

  /** An answer with what sections say of its fields. */
  answer(
    state: RequestState,
    sections: readonly Section[],
    status: number,
    why: string,
    fields: readonly Field[] = [],
  ): Answer {
    const rules = sections.flatMap(({ responseFields = [] }) => responseFields).filter(({ always }) =>
      always
    );
    return { status, why, fields, operations: settle(rules, state), user: state.user };
  }

  /**
   * Decides about a request whose route is known.
   *
   * @param route its index; undefined where none takes it
   * @param serves whether somebody serves the route
   */
  decide(
    way: Exclude<Way, { kind: "answer" }>,
    route: number | undefined,
    serves: boolean,
    findings: Findings,
  ): Decision {
    const { state } = way;
    if (!serves && way.kind === "routes") {
      const found = redirect(this.rules.redirects ?? [], state);
      if (found !== undefined) {
        const sections = this.#sectionsOf(state, route);
        return this.#redirected(state, sections, found.status, found.location);
      }
    }
    let sections = this.#sectionsOf(state, route);
    setVariables(sections.flatMap(({ variables = [] }) => variables.filter(isEarly)), state);
    sections = this.#sectionsOf(state, route);
    if (this.rules.ignoreAccess !== true) {
      const refused = this.#judge(state, sections, findings);
      if (refused !== undefined) return refused;
    }
    return this.#fixUp(way, sections, route, serves);
  }

  #judge(state: RequestState, sections: readonly Section[], findings: Findings): Decision | undefined {
    const access = mergeAccess(sections.flatMap(({ access }) => access ?? []));
    const verdict = judgeAccess(access, state, findings);
    switch (verdict.kind) {
      case "granted":
        return undefined;
      case "ask":
        return verdict;
      case "forbidden":
        return { kind: "answer", answer: this.answer(state, sections, 403, verdict.why) };
      case "broken":
        return { kind: "answer", answer: this.answer(state, sections, 500, verdict.why) };
      case "unauthorized": {
        const fields: Field[] = [["WWW-Authenticate", challenge(verdict.realm)]];
        return { kind: "answer", answer: this.answer(state, sections, 401, verdict.why, fields) };
      }
    }
  }

  #redirected(
    state: RequestState,
    sections: readonly Section[],
    status: number,
    location?: string,
  ): Decision {
    const fields: Field[] = location === undefined ? [] : [["Location", location]];
    return { kind: "answer", answer: this.answer(state, sections, status, "a redirect takes it", fields) };
  }

  /** What is done once it is clear that the client may ask. */
  #fixUp(
    way: Exclude<Way, { kind: "answer" }>,
    sections: readonly Section[],
    route: number | undefined,
    serves: boolean,
  ): Decision {
    const { state } = way;
    // Of several only the innermost has a say.
    const rewriting = sections.findLast((section) => section.rewriting !== undefined)?.rewriting;
    let target: Way & { kind: "target" } | undefined = way.kind === "target" ? way : undefined;
    if (rewriting !== undefined) {
      const rewritten = rewrite(rewriting, state, this.#subject(way, route, serves));
      const next = this.#wayOf(rewritten, state);
      if (next.kind === "answer") {
        return { kind: "answer", answer: { ...next.answer, operations: this.#always(sections, state) } };
      }
      if (next.kind === "target") target = next;
      else if (next.kind === "file" || rewritten.kind === "path") {
        return { kind: "answer", answer: this.answer(state, sections, 404, "it would be a file") };
      }
    }
    const found = redirect(sections.toReversed().flatMap(({ redirects = [] }) => redirects), state);
    if (found !== undefined) return this.#redirected(state, sections, found.status, found.location);
    if (target === undefined && (!serves || way.kind === "file")) {
      const why = route === undefined ? "no route covers the request" : "nobody serves this path";
      return { kind: "answer", answer: this.answer(state, sections, 404, why) };
    }
    setVariables(sections.flatMap(({ variables = [] }) => variables.filter((rule) => !isEarly(rule))), state);
    return {
      kind: "go",
      request: settle(sections.flatMap(({ requestFields = [] }) => requestFields), state),
      response: settle(sections.flatMap(({ responseFields = [] }) => responseFields), state),
      ...target === undefined ? {} : { target: targetText(target), targetIndex: target.target },
      variables: state.variables,
      user: state.user,
    };
  }

  #always(sections: readonly Section[], state: RequestState): FieldOperation[] {
    return settle(
      sections.flatMap(({ responseFields = [] }) => responseFields).filter(isForErrors),
      state,
    );
  }

  /** What patterns of a section are compared with: the name of a file, or of what is proxied. */
  #subject(way: Exclude<Way, { kind: "answer" }>, _route: number | undefined, serves: boolean): string {
    const { state } = way;
    if (serves || way.kind === "target") return `proxy:${state.path}`;
    return (this.rules.documentRoot ?? "") + state.path;
  }

  #sectionsOf(state: RequestState, route: number | undefined): Section[] {
    return this.rules.sections.filter(({ place }) => place === undefined || isIn(place, state, route));
  }
}

function isIn(
  { path, pattern, routes, condition }: Place,
  state: RequestState,
  route: number | undefined,
): boolean {
  if (path !== undefined && behind(path.replace(/(?<=.)\/$/, ""), state.path) === undefined) return false;
  if (path?.endsWith("/") && path !== "/" && !state.path.startsWith(path)) return false;
  if (pattern !== undefined && !patternOf(pattern).test(state.path)) return false;
  if (routes !== undefined && (route === undefined || !routes.includes(route))) return false;
  return condition === undefined || holds(condition, { state, groups: [] });
}

/** Whether a rule is also about answers that are given here. */
function isForErrors({ always, everywhere }: FieldRule): boolean {
  return always === true || everywhere === true;
}

/** SetEnvIf has its turn before access is decided, SetEnv after it. */
function isEarly({ kind }: { readonly kind: string }): boolean {
  return kind === "if" || kind === "expression";
}

/**
 * Whether all requests of a route are treated alike, by operations that are the same for each: then nobody has to be asked,
 * and later requests on a connection may be served by the same backend. Where anybody is kept out of anything, every
 * request of the site is looked at: a spelling of a path that is somebody else's to a server must not get past that.
 *
 * @param route its index; undefined for what no route takes
 */
export function treatsAlike(rules: SiteRules, route: number | undefined): boolean {
  const { variables = [], rewriting, redirects = [], sections } = rules;
  return variables.length === 0 && rewriting === undefined && redirects.length === 0 &&
    sections.every((section) =>
      isByRoute(section) && section.access === undefined &&
      (!concerns(section, route) || isConstantSection(section))
    );
}

/** The operations for requests of such a route. */
export function constantOperations(
  { sections }: SiteRules,
  route: number,
): { readonly request: readonly FieldOperation[]; readonly response: readonly FieldOperation[] } {
  const own = sections.filter((section) => concerns(section, route));
  const state = undefined as never;
  return {
    request: settle(own.flatMap(({ requestFields = [] }) => requestFields), state),
    response: settle(own.flatMap(({ responseFields = [] }) => responseFields), state),
  };
}

/** Whether routes alone say which requests a section is about. */
function isByRoute({ place }: Section): boolean {
  return place === undefined || Object.keys(place).every((key) => key === "routes");
}

function concerns({ place }: Section, route: number | undefined): boolean {
  return place?.routes === undefined || route !== undefined && place.routes.includes(route);
}

function isConstantSection(
  { access, variables, rewriting, redirects, requestFields, responseFields }: Section,
): boolean {
  return access === undefined && variables === undefined && rewriting === undefined &&
    redirects === undefined && isConstant(requestFields ?? []) && isConstant(responseFields ?? []);
}

/** The target of a rewritten request as it stands in a request line. */
function targetText({ path, query, raw }: Way & { readonly kind: "target" }): string {
  const encoded = raw ? escapeControls(path) : escapeProxied(path);
  return query === undefined ? encoded : `${encoded}?${escapeControls(query)}`;
}

/** How a path that rewriting has made is spelt in a request. */
export function spelt(path: string): string {
  return escapeProxied(path);
}
