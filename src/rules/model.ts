/**
 * What stands around the routes of a site, as plain data: it is a part of the configuration, and crosses to the data plane
 * by structured clone. Texts are as the configuration has them; they are compiled where they are used.
 */

import type { ExpiryRules } from "./expires.ts";
import type { Condition, Template } from "./expression.ts";
import type { FilePlace } from "./file_place.ts";

/** Which methods something is about; all unless given. */
export interface Methods {
  readonly names: readonly string[];
  /** About all others. */
  readonly except?: true;
}

/** What a client has to be, or to show. */
export type Requirement =
  | { readonly kind: "all"; readonly granted: boolean }
  | { readonly kind: "ip"; readonly networks: readonly string[] }
  | { readonly kind: "local" }
  | { readonly kind: "tls" }
  /** Names that its address has; what begins with a dot, or a part of it from a dot on, is one of several. */
  | { readonly kind: "host"; readonly names: readonly string[] }
  | { readonly kind: "method"; readonly methods: readonly string[] }
  | { readonly kind: "env"; readonly variables: readonly string[] }
  | { readonly kind: "expression"; readonly condition: Condition }
  | { readonly kind: "valid-user" }
  | { readonly kind: "user"; readonly names: readonly string[] }
  | { readonly kind: "group"; readonly names: readonly string[] }
  /** What is not understood here: nobody is let in by it. */
  | { readonly kind: "unknown"; readonly text: string }
  | { readonly kind: "not"; readonly of: Requirement }
  | {
    readonly kind: "several";
    /** Whether all have to hold, or one. */
    readonly all: boolean;
    readonly of: readonly Requirement[];
    readonly methods?: Methods;
  };

/** Whom Allow and Deny are about. */
export type Party =
  | { readonly kind: "all" }
  | { readonly kind: "ip"; readonly network: string }
  | { readonly kind: "host"; readonly name: string }
  | { readonly kind: "env"; readonly variable: string; readonly unset?: true };

/** Order, Allow, Deny, Satisfy (mod_access_compat). */
export interface PartyRules {
  readonly order: "allow,deny" | "deny,allow" | "mutual-failure";
  readonly allow: readonly (Party & { readonly methods?: Methods })[];
  readonly deny: readonly (Party & { readonly methods?: Methods })[];
  readonly satisfyAny?: true;
}

/** Who may ask. What is missing is left to the sections before. */
export interface Access {
  readonly requirement?: Requirement;
  readonly parties?: PartyRules;
  /** How users show who they are: `none` is nobody, `unknown` a way that is not known here. */
  readonly scheme?: "basic" | "none" | "unknown";
  readonly realm?: string;
  /** Absolute paths. */
  readonly userFile?: string;
  readonly groupFile?: string;
}

/** Sets, or unsets, a variable of the request. */
export type VariableRule =
  /** If an attribute of the request, or another variable, matches: `$1` in values is what a group has matched. */
  | {
    readonly kind: "if";
    readonly attribute: string;
    readonly pattern: string;
    readonly ignoreCase?: true;
    /** A value of undefined unsets it. */
    readonly set: readonly (readonly [name: string, value: string | undefined])[];
  }
  | {
    readonly kind: "expression";
    readonly condition: Condition;
    readonly set: readonly (readonly [name: string, value: string | undefined])[];
  }
  | { readonly kind: "set"; readonly name: string; readonly value: string }
  | { readonly kind: "unset"; readonly name: string };

/** Sends clients elsewhere. */
export interface Redirect {
  /** A path and what is below it, an expression, or everything in its section. */
  readonly path?: string;
  readonly pattern?: string;
  readonly status: number;
  /** Absent for statuses that lead nowhere. `$1` is what a group has matched. */
  readonly to?: string;
  /** What the target is made of instead: its first group is what follows the path. */
  readonly template?: Template;
}

/** A condition of a rule of rewriting. */
export interface RewriteCondition {
  readonly test: string;
  readonly pattern: string;
  readonly negated?: true;
  readonly ignoreCase?: true;
  readonly orNext?: true;
  /** The test is `expr`. */
  readonly expression?: Condition;
}

/** A rule of rewriting. */
export interface RewriteRule {
  readonly pattern: string;
  readonly negated?: true;
  readonly ignoreCase?: true;
  readonly conditions: readonly RewriteCondition[];
  /** `-` leaves all as it is. */
  readonly substitution: string;
  /** Redirects with this status, or answers with it. */
  readonly status?: number;
  readonly redirect?: true;
  /** An index into the site's targets: where the request goes, with the substitution as its target. */
  readonly proxy?: number;
  readonly last?: true;
  readonly end?: true;
  readonly passThrough?: true;
  readonly chain?: true;
  readonly next?: true;
  readonly skip?: number;
  readonly appendQuery?: true;
  readonly dropQuery?: true;
  readonly noEscape?: true;
  readonly escapeGroups?: true;
  /** `NAME:value` as written; a `!` in front unsets. */
  readonly variables?: readonly string[];
}

