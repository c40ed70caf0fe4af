/** What of a client's fields is passed on to an upstream, and what is to be looked at before. */

import { HeadPass } from "../../http/head_pass.ts";
import { ENDING_HERE, type HeaderField } from "../../http/hop_by_hop.ts";
import { NotedFields } from "../../http/noted_fields.ts";
import { SoughtNames } from "../../http/sought_names.ts";
import type { CarriedRules } from "../http/carried_rules.ts";
import { fieldsOfLines } from "../http/head_text.ts";

/** Fields about who asks; which of them are said anew depends on what an upstream is told. */
const ABOUT_CLIENT: readonly string[] = [
  "forwarded",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-forwarded-server",
];

/**
 * Those that are never passed on as they came. Most are said anew; `Proxy` no standard knows, and CGI makes HTTP_PROXY of
 * it, where programs look for the way that their own requests take.
 */
const REPLACED: readonly string[] = [
  "host",
  "expect",
  "max-forwards",
  "via",
  "traceparent",
  "x-request-id",
  "proxy",
];

const SOUGHT = new SoughtNames([...ENDING_HERE, ...ABOUT_CLIENT, ...REPLACED, "tracestate"]);

/** One request's. */
export class RequestFields extends HeadPass {
  /** What is said in those that are looked at, whether they go on or not. */
  readonly noted: NotedFields = new NotedFields();
  /** The line that goes on only with the trace that it is about; empty where rules are to see it among the others. */
  traceState = "";

  /**
   * @param head of the request, as the client sent it
   * @param anew names of fields about who asks that are said by the relay itself
   * @param rules may look at all of those that go on, before they are said anew
   * @param underscores whether fields whose names have underscores are passed on. As nginx has it they are not unless that
   *   is asked for: for CGI, WSGI and their like `X_Forwarded_For` is the same name as `X-Forwarded-For`, which is said here
   */
  constructor(
    head: string,
    readonly anew: ReadonlySet<string>,
    readonly rules: CarriedRules | undefined,
    readonly underscores: boolean,
  ) {
    super();
    this.pass(head, SOUGHT, underscores);
  }

  protected override forget(): void {
    this.noted.clear();
    this.traceState = "";
  }

  protected override seen(name: string, value: string, ends: boolean, written: string): string | undefined {
    this.noted.add(name, value);
    if (name === "tracestate") {
      if (this.rules !== undefined) return undefined;
      if (!ends) this.traceState += `${written}: ${value}\r\n`;
      return "";
    }
    // Rules see what the client says of itself.
    return ABOUT_CLIENT.includes(name) && (this.rules !== undefined || !this.anew.has(name)) ? undefined : "";
  }

  /** Those that go on, one by one. */
  get list(): HeaderField[] {
    return fieldsOfLines(this.lines);
  }

  /** Whether a field may be said at the end of the request: what rules say nobody else may say, there either. */
  mayTrail(name: string): boolean {
    return name.toLowerCase() !== "proxy" && (this.underscores || !name.includes("_")) &&
      this.rules?.says(name) !== true;
  }
}
