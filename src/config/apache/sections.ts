/** What sections within a server say: of a path, of a server behind, under a condition. */

import type { Condition } from "../../rules/expression.ts";
import type { Place as RulePlace } from "../../rules/model.ts";
import type { Balancers } from "./balancers.ts";
import { judge } from "./directives.ts";
import { effectOf } from "./effects.ts";
import type { Faults } from "./faults.ts";
import { isFileSection } from "./files/file_sections.ts";
import { isFileDirective } from "./files/file_words.ts";
import { handedOnBy, keptBack } from "./files/handler_words.ts";
import { placeOf, rulePlace } from "./locations.ts";
import type { Place } from "./passes.ts";
import { readProxying } from "./proxying.ts";
import { Draft, type DraftWorld } from "./rules/draft.ts";
import { readCondition } from "./rules/reading.ts";
import type { DraftSection, Server } from "./server.ts";
import { isProxySetting, readSetting, type Settings } from "./settings.ts";
import { type Directive, isSection, type Item, keyOf, type Section } from "./tree.ts";

/** What `<Proxy>` says of all servers that a pattern of URLs stands for. */
export interface ProxySettings {
  readonly url: string;
  readonly settings: Settings;
}

/** Reads the sections of all servers, in order. */
export class SectionReader {
  /** Of all servers: a `<Proxy>` on one is about the others too. */
  readonly proxies: ProxySettings[] = [];
  /** Conditions of `<If>` and `<ElseIf>` that a next one takes for not met. */
  #before: readonly Condition[] = [];

  constructor(readonly faults: Faults, readonly world: DraftWorld, readonly balancers: Balancers) {}

  /** What is said in a section, or on a server. @param inSection whether paths are those of a section around it */
  draft(inSection: boolean): Draft {
    return new Draft(this.faults, this.world, inSection);
  }

  /** Takes one in; others are left alone. */
  read(section: Section, server: Server): void {
    // What they are about is known when all is read.
    if (isFileSection(section)) return void server.fileSections.push(section);
    if (this.#conditional(section, server, {})) return;
    switch (section.name.toLowerCase()) {
      case "location":
      case "locationmatch":
        return this.#location(section, server);
      case "proxy":
      case "proxymatch":
        return this.#proxy(section, server);
    }
  }

  #location(section: Section, server: Server): void {
    const place = placeOf(section);
    const settings: Settings = {};
    const start = server.locations.length;
    const location: Place = { ...place, settings, spot: section };
    const draft = this.draft(true);
    for (const item of section.children) {
      if (!judge(item, "location", this.faults)) continue;
      if (this.#conditional(item, server, rulePlace(place, this.faults, section))) continue;
      if (isSection(item)) draft.section(item);
      else if (item.name.toLowerCase() === "loglevel") {
        this.faults.notDone(item, `${item.name} in <${section.name}>`);
      } else if (handedOnBy(item) !== undefined) {
        this.#handedOn(item, server, rulePlace(place, this.faults, section));
      } else if (item.name.toLowerCase() === "forcetype" && !/^none$/i.test(item.args[0] ?? "")) {
        server.sections.push(this.#typed(item, rulePlace(place, this.faults, section)));
      } else if (item.name.toLowerCase() === "errordocument" || isFileDirective(item)) {
        this.faults.notDone(item, `${item.name} in <${section.name}>`, effectOf(keyOf(item), item.args));
      } else if (!draft.directive(item)) {
        readProxying(item, server, location, this.faults);
        readSetting(item, settings, this.faults);
      }
    }
    // Of several in one location the last one has it.
    const own = server.locations.splice(start);
    if (own.length > 0) server.locations.push(own.at(-1)!);
    server.sections.push({ place: rulePlace(place, this.faults, section), draft, spot: section, settings });
  }

  /** The type of files that a path leads to; what servers answer has its own. */
  #typed(item: Directive, place: RulePlace): DraftSection {
    const draft = this.draft(true);
    const [type = ""] = item.args;
    draft.directive({ ...item, name: "Header", args: ["set", "Content-Type", type.replaceAll("%", "%%")] });
    return { place: { ...place, file: {} }, draft, spot: item };
  }

  /** `<If>` and what follows it. @returns whether it is one of those */
  #conditional(item: Item, server: Server, place: RulePlace): boolean {
    const key = keyOf(item);
    if (!isSection(item) || key !== "<if" && key !== "<elseif" && key !== "<else") return false;
    const own = key === "<else" ? undefined : this.faults.take(readCondition(item.args.join(" ")), item);
    if (key === "<if") this.#before = [];
    const not: Condition[] = this.#before.map((of) => ({ kind: "not", of }));
    if (own === undefined && key !== "<else") return true;
    const parts = [
      ...place.condition === undefined ? [] : [place.condition],
      ...not,
      ...own === undefined ? [] : [own],
    ];
    if (own !== undefined) this.#before = [...this.#before, own];
    const draft = this.draft(true);
    for (const child of item.children) {
      if (!judge(child, "location", this.faults)) continue;
      if (!isSection(child) && this.#handedOn(child, server, place, parts)) continue;
      const isTaken = isSection(child) ? draft.section(child) : draft.directive(child);
      if (!isTaken) this.faults.notDone(child, `${child.name} in <${item.name}>`, "changes");
    }
    server.conditionals.push({
      place: { ...place, condition: { kind: "and", of: parts } },
      draft,
      spot: item,
    });
    return true;
  }

  /** Notes files that a directive hands to somebody else. @returns whether it does */
  #handedOn(
    item: Directive,
    server: Server,
    place: RulePlace,
    conditions: readonly Condition[] = [],
  ): boolean {
    const handed = handedOnBy(item);
    if (handed === undefined) return false;
    const condition = conditions.length > 0 ? { condition: { kind: "and" as const, of: conditions } } : {};
    server.handed.push({ ...place, ...condition, file: handed.place });
    this.faults.warn(item, keptBack(handed.to), "changes");
    return true;
  }

  #proxy(section: Section, server: Server): void {
    const [url = "", ...words] = section.args;
    const settings: Settings = {};
    const draft = this.draft(true);
    if (words.length > 0 && url !== "~") this.balancers.set(section, url, words);
    for (const item of section.children) {
      if (!judge(item, "proxy", this.faults)) continue;
      const name = item.name.toLowerCase();
      if (isSection(item)) draft.section(item);
      else if (name === "loglevel") this.faults.notDone(item, `${item.name} in <${section.name}>`);
      else if (name === "balancermember") this.balancers.member(item, url, item.args);
      else if (name === "proxyset") this.balancers.set(item, url, item.args);
      else if (isProxySetting(name)) readSetting(item, settings, this.faults);
      else if (!draft.directive(item)) {
        this.faults.warn(item, `does nothing in <${section.name}>; write it beside ProxyPass`);
      }
    }
    if (Object.keys(settings).length > 0) this.proxies.push({ url, settings });
    server.proxied.push({ place: {}, url, draft, spot: section });
  }
}
