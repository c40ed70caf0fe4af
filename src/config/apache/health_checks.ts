/** Questions to members of balancers (mod_proxy_hcheck): `hcmethod` and its like, templates, and named expressions. */

import type { Condition } from "../../rules/expression.ts";
import { HEALTH_CHECK_METHODS, type HealthCheck } from "../balancing.ts";
import { quote } from "../reading.ts";
import { noWords, readBalancingWord } from "./balancing_words.ts";
import type { Faults } from "./faults.ts";
import { readTime } from "./values.ts";
import { readCondition } from "./rules/reading.ts";
import type { Directive } from "./tree.ts";

/** The variable in which a condition finds the content of a response: `hc('body')`. */
export const BODY = "HC_BODY";
/** Milliseconds between two questions unless something else is said. */
const INTERVAL = 30_000;

/** The names that a configuration gives. */
export class HealthChecks {
  readonly #expressions = new Map<string, Condition>();
  readonly #templates = new Map<string, Readonly<Record<string, string>>>();

  constructor(readonly faults: Faults) {}

  /** `ProxyHCExpr name {expression}` */
  expression(directive: Directive): void {
    const [name = "", ...words] = directive.args;
    const text = words.join(" ").trim();
    const inner = /^\{([^]*)\}$/.exec(text)?.[1] ?? text;
    const named = inner.replace(/\bhc\s*\(\s*(['"]?)body\1\s*\)/gi, `reqenv('${BODY}')`).replace(
      /%\{hc:body\}/gi,
      `%{reqenv:${BODY}}`,
    );
    const condition = this.faults.take(readCondition(named), directive);
    if (condition !== undefined) this.#expressions.set(name, condition);
  }

  /** `ProxyHCTemplate name hcmethod=…` */
  template(directive: Directive): void {
    const [name = "", ...words] = directive.args;
    const own = noWords();
    for (const word of words) {
      const [, key = "", value = ""] = /^([^=]*)=?([^]*)$/.exec(word)!;
      const report = {
        fault: (message: string) => this.faults.add(directive, message),
        withoutEffect: (what: string) =>
          this.faults.notDone(directive, `${directive.name} ${what}`, "changes"),
      };
      const lower = key.toLowerCase();
      if (!lower.startsWith("hc") || !readBalancingWord(lower, value, own, report)) {
        this.faults.add(directive, `Unknown parameter ${quote(key)}; write hcmethod=, hcuri= and such`);
      }
    }
    this.#templates.set(name, own.check);
  }

  /**
   * What a member is asked; nothing where that is not wanted.
   *
   * @param words `hcmethod` and its like
   * @param base the path of the member's URL
   * @param timeout milliseconds for an answer
   */
  of(
    words: Readonly<Record<string, string>>,
    timeout: number,
    spot: Directive,
  ): HealthCheck | undefined {
    const { hctemplate: named } = words;
    const template = named === undefined ? {} : this.#templates.get(named);
    if (template === undefined) {
      this.faults.add(spot, `Cannot find the template ${quote(named!)}; write ProxyHCTemplate ${named} …`);
      return undefined;
    }
    const { hcmethod = "none", hcuri = "", hcinterval, hcpasses = "1", hcfails = "1", hcexpr } = {
      ...template,
      ...words,
    };
    const [, name = "", eleven] = /^([a-z]+)(11)?$/i.exec(hcmethod) ?? [];
    const method = HEALTH_CHECK_METHODS.find((one) => one === name.toUpperCase());
    if (method === undefined) return undefined;
    const condition = hcexpr === undefined ? undefined : this.#expressions.get(hcexpr);
    if (hcexpr !== undefined && condition === undefined) {
      this.faults.add(spot, `Cannot find the expression ${quote(hcexpr)}; write ProxyHCExpr ${hcexpr} {…}`);
    }
    const time = hcinterval === undefined ? undefined : readTime(hcinterval);
    const interval = time !== undefined && "value" in time ? time.value : INTERVAL;
    return {
      method,
      path: hcuri === "" || hcuri.startsWith("/") ? hcuri : `/${hcuri}`,
      minor: eleven === undefined ? 0 : 1,
      // httpd asks no more often than its watchdog wakes up.
      interval: Math.max(100, interval),
      timeout,
      rise: Math.max(1, Number(hcpasses)),
      fall: Math.max(1, Number(hcfails)),
      ...condition === undefined || method === "TCP" ? {} : { condition },
    };
  }
}
