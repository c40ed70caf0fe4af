/** Who may ask: the rules of mod_authz_core, mod_authz_host, mod_authz_user and mod_access_compat, evaluated as httpd does. */

import { type Condition, holds, type Surroundings } from "./expression.ts";
import type { Access, Methods, Party, PartyRules, Requirement } from "./model.ts";
import { formatAddress, isIn, isLocal, type Network, readNetwork } from "./networks.ts";
import { readBasic } from "./basic_auth.ts";
import type { RequestState } from "./request.ts";

/** What cannot be known at once: whoever asks for a verdict finds it out, and asks again. */
export type Question =
  | {
    readonly kind: "password";
    readonly userFile: string;
    readonly groupFile?: string;
    readonly user: string;
    readonly password: string;
  }
  /** Which names an address has that lead back to it. */
  | { readonly kind: "names"; readonly address: string };

/** What has been found out about a user. `broken`: the files cannot be read. */
export interface UserVerdict {
  readonly holds: boolean;
  readonly groups: readonly string[];
  readonly broken?: true;
}

/** What has been found out: about a user, or the names of an address. */
export type Finding = UserVerdict | readonly string[];

/** What has been found out so far; undefined where it has not. */
export interface Findings {
  user(question: Question & { readonly kind: "password" }): UserVerdict | undefined;
  names(address: string): readonly string[] | undefined;
}

/** The end of it. */
export type Verdict =
  | { readonly kind: "granted" }
  | { readonly kind: "forbidden"; readonly why: string }
  | { readonly kind: "unauthorized"; readonly realm: string; readonly why: string }
  /** What should say who may ask cannot be used. */
  | { readonly kind: "broken"; readonly why: string }
  | { readonly kind: "ask"; readonly question: Question };

type Result = "granted" | "denied" | "denied without a user" | "neutral";

/** Thrown out of an evaluation, and caught where it began. */
class Asked {
  constructor(readonly question: Question) {}
}

/** Later sections take the place of earlier ones, each sort of rule by itself. */
export function mergeAccess(accesses: readonly Access[]): Access {
  return Object.assign({}, ...accesses);
}

/** Decides about a request. */
export function judgeAccess(access: Access, state: RequestState, findings: Findings): Verdict {
  try {
    return new Judgement(access, state, findings).verdict();
  } catch (asked) {
    if (asked instanceof Asked) return { kind: "ask", question: asked.question };
    throw asked;
  }
}

const networks = new Map<string, Network | undefined>();

function networkOf(text: string): Network | undefined {
  if (!networks.has(text)) networks.set(text, readNetwork(text));
  return networks.get(text);
}

class Judgement {
  #groups: readonly string[] = [];

  constructor(readonly access: Access, readonly state: RequestState, readonly findings: Findings) {}

  verdict(): Verdict {
    const { parties, requirement } = this.access;
    const admitted = parties === undefined || this.#admits(parties);
    const satisfyAny = parties?.satisfyAny === true;
    const forbidden: Verdict = { kind: "forbidden", why: "the client is not allowed here" };
    if (!admitted && !satisfyAny) return forbidden;
    // Without any requirement there is nothing that a user could satisfy instead.
    if (requirement === undefined || this.#isOfOthers(requirement)) {
      return admitted ? { kind: "granted" } : forbidden;
    }
    if (admitted && satisfyAny && parties !== undefined) return { kind: "granted" };
    switch (this.#evaluate(requirement)) {
      case "granted":
        return { kind: "granted" };
      case "denied without a user":
        return this.#authenticate(requirement);
      default:
        return forbidden;
    }
  }

  #authenticate(requirement: Requirement): Verdict {
    const { scheme, realm, userFile, groupFile } = this.access;
    if (scheme === "unknown") {
      return { kind: "forbidden", why: "users cannot be told apart in the way that is asked for" };
    }
    if (scheme !== "basic" || realm === undefined || userFile === undefined) {
      return { kind: "broken", why: "nothing says who the users are" };
    }
    const unauthorized: Verdict = { kind: "unauthorized", realm, why: "nobody has said who they are" };
    const given = readBasic(this.state.view.field("authorization"));
    if (given === undefined) return unauthorized;
    const question = {
      kind: "password",
      userFile,
      ...groupFile === undefined ? {} : { groupFile },
      ...given,
    } as const;
    const found = this.findings.user(question);
    if (found === undefined) throw new Asked(question);
    if (found.broken) return { kind: "broken", why: "the file with users cannot be read" };
    if (!found.holds) return { ...unauthorized, why: "the user or the password is wrong" };
    this.state.user = given.user;
    this.#groups = found.groups;
    if (this.#evaluate(requirement) === "granted") return { kind: "granted" };
    return { ...unauthorized, why: "the user is not allowed here" };
  }

