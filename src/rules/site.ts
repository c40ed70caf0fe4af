/** All that stands around the routes of one site, put together for one request after another. */

import { escapeControls, escapeProxied } from "./bytes.ts";
import { type Findings, judgeAccess, mergeAccess } from "./access.ts";
import { challenge } from "./basic_auth.ts";
import type { Answer, Decision, Way } from "./decision.ts";
import { type Field, type FieldOperation, settle } from "./fields.ts";
import { namedFile, PATH_OF_SCRIPT, ROOT_OF_SCRIPT, SCRIPT, sitePath, walked } from "./file_names.ts";
import { type Handling, handlingOf, indexOf, isHandled } from "./handling.ts";
import type { FieldRule, Section, SiteRules } from "./model.ts";
import { redirect } from "./redirects.ts";
import { type Before, type Files, RequestState, type RequestView } from "./request.ts";
import { rewrite, type Rewritten } from "./rewriting.ts";
import { isIn } from "./section_place.ts";
import { sectionsByRoute } from "./sections.ts";
import { setVariables } from "./variables.ts";

export type { Answer, Decision, Way };

/** The rules of one site, ready to be asked. */
export class SiteJudge {
  /** Whether somebody is kept out of something. */
  readonly isGuarded: boolean;
  /** Whether files are run by somebody. */
  readonly #handles: boolean;
  /** @param files what the system says of paths */
  constructor(readonly rules: SiteRules, readonly files: Files) {
    const { rewriting, sections } = rules;
    this.#handles = sections.some(({ handler }) => typeof handler === "number");
    this.isGuarded = sections.some(({ access }) => access !== undefined) || rewriting !== undefined ||
      this.#handles;
  }

  /**
   * Which way a request goes: what stands before the routes is carried out.
   *
   * @param before what it was, where it has gone another way before
   */
  way(view: RequestView, before?: Before): Way {
    const state = new RequestState(view, this.rules, this.files);
    if (before !== undefined) state.inherit(before);
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
        if (!rewritten.passThrough) return { kind: "file", path: rewritten.path, state };
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
    return { status, why, fields, operations: settle(rules, state), state };
  }

