/** What becomes of a request, as the rules of its site have it. */

import type { Question } from "./access.ts";
import type { Field, FieldOperation } from "./fields.ts";
import type { RequestState } from "./request.ts";

/** An answer that is given here. */
export interface Answer {
  readonly status: number;
  readonly why: string;
  readonly fields: readonly Field[];
  /** For what is answered here, those of every status are carried out. */
  readonly operations: readonly FieldOperation[];
  /** What was found out about the request. */
  readonly state?: RequestState;
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
  }
  /** It goes all the way again, with another path. */
  | {
    readonly kind: "again";
    /** Decoded. */
    readonly path: string;
    readonly query: string | undefined;
    readonly variables: ReadonlyMap<string, string>;
    /** The path that it had, for programs to know; undefined where the new one stands for the same thing, as an index does. */
    readonly from?: string;
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
  /** To a file by its name, which a rule has made. */
  | { readonly kind: "file"; readonly path: string; readonly state: RequestState }
  | { readonly kind: "answer"; readonly answer: Answer };