  /** Whether all that is required is required of other methods: then nothing is. */
  #isOfOthers(requirement: Requirement): boolean {
    return requirement.kind === "several" && requirement.of.length > 0 &&
      requirement.of.every((part) => part.kind === "several" && !this.#concerns(part.methods));
  }

  #concerns(methods: Methods | undefined): boolean {
    if (methods === undefined) return true;
    // HEAD is limited where GET is.
    const { method } = this.state.view;
    const named = methods.names.includes(method === "HEAD" ? "GET" : method);
    return named !== (methods.except === true);
  }

  #admits({ order, allow, deny }: PartyRules): boolean {
    const any = (parties: PartyRules["allow"]) =>
      parties.some((party) => this.#concerns(party.methods) && this.#isParty(party));
    switch (order) {
      case "allow,deny":
        return any(allow) && !any(deny);
      case "deny,allow":
        return any(allow) || !any(deny);
      case "mutual-failure":
        return any(allow) && !any(deny);
    }
  }

  #isParty(party: Party): boolean {
    switch (party.kind) {
      case "all":
        return true;
      case "ip":
        return this.#isInNetwork(party.network);
      case "host":
        return this.#hasName([party.name]);
      case "env":
        return this.state.variables.has(party.variable) !== (party.unset === true);
    }
  }

  #isInNetwork(text: string): boolean {
    const network = networkOf(text);
    return network !== undefined && isIn(this.state.view.client, network);
  }

  #hasName(wanted: readonly string[]): boolean {
    const address = formatAddress(this.state.view.client);
    const names = this.findings.names(address);
    if (names === undefined) throw new Asked({ kind: "names", address });
    return wanted.some((name) => names.some((own) => isBelow(own.toLowerCase(), name.toLowerCase())));
  }

  #evaluate(requirement: Requirement): Result {
    const { state } = this;
    const granted = (holds: boolean): Result => holds ? "granted" : "denied";
    switch (requirement.kind) {
      case "all":
        return granted(requirement.granted);
      case "ip":
        return granted(requirement.networks.some((network) => this.#isInNetwork(network)));
      case "local":
        return granted(isLocal(state.view.client, state.view.local));
      case "tls":
        return granted(state.view.https);
      case "host":
        return granted(this.#hasName(requirement.names));
      case "method":
        return granted(
          requirement.methods.includes(state.view.method === "HEAD" ? "GET" : state.view.method),
        );
      case "env":
        return granted(requirement.variables.some((name) => state.variables.has(name)));
      case "expression":
        return this.#expression(requirement.condition);
      case "valid-user":
        return state.user === "" ? "denied without a user" : "granted";
      case "user":
        return state.user === "" ? "denied without a user" : granted(requirement.names.includes(state.user));
      case "group":
        return state.user === ""
          ? "denied without a user"
          : granted(requirement.names.some((name) => this.#groups.includes(name)));
      case "unknown":
        return "denied";
      case "not": {
        const result = this.#evaluate(requirement.of);
        return result === "granted" ? "denied" : "neutral";
      }
      case "several":
        return this.#several(requirement.all, requirement.of);
    }
  }

  #expression(condition: Condition): Result {
    const around: Surroundings = { state: this.state, groups: [] };
    if (holds(condition, around)) return "granted";
    // With a user it may be otherwise.
    return this.state.user === "" && JSON.stringify(condition).includes("REMOTE_USER")
      ? "denied without a user"
      : "denied";
  }

  #several(all: boolean, parts: readonly Requirement[]): Result {
    let result: Result = "neutral";
    for (const part of parts) {
      // What is about other methods has no say: it is granted among all, and nothing among any.
      const own: Result = part.kind === "several" && !this.#concerns(part.methods)
        ? all ? "granted" : "neutral"
        : this.#evaluate(part);
      if (own === "neutral") continue;
      if (own === (all ? "denied" : "granted")) return own;
      const weaker = all ? result !== "denied" : result === "denied";
      if (result === "neutral" || own === "denied without a user" && weaker) result = own;
    }
    return result;
  }
}

/** Whether a name is another one, or below it in whole labels. */
function isBelow(name: string, other: string): boolean {
  const plain = other.replace(/^\./, "");
  return name === plain || name.endsWith(`.${plain}`);
}
