/** Sites with rules around their routes: each of their requests is decided about here, before it is handed over. */

import { addressOf } from "../../../ffi/mod.ts";
import type { Site } from "../../config/config.ts";
import { encodeRuleFields } from "../../protocol/rule_fields.ts";
import { normalizePath, PathNormalizer } from "../../route/path.ts";
import { mappedPath } from "../../route/resolve_url.ts";
import { NO_ROUTE, type RouteTable } from "../../route/route_table.ts";
import type { Question } from "../../rules/access.ts";
import type { Before, ErrorFound, Files } from "../../rules/request.ts";
import type { FieldOperation } from "../../rules/fields.ts";
import { treatsAlike } from "../../rules/alike.ts";
import { bytesOf, decodedPath } from "../../rules/bytes.ts";
import { fileIn, INSTEAD_OF, isTooDeep } from "../../rules/file_names.ts";
import { type Answer, type Decision, SiteJudge, spelt, type Way } from "../../rules/site.ts";
import type { TrustedProxies } from "../../trust/trust.ts";
import type { Connection } from "../connection/connection.ts";
import type { FindingsMemory } from "../inquiry/findings.ts";
import type { Look, RouteTerms } from "../look/look.ts";
import { SCOPE_REQUEST } from "../../protocol/messages.ts";
import { FILES } from "./files.ts";
import { DRAINED, type FrontRoute } from "./front_route.ts";
import { ENCODED, otherReadings } from "./other_readings.ts";
import { PeekedRequest } from "./request_view.ts";

/** What has come of a request of such a site. */
export type Judged =
  | { readonly kind: "route"; readonly route: FrontRoute }
  | { readonly kind: "answer"; readonly answer: Answer }
  | { readonly kind: "ask"; readonly question: Question };

const latin1 = new TextDecoder("latin1");

/** As often as httpd lets rules send a request all the way again (LimitInternalRecursion). */
const MOST_ROUNDS = 10;

function answered(status: number, why: string): Judged & { readonly kind: "answer" } {
  return { kind: "answer", answer: { status, why, fields: [], operations: [] } };
}

/** Why an error is answered that has a page. */
export const NOT_SHOWN = "what stands in its place cannot be shown";

/** A field that is said of an error, whoever answers. */
function setting(name: string, value: string): FieldOperation {
  return { action: "set", name, value, always: true };
}

/** Whether somebody is kept out, or has to show who they are. */
function isKept(judged: Judged): boolean {
  return judged.kind === "ask" || judged.kind === "answer" && judged.answer.status >= 400;
}

/** The rules of one site, and its routes. */
export class JudgedSite {
  readonly #judge: SiteJudge;
  /** By route, whether its requests have to be looked at; and of those that no route takes. */
  readonly #concerned: readonly boolean[];
  readonly #concernsOthers: boolean;
  readonly #normalizer = new PathNormalizer();

  /**
   * @param first the place of its first route in the table
   * @param routes of the whole table
   */
  constructor(
    readonly site: Site,
    readonly first: number,
    readonly routes: readonly FrontRoute[],
    readonly table: RouteTable,
    readonly memory: FindingsMemory,
    files: Files = FILES,
  ) {
    const rules = site.rules!;
    this.#judge = new SiteJudge(rules, files);
    this.#concerned = site.routes.map((_, route) => !treatsAlike(rules, route));
    this.#concernsOthers = !treatsAlike(rules, undefined);
  }

  /** Whether errors have pages at paths of the site. */
  get hasPages(): boolean {
    return this.site.rules!.pages !== undefined;
  }

  /** Whether requests of a route have to be looked at. @param found its place in the table, or that there is none */
  concerns(found: number): boolean {
    return this.#concerned[found - this.first] ?? this.#concernsOthers;
  }

