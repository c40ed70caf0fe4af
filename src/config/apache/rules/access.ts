/** Require and its sections, Order, Allow, Deny, Satisfy, and who users are (mod_authz_core, mod_access_compat, mod_auth_basic). */

import type { Access, Methods, Party, PartyRules, Requirement } from "../../../rules/model.ts";
import { readNetwork } from "../../../rules/networks.ts";
import { quote } from "../../reading.ts";
import type { Faults } from "../faults.ts";
import { type Directive, isSection, type Section } from "../tree.ts";
import { readCondition } from "./reading.ts";

/** What the directives of one section say of access, as they are read one after another. */
export class AccessReader {
  #requirements: Requirement[] = [];
  #order: PartyRules["order"] = "deny,allow";
  #allow: (Party & { methods?: Methods })[] = [];
  #deny: (Party & { methods?: Methods })[] = [];
  #satisfyAny = false;
  #speaksOfParties = false;
  #own: { -readonly [Key in keyof Access]: Access[Key] } = {};

  /** @param resolve makes the path of a file absolute */
  constructor(readonly faults: Faults, readonly resolve: (path: string) => string) {}

  /** All that has been read; undefined where nothing was said. */
  access(): Access | undefined {
    const requirement: Requirement | undefined = this.#requirements.length === 0
      ? undefined
      : { kind: "several", all: false, of: this.#requirements };
    const parties: PartyRules | undefined = this.#speaksOfParties
      ? {
        order: this.#order,
        allow: this.#allow,
        deny: this.#deny,
        ...this.#satisfyAny ? { satisfyAny: true as const } : {},
      }
      : undefined;
    const all = { ...this.#own, ...requirement && { requirement }, ...parties && { parties } };
    return Object.keys(all).length === 0 ? undefined : all;
  }

  /** Takes a directive in. @param methods which it is limited to @returns whether it is one of these */
  directive(directive: Directive, methods?: Methods): boolean {
    const { args } = directive;
    const limited = methods === undefined ? {} : { methods };
    switch (directive.name.toLowerCase()) {
      case "require":
        this.#requirements.push(limit(this.#require(directive), methods));
        return true;
      case "order":
        this.#speaksOfParties = true;
        this.#readOrder(directive);
        return true;
      case "allow":
      case "deny": {
        this.#speaksOfParties = true;
        const list = directive.name.toLowerCase() === "allow" ? this.#allow : this.#deny;
        for (const party of this.#parties(directive)) list.push({ ...party, ...limited });
        return true;
      }
      case "satisfy":
        this.#speaksOfParties = true;
        this.#satisfyAny = args[0]!.toLowerCase() === "any";
        return true;
      case "authtype":
        return this.#readScheme(directive);
      case "authname":
        this.#own.realm = args[0]!;
        return true;
      case "authuserfile":
        this.#own.userFile = this.resolve(args[0]!);
        return true;
      case "authgroupfile":
        this.#own.groupFile = this.resolve(args[0]!);
        return true;
      case "authbasicprovider":
        if (args.every((word) => word.toLowerCase() === "file")) return true;
        this.#own.scheme = "unknown";
        this.faults.warn(
          directive,
          `${
            args.join(" ")
          } is not known here, so who has to show who they are gets 403; write AuthUserFile, or --ignore-access-control`,
          "changes",
        );
        return true;
      case "authmerging":
        if (args[0]!.toLowerCase() !== "off") {
          this.faults.warn(
            directive,
            "is not understood here: what an inner section requires takes the place of the outer one's",
            "opens",
          );
        }
        return true;
      case "sslrequiressl":
        this.#requirements.push(limit({ kind: "tls" }, methods));
        return true;
    }
    return false;
  }

  /** Takes a section in. @returns whether it is one of these */
  section(section: Section, methods?: Methods): boolean {
    const name = section.name.toLowerCase();
    if (name === "limit" || name === "limitexcept") {
      const own: Methods = {
        names: section.args.map((word) => word.toUpperCase()),
        ...name === "limitexcept" ? { except: true } : {},
      };
      for (const item of section.children) {
        if (isSection(item) ? !this.section(item, own) : !this.directive(item, own)) {
          this.faults.notDone(item, `${item.name} in <${section.name}>`, "changes");
        }
      }
      return true;
    }
    const found = this.#several(section);
    if (found === undefined) return false;
    this.#requirements.push(limit(found, methods));
    return true;
  }

  #several(section: Section): Requirement | undefined {
    const name = section.name.toLowerCase();
    if (name !== "requireall" && name !== "requireany" && name !== "requirenone") return undefined;
    const of = section.children.flatMap((item): Requirement[] => {
      if (isSection(item)) {
        const inner = this.#several(item);
        if (inner !== undefined) return [inner];
      } else if (item.name.toLowerCase() === "require") return [this.#require(item)];
      this.faults.add(item, `Cannot stand in <${section.name}>; write Require, or sections of it`);
      return [];
    });
    const all: Requirement = { kind: "several", all: name === "requireall", of };
    return name === "requirenone" ? { kind: "not", of: all } : all;
  }

  #require(directive: Directive): Requirement {
    const words = [...directive.args];
    const no = words[0]!.toLowerCase() === "not" ? words.shift() !== undefined : false;
    const requirement = this.#one(directive, (words.shift() ?? "").toLowerCase(), words);
    return no ? { kind: "not", of: requirement } : requirement;
  }

  #one(directive: Directive, kind: string, words: readonly string[]): Requirement {
    switch (kind) {
      case "all":
        if (/^(granted|denied)$/i.test(words[0] ?? "") && words.length === 1) {
          return { kind: "all", granted: words[0]!.toLowerCase() === "granted" };
        }
        break;
      case "ip":
        for (const word of words) this.#checkNetwork(directive, word);
        return { kind: "ip", networks: words };
      case "local":
      case "valid-user":
        return { kind };
      case "ssl":
        return { kind: "tls" };
      case "host":
      case "forward-dns":
        return { kind: "host", names: words };
      case "method":
        return { kind: "method", methods: words.map((word) => word.toUpperCase()) };
      case "env":
        return { kind: "env", variables: words };
      case "expr": {
        const condition = this.faults.take(readCondition(words.join(" ")), directive);
        return condition === undefined ? { kind: "unknown", text: kind } : { kind: "expression", condition };
      }
      case "user":
        return { kind: "user", names: words };
      case "group":
        return { kind: "group", names: words };
    }
    this.faults.warn(
      directive,
      `${
        quote(directive.args.join(" "))
      } is not understood here, so nobody is let in by it; write it in another way, or --ignore-access-control`,
      "changes",
    );
    return { kind: "unknown", text: directive.args.join(" ") };
  }

  #checkNetwork(directive: Directive, text: string): void {
    if (readNetwork(text) !== undefined) return;
    this.faults.add(directive, `Found ${quote(text)}; write an address, or a network such as 10.0.0.0/8`);
  }