/** Rules of rewriting, tried in order. */
export interface Rewriting {
  readonly rules: readonly RewriteRule[];
  /** Tables for `${name:key|default}`. */
  readonly maps?: Readonly<Record<string, RewriteMap>>;
  /** What relative targets are below, in a part of a site. */
  readonly base?: string;
  /** The path of that part, with a slash at its end. */
  readonly directory?: string;
}

/** A table: of its own, or a function. */
export type RewriteMap =
  | { readonly kind: "table"; readonly entries: Readonly<Record<string, string>> }
  | { readonly kind: "toupper" | "tolower" | "escape" | "unescape" };

/** What is done to fields of requests or responses. */
export interface FieldRule {
  readonly action: FieldAction;
  readonly name: string;
  readonly value?: Template;
  readonly pattern?: string;
  readonly ignoreCase?: true;
  /** For responses: also those that are errors, in a list of its own, as httpd keeps it. */
  readonly always?: true;
  /** For responses: of whoever gives them, in one list. */
  readonly everywhere?: true;
  readonly condition?: Condition;
  /** Of `expires`. */
  readonly expires?: ExpiryRules;
}

/** `compress` changes no field: it says of content that it is coded on its way, and the name is that of the coding. */
export type FieldAction =
  | "set"
  | "append"
  | "merge"
  | "add"
  | "unset"
  | "setifempty"
  | "edit"
  | "edit*"
  | "note"
  | "echo"
  | "compress"
  /** For responses: until when they count. All that is said of it is one operation, before the others. */
  | "expires";

/** Which requests a section is about; all unless given. All that is given has to hold. */
export interface Place {
  /** Only requests for files, and for which of them. */
  readonly file?: FilePlace;
  /** A path, decoded, and what is below it. */
  readonly path?: string;
  /** An expression for the decoded path. */
  readonly pattern?: string;
  /** Indexes of the site's routes, its targets behind them. */
  readonly routes?: readonly number[];
  readonly condition?: Condition;
}

/** What holds for a part of a site. */
export interface Section {
  readonly place?: Place;
  readonly access?: Access;
  readonly variables?: readonly VariableRule[];
  readonly rewriting?: Rewriting;
  readonly redirects?: readonly Redirect[];
  readonly requestFields?: readonly FieldRule[];
  readonly responseFields?: readonly FieldRule[];
  /** The path that takes what is no file; false for none. */
  readonly fallback?: string | false;
  /** Names of files that stand for their directory, where somebody has to know: for a fallback, or a handler. */
  readonly index?: readonly string[];
  /** The index of the target that runs files, which it gets the whole names of; false for none. */
  readonly handler?: number | false;
  /** Whether it does so only where files may be executed. */
  readonly executed?: true;
  /** Whether all of it is for that target: what it cannot run is nobody's. */
  readonly handlesAll?: true;
  /** Whether files may be executed (`Options ExecCGI`). */
  readonly executes?: boolean;
  /** Where files are run: whether `.htaccess` would have a say, and whether links are followed. */
  readonly overrides?: boolean;
  readonly links?: boolean;
}

/** What of a site is files. */
export interface SiteFiles {
  /** Indexes of the routes that lead to files: what they map paths to begins with `/HOST`, and a name follows. */
  readonly routes: readonly number[];
  /** The index of the target that takes names of files which rules have made; none: there is nobody for them. */
  readonly target?: number;
  /** How whole names begin that rules of the server may make; what they make else is below DocumentRoot. */
  readonly made?: readonly string[];
  /** Pages for errors that the front finds, by status: whole names of files. */
  readonly pages?: Readonly<Record<string, string>>;
  readonly host: number;
}

/** All that stands around the routes of one site. */
export interface SiteRules {
  /** Before a route is looked for. */
  readonly variables?: readonly VariableRule[];
  readonly rewriting?: Rewriting;
  /** For what no route takes. */
  readonly redirects?: readonly Redirect[];
  /** In the order in which later ones take the place of earlier ones. */
  readonly sections: readonly Section[];
  /** The name of the site where a client does not say one. */
  readonly serverName?: string;
  readonly documentRoot?: string;
  /** What of the site is files; nothing unless given. */
  readonly files?: SiteFiles;
  /** Paths of the site, with a query perhaps, that are asked for in the place of errors, by status. */
  readonly pages?: Readonly<Record<string, string>>;
  /** Nobody is asked for a password, and no address is looked at: for whoever says so on the command line. */
  readonly ignoreAccess?: true;
}