  /**
   * Decides about a request.
   *
   * @param found what the table has found for the path as the client wrote it
   * @param https whether the client asks by https
   * @param now milliseconds since 1970
   * @param hidden whose idea of fields about who asks counts: those of the client are left out
   */
  judge(
    look: Look,
    connection: Connection,
    found: number,
    https: boolean,
    now: number,
    hidden?: TrustedProxies,
  ): Judged {
    const path = this.#pathOf(look, found);
    const { error } = connection;
    if (error !== undefined) {
      const left = { ...answered(error.status, NOT_SHOWN).answer, fields: error.fields };
      return this.#withPage(look, new PeekedRequest(look, connection, path, https, now, hidden), {
        kind: "answer",
        answer: left,
      });
    }
    const view = (path: string) => new PeekedRequest(look, connection, path, https, now, hidden);
    const isKeptOut = this.#judge.isGuarded &&
      otherReadings(path).some((other) => isKept(this.#judgeAs(look, view(other), NO_ROUTE, 1)));
    // The other readings have left theirs there.
    if (ENCODED.test(path)) this.#find(path, look);
    const judged = this.#judgeAs(look, view(path), found, 0);
    if (judged.kind === "answer") return this.#withPage(look, view(path), judged);
    if (!isKeptOut || judged.kind === "ask") return judged;
    const elsewhere = answered(404, "an encoded slash leads to another place than it says");
    return this.#withPage(look, view(path), elsewhere);
  }

  /**
   * What stands at a path of the site in the place of an error, whoever serves that: the request goes all the way again.
   * Where nobody does, or not to this client, the error stays as it is.
   */
  #withPage(look: Look, view: PeekedRequest, judged: Judged & { readonly kind: "answer" }): Judged {
    const { status, fields, state } = judged.answer;
    const page = this.site.rules!.pages?.[status];
    if (page === undefined) return this.#withFile(look, judged);
    const [path = "", ...query] = page.split("?");
    const before = {
      variables: state?.variables ?? new Map<string, string>(),
      query: view.query,
      from: state?.path ?? decodedPath(view.path),
      insteadOf: { status, method: view.method, fields },
    };
    const asked = view.asPage(normalizePath(path) ?? "/", query.length > 0 ? query.join("?") : undefined);
    const found = this.#judgeAs(look, asked, NO_ROUTE, 1, before);
    return found.kind === "answer" ? judged : found;
  }

  /** A file of the site in the place of an error: whoever serves files sends it, with the status of the error. */
  #withFile(look: Look, judged: Judged & { readonly kind: "answer" }): Judged {
    const { pages = {}, target, host } = this.site.rules!.files ?? {};
    const { answer: { status, fields, operations } } = judged;
    const page = pages[status];
    const route = target === undefined
      ? undefined
      : this.routes[this.first + this.site.routes.length + target];
    if (page === undefined || route?.group === undefined) return judged;
    const own = fields.map(([name, value]) => setting(name, value));
    const encoded = encodeRuleFields({
      target: spelt(`/${host}${bytesOf(page)}`),
      responseFields: JSON.stringify([...own, ...operations]),
      variables: JSON.stringify({ [INSTEAD_OF]: `${status}` }),
    });
    if (encoded === undefined) return judged;
    look.route = new JudgedTerms(route, encoded);
    return { kind: "route", route };
  }

  /** @param round how often it has gone all the way before, with other paths */
  #judgeAs(
    look: Look,
    view: PeekedRequest,
    found: number,
    round: number,
    before?: Before,
  ): Judged {
    const way = this.#judge.way(view, before);
    if (way.kind === "answer") return way;
    const changed = way.kind === "routes" && way.path !== undefined || round > 0;
    const path = changed ? spelt(way.state.path) : view.path;
    const place = way.kind !== "routes" ? NO_ROUTE : changed ? this.#find(path, look) : found;
    const own = place < 0 ? undefined : place - this.first;
    const leads = this.routes[place]?.leads ?? false;
    const file = way.kind === "routes" ? this.#file(look, place, own) : undefined;
    if (file !== undefined && isTooDeep(file)) return answered(404, "no file is so deep");
    if (file !== undefined && /%2f/i.test(path)) return answered(404, "no file has a slash in its name");
    const isElsewhere = (other: string) => this.#isElsewhere(spelt(other), path, look);
    const decision = this.#judge.decide(way, own, leads, this.memory, file, isElsewhere);
    switch (decision.kind) {
      case "go":
        return this.#go(look, changed ? way : undefined, place, decision);
      case "again":
        if (round >= MOST_ROUNDS) return answered(500, "rules send it round and round");
        return this.#again(look, view, round, decision, way.state.insteadOf);
      default:
        return decision;
    }
  }

  #again(
    look: Look,
    view: PeekedRequest,
    round: number,
    { path, query, variables, from }: Decision & { readonly kind: "again" },
    insteadOf: ErrorFound | undefined,
  ): Judged {
    const before = {
      variables,
      query: view.query,
      ...from === undefined ? {} : { from },
      ...insteadOf === undefined ? {} : { insteadOf },
    };
    return this.#judgeAs(look, view.as(spelt(path), query), NO_ROUTE, round + 1, before);
  }

  /** Whether a path leads to somebody else than whoever sends files. The path in the look is as before afterwards. */
  #isElsewhere(other: string, path: string, look: Look): boolean {
    const place = this.#find(other, look);
    this.#find(path, look);
    const { routes = [] } = this.site.rules!.files ?? {};
    return (this.routes[place]?.leads ?? false) && !routes.includes(place - this.first);
  }

  /** The name of the file that a route leads to, a character for each byte; undefined for one that leads to none. */
  #file(look: Look, place: number, own: number | undefined): string | undefined {
    const { files } = this.site.rules!;
    if (files === undefined || own === undefined || !files.routes.includes(own)) return undefined;
    return fileIn(this.#mappedPath(look, place));
  }

  /** The client's path in its normal form. Where an expression has found the route, what it is mapped to stands in the look. */
  #pathOf({ path, bytes, head: { pathStart, pathEnd } }: Look, found: number): string {
    if (this.table.routes[found]?.route.match === undefined) {
      return latin1.decode(path.bytes.subarray(path.start, path.end));
    }
    // It has one: a route was found for it.
    this.#normalizer.normalize(bytes, pathStart, pathEnd);
    const { bytes: own, start, end } = this.#normalizer;
    return latin1.decode(own.subarray(start, end));
  }

  /** @param path as it stands in a request, a character for each byte */
  #find(path: string, look: Look): number {
    const bytes = Uint8Array.from(path, (character) => character.charCodeAt(0));
    const place = this.table.findPath(bytes, 0, bytes.length);
    look.path = this.table.path;
    return place;
  }

  /** @param way where rules have made another path of the client's */
  #go(
    look: Look,
    way: Way | undefined,
    place: number,
    decision: Decision & { readonly kind: "go" },
  ): Judged {
    const { targetIndex, request, response, variables, user } = decision;
    const route = targetIndex === undefined
      ? this.routes[place]!
      : this.routes[this.first + this.site.routes.length + targetIndex]!;
    if (route.group === undefined) return answered(503, DRAINED);
    const target = decision.target ?? this.#mapped(look, way, place);
    const insteadOf = way === undefined || way.kind === "answer" ? undefined : way.state.insteadOf;
    const said = (insteadOf?.fields ?? []).map(([name, value]) => setting(name, value));
    const own = {
      ...Object.fromEntries(variables),
      ...insteadOf === undefined ? {} : { [INSTEAD_OF]: `${insteadOf.status}` },
      ...user === "" ? {} : { REMOTE_USER: user, AUTH_TYPE: "Basic" },
    };
    const fields = encodeRuleFields({
      ...target === undefined ? {} : { target },
      ...request.length === 0 ? {} : { requestFields: JSON.stringify(request) },
      ...response.length + said.length === 0
        ? {}
        : { responseFields: JSON.stringify([...said, ...response]) },
      ...Object.keys(own).length === 0 ? {} : { variables: JSON.stringify(own) },
    });
    if (fields === undefined) {
      return answered(500, "what rules make of it is too long");
    }
    look.route = new JudgedTerms(route, fields);
    return { kind: "route", route };
  }

  /** Where rewriting has changed path or query, and the route is one of the site's. */
  #mapped(look: Look, way: Way | undefined, place: number): string | undefined {
    if (way?.kind !== "routes") return undefined;
    const mapped = this.#mappedPath(look, place);
    return way.state.query === undefined ? mapped : `${mapped}?${way.state.query}`;
  }

  /** What a route makes of the path in a look. */
  #mappedPath(look: Look, place: number): string {
    const { bytes, start, end } = look.path;
    const { route: { match }, prefix, mapTo } = this.table.routes[place]!;
    const path = latin1.decode(bytes.subarray(start, end));
    return match === undefined ? mappedPath(path, prefix, mapTo) : path;
  }
}

/** The terms of a route for one request: what rules have made of it goes along, and says nothing of the next one. */
class JudgedTerms implements RouteTerms {
  readonly fields: Uint8Array<ArrayBuffer>;
  readonly fieldsAddress: bigint;
  readonly scope = SCOPE_REQUEST;
  readonly keepAlive: number;
  readonly cut: number;
  readonly base: Uint8Array;

  constructor({ ownFields, keepAlive, cut, base }: FrontRoute, fields: Uint8Array) {
    this.fields = new Uint8Array(ownFields.length + fields.length);
    this.fields.set(ownFields);
    this.fields.set(fields, ownFields.length);
    this.fieldsAddress = addressOf(this.fields);
    this.keepAlive = keepAlive;
    this.cut = cut;
    this.base = base;
  }
}