  #readOrder(directive: Directive): void {
    const order = directive.args.join(",").toLowerCase().replace(/[\s,]+/g, ",");
    if (order === "allow,deny" || order === "deny,allow" || order === "mutual-failure") this.#order = order;
    else this.faults.add(directive, `Found ${quote(order)}; write Allow,Deny or Deny,Allow`);
  }

  #parties(directive: Directive): Party[] {
    const [from = "", ...words] = directive.args;
    if (from.toLowerCase() !== "from" || words.length === 0) {
      this.faults.add(directive, "Takes from and whom: addresses, names, or all; write that");
      return [];
    }
    return words.map((word): Party => {
      if (word.toLowerCase() === "all") return { kind: "all" };
      const env = /^env=(!?)(.*)$/i.exec(word);
      if (env !== null) return { kind: "env", variable: env[2]!, ...env[1] === "" ? {} : { unset: true } };
      if (readNetwork(word) !== undefined) return { kind: "ip", network: word };
      return { kind: "host", name: word };
    });
  }

  #readScheme(directive: Directive): true {
    const scheme = directive.args[0]!.toLowerCase();
    this.#own.scheme = scheme === "basic" || scheme === "none" ? scheme : "unknown";
    if (this.#own.scheme === "unknown") {
      this.faults.warn(
        directive,
        `${
          quote(directive.args[0]!)
        } is not known here, so who has to show who they are gets 403; write Basic, or --ignore-access-control`,
        "changes",
      );
    }
    return true;
  }
}

function limit(requirement: Requirement, methods: Methods | undefined): Requirement {
  return methods === undefined ? requirement : { kind: "several", all: false, of: [requirement], methods };
}