  /**
   * Decides about a request whose route is known.
   *
   * @param route its index; undefined where none takes it
   * @param serves whether somebody serves the route
   * @param file the name of the file that the route leads to; undefined where it leads to none
   * @param isElsewhere whether a path, decoded, leads to somebody else than whoever sends files
   */
  decide(
    way: Exclude<Way, { kind: "answer" }>,
    route: number | undefined,
    serves: boolean,
    findings: Findings,
    file?: string,
    isElsewhere: (path: string) => boolean = () => false,
  ): Decision {
    const { state } = way;
    if (way.kind === "routes" && way.path !== undefined) state.hasMoved = true;
    state.file = way.kind === "file" ? namedFile(way.path, this.rules, this.files) : file;
    const handling = this.#handling(state, route);
    // Who may have it run is said of the file, whatever of the path follows.
    if (handling !== undefined) state.file = handling.script;
    // Redirects are for what is not proxied.
    if ((!serves || file !== undefined) && way.kind === "routes") {
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
    return this.#fixUp(way, sections, route, serves || state.file !== undefined, handling, isElsewhere);
  }

  #handling(state: RequestState, route: number | undefined): Handling | undefined {
    const { file } = state;
    if (!this.#handles || file === undefined) return undefined;
    return handlingOf(file, (name) => this.#sectionsFor(name, state, route), this.files);
  }

  /** What holds for another file than that of the request. */
  #sectionsFor(name: string, state: RequestState, route: number | undefined): Section[] {
    const { file } = state;
    state.file = name;
    const sections = this.#sectionsOf(state, route);
    state.file = file;
    return sections;
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
    handling: Handling | undefined,
    isElsewhere: (path: string) => boolean,
  ): Decision {
    const { state } = way;
    // Of several only the innermost has a say.
    const rewriting = sections.findLast((section) => section.rewriting !== undefined)?.rewriting;
    let target: Way & { kind: "target" } | undefined = way.kind === "target" ? way : undefined;
    if (state.hasMoved || handling !== undefined) state.variables.set(PATH_OF_SCRIPT, state.path);
    if (handling !== undefined) {
      const { script, info } = handling;
      state.variables.set(SCRIPT, script);
      if (this.rules.documentRoot !== undefined) state.variables.set(ROOT_OF_SCRIPT, this.rules.documentRoot);
      const { query } = state;
      target = { kind: "target", target: handling.target, path: script + info, query, raw: false, state };
    } else if (way.kind === "file" && state.file !== undefined) target = this.#fileTarget(state);
    if (rewriting !== undefined) {
      const before = state.path;
      if (state.file !== undefined) state.fileName = walked(state.file, this.files);
      const rewritten = rewrite(rewriting, state, state.file ?? `proxy:${state.path}`);
      if (rewritten.kind === "path") {
        // What a rule makes of a file is another path of the site, which goes all the way again.
        const path = sitePath(rewritten.path, this.rules);
        if (path !== before) {
          return { kind: "again", path, query: state.query, variables: state.variables, from: before };
        }
      }
      const next = this.#wayOf(rewritten, state);
      if (next.kind === "answer") {
        return { kind: "answer", answer: { ...next.answer, operations: this.#always(sections, state) } };
      }
      if (next.kind === "target") target = next;
    }
    if (handling === undefined && state.file !== undefined && isHandled(sections)) {
      const status =
        this.files.is("directory", state.file) || this.files.is("file", walked(state.file, this.files))
          ? 403
          : 404;
      return {
        kind: "answer",
        answer: this.answer(state, sections, status, "it is no program that can be run"),
      };
    }
    const fallback = this.#index(state, route, isElsewhere) ?? this.#fallback(way, sections);
    if (fallback !== undefined) {
      return { kind: "again", path: fallback, query: state.query, variables: state.variables };
    }
    const found = redirect(sections.toReversed().flatMap(({ redirects = [] }) => redirects), state);
    if (found !== undefined) return this.#redirected(state, sections, found.status, found.location);
    if (target === undefined && !serves) {
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

  /** The path of what stands for a directory, if it is for somebody else, or more is said of it by its name. */
  #index(
    state: RequestState,
    route: number | undefined,
    isElsewhere: (path: string) => boolean,
  ): string | undefined {
    const { file, path } = state;
    if (file === undefined || !path.endsWith("/") || !this.files.is("directory", file)) return undefined;
    const directory = { name: file.replace(/\/*$/, "/"), path };
    const sectionsOf = (name: string) => this.#sectionsFor(name, state, route);
    return indexOf(directory, sectionsOf, this.files, isElsewhere);
  }

  /** The path that takes what is no file, where there is one and it is not asked for already. */
  #fallback({ state }: Exclude<Way, { kind: "answer" }>, sections: readonly Section[]): string | undefined {
    const { file } = state;
    if (file === undefined) return undefined;
    const fallback = sections.findLast((section) => section.fallback !== undefined)?.fallback;
    if (fallback === undefined || fallback === false || fallback === state.path) return undefined;
    if (this.files.is("directory", file)) {
      // Without a slash at its end the client is sent elsewhere.
      if (!state.path.endsWith("/")) return undefined;
      const index = sections.findLast((section) => section.index !== undefined)?.index ?? ["index.html"];
      const isThere = index.some((name) => this.files.is("file", `${file.replace(/\/$/, "")}/${name}`));
      return isThere ? undefined : fallback;
    }
    return this.files.is("file", file) ? undefined : fallback;
  }

  /** Whoever serves files by their names, for the one that a rule has made. */
  #fileTarget(state: RequestState): Way & { kind: "target" } | undefined {
    const { target, host } = this.rules.files ?? {};
    if (target === undefined) return undefined;
    const { query } = state;
    return { kind: "target", target, path: `/${host}${state.file}`, query, raw: false, state };
  }

  #sectionsOf(state: RequestState, route: number | undefined): Section[] {
    return sectionsByRoute(this.rules).of(route).filter(({ place }) =>
      place === undefined || isIn(place, state)
    );
  }
}

/** Whether a rule is also about answers that are given here. */
function isForErrors({ always, everywhere }: FieldRule): boolean {
  return always === true || everywhere === true;
}

/** SetEnvIf has its turn before access is decided, SetEnv after it. */
function isEarly({ kind }: { readonly kind: string }): boolean {
  return kind === "if" || kind === "expression";
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
