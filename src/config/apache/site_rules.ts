/** What stands around the routes of one server, put together: the main server's before its own. */

import { isTrivial } from "../../rules/alike.ts";
import type {
  Redirect,
  RewriteMap,
  RewriteRule,
  Rewriting,
  Section,
  SiteRules,
  VariableRule,
} from "../../rules/model.ts";
import { KEEPS_HOST, TELLS_CLIENT } from "../../rules/own_variables.ts";
import { patternOf } from "../../rules/expression.ts";
import type { Route } from "../config.ts";
import type { ErrorPage } from "../error_pages.ts";
import { readExpression } from "./expressions.ts";
import { ruleSections } from "./files/server_files.ts";
import { standsFor } from "./paths.ts";
import type { MadeRoutes, RouteMaker } from "./routes.ts";
import type { Draft } from "./rules/draft.ts";
import type { DraftRule, RewriteReader } from "./rules/rewriting.ts";
import type { DraftSection, Server } from "./server.ts";
import type { Settings } from "./settings.ts";

/** Rules, and the routes that only rules lead to. */
export interface Around {
  readonly rules?: SiteRules;
  readonly targets?: readonly Route[];
}

/** Puts the rules of one server together. */
export class SiteRulesMaker {
  readonly #targets: Route[] = [];
  /** Indexes of targets by their URLs. */
  readonly #byUrl = new Map<string, number>();
  #programsTarget: number | undefined;

  /** @param made the site's routes, and what is known of them */
  constructor(
    readonly routes: RouteMaker,
    readonly server: Server,
    readonly made: MadeRoutes,
  ) {}

  /** All that is said; nothing where nothing is. */
  make(): Around {
    const { server } = this;
    const { main } = this.routes.servers;
    const levels = server === main ? [main] : [main, server];
    const root = this.routes.files.documentRoot(levels.toReversed());
    const files = this.made.files;
    const sections: Section[] = [
      ...levels.map(({ draft }) => {
        const { variables: _, redirects: __, ...rest } = draft.rules();
        return { ...rest, ...late(draft.rules().variables) };
      }),
      ...files === undefined ? [] : ruleSections(
        files,
        ({ draft, place: { directory } }) => this.#rewriting(draft.rewriting, directory ?? `${root}/`),
        ({ url, spot }) => url === undefined ? this.#programs() : this.#target(url, spot!),
        (name) => this.#leadsElsewhere(name),
      ),
      ...levels.flatMap(({ proxied }) => proxied.map((section) => this.#proxied(section))),
      ...levels.flatMap(({ sections }) => sections.map((section) => this.#section(section))),
      ...levels.flatMap(({ conditionals }) => conditionals.map((section) => this.#section(section))),
      // Whoever is last is asked first.
      ...levels.flatMap(({ handed }) => handed.map((place) => ({ place, redirects: [{ status: 403 }] }))),
    ].map((section) => this.#coded(section)).filter((section) =>
      Object.keys(section).some((key) => key !== "place")
    );
    const variables = levels.flatMap(({ draft }) =>
      draft.variables.filter(({ kind }) => kind === "if" || kind === "expression")
    );
    const redirects: Redirect[] = levels.toReversed().flatMap(({ draft }) => draft.redirects);
    const rewriting = this.#serverRewriting(main, server);
    const named = this.routes.files.namedBy(levels.toReversed());
    const pages = this.#pagesOf((page) => "file" in page ? page.file : undefined);
    const found = this.#pagesOf((page) => "path" in page ? page.path : undefined);
    const isSaid = variables.length + redirects.length + Object.keys(found).length > 0;
    const isNamed = named.length > 0 || Object.keys(pages).length > 0;
    // Only where rules of the server make names, or answers are files, is anybody needed for them.
    const target = files === undefined || !isNamed
      ? undefined
      : this.#targets.push(this.routes.files.target(files)) - 1;
    const kept = withoutTrivialAccess(sections);
    if (kept.length === 0 && !isSaid && rewriting === undefined) return {};
    const name = server.names[0]?.name;
    return {
      rules: {
        sections: kept,
        ...variables.length > 0 && { variables },
        ...redirects.length > 0 && { redirects },
        ...rewriting && { rewriting },
        ...name !== undefined && !name.includes("*") && { serverName: name },
        ...root !== undefined && { documentRoot: root },
        ...Object.keys(found).length > 0 && { pages: found },
        ...files && {
          files: {
            routes: files.routes,
            host: files.host,
            ...target === undefined ? {} : { target, made: named, pages },
          },
        },
      },
      ...this.#targets.length > 0 && { targets: this.#targets },
    };
  }

  /** The pages of one sort, by status. */
  #pagesOf(read: (page: ErrorPage) => string | undefined): Record<string, string> {
    const pages = Object.entries(this.made.pages).map(([status, page]) => [status, read(page)]);
    return Object.fromEntries(pages.filter(([, page]) => page !== undefined));
  }

  /** A section with how its content is coded, which servers say. */
  #coded(section: Section): Section {
    if (section.responseFields === undefined) return section;
    const { compression } = this.server;
    const around = this.routes.servers.main.compression;
    return {
      ...section,
      responseFields: section.responseFields.map((rule) => compression.complete(rule, around)),
    };
  }

  /** Whether a path that ends with a name may be proxied, by an expression or by itself. */
  #leadsElsewhere(name: string): boolean {
    return this.made.routes.some(({ path, match }, index) =>
      this.made.urls[index] !== undefined &&
      (match !== undefined || name.startsWith("/") || path.endsWith(`/${name}`))
    );
  }

  #section({ place, draft, settings }: DraftSection): Section {
    const rewriting = this.#rewriting(
      draft.rewriting,
      place.path === undefined ? "/" : place.path.replace(/\/?$/, "/"),
    );
    const own = { place, ...draft.rules(), ...rewriting && { rewriting } };
    const relayed = this.#relayed(settings);
    return relayed.length === 0 ? own : { ...own, variables: [...own.variables ?? [], ...relayed] };
  }

  /**
   * How requests of a location are relayed, where that is not only said of a ProxyPass in it: of what others take too, and
   * rules of rewriting.
   */
  #relayed(settings: Settings = {}): VariableRule[] {
    const { main } = this.routes.servers;
    const levels = new Set([main, this.server]);
    const isProxied = ({ rewriting: { rules } }: Draft) =>
      rules.some(({ proxyUrl }) => proxyUrl !== undefined);
    const isOfPass = [...levels].some(({ locations }) =>
      locations.some((pass) => pass.settings === settings)
    );
    const isAlone = isOfPass &&
      ![...levels].some(({ draft, sections }) =>
        isProxied(draft) || sections.some((section) => isProxied(section.draft))
      );
    if (isAlone) return [];
    const { preserveHost, addsHeaders } = settings;
    return [[KEEPS_HOST, preserveHost] as const, [TELLS_CLIENT, addsHeaders] as const].flatMap(([name, is]) =>
      is === undefined ? [] : [{ kind: "set" as const, name, value: is ? "on" : "off" }]
    );
  }

  #proxied(section: DraftSection & { readonly url: string }): Section {
    const isMatch = section.spot.name.toLowerCase() === "proxymatch";
    const source = isMatch ? readExpression(section.url) : undefined;
    const pattern = source !== undefined && "value" in source ? patternOf(source.value) : undefined;
    const routes = [...this.made.urls.entries()].flatMap(([index, url]) =>
      url !== undefined && (isMatch ? pattern?.test(`${url}/`) ?? true : standsFor(section.url, url))
        ? [index]
        : []
    );
    // `*` is about all that is proxied, targets of rules too.
    return { ...this.#section(section), place: /^\*$|^\.\*$/.test(section.url) ? {} : { routes } };
  }

  #serverRewriting(main: Server, server: Server): Rewriting | undefined {
    const own = server.draft.rewriting;
    const outer = main.draft.rewriting;
    if (!(own.engine ?? outer.engine ?? false)) return undefined;
    const rules = server === main || !own.inherits ? own.rules : [...own.rules, ...outer.rules];
    return this.#rewritingOf(rules, { ...outer.maps, ...own.maps });
  }

  #rewriting(reader: RewriteReader, directory: string): Rewriting | undefined {
    const { main } = this.routes.servers;
    if (reader.engine !== true) return undefined;
    const maps = { ...main.draft.rewriting.maps, ...this.server.draft.rewriting.maps };
    const rewriting = this.#rewritingOf(reader.rules, maps);
    return rewriting &&
      { ...rewriting, directory, ...reader.base === undefined ? {} : { base: reader.base } };
  }

  #rewritingOf(
    drafts: readonly DraftRule[],
    maps: Readonly<Record<string, RewriteMap>>,
  ): Rewriting | undefined {
    if (drafts.length === 0) return undefined;
    const rules = drafts.flatMap((draft): RewriteRule[] => {
      const { spot, proxyUrl, ...rule } = draft;
      if (proxyUrl === undefined) return [rule];
      const proxy = this.#target(proxyUrl, spot);
      return proxy === undefined ? [] : [{ ...rule, proxy }];
    });
    return { rules, ...Object.keys(maps).length > 0 && { maps } };
  }

  /** Whoever runs programs. */
  #programs(): number {
    return this.#programsTarget ??=
      this.#targets.push({ path: "/", backends: [this.routes.files.documents.programs] }) - 1;
  }

  #target(url: string, spot: DraftRule["spot"]): number | undefined {
    const known = this.#byUrl.get(url);
    if (known !== undefined) return known;
    const route = this.routes.targetOf(url, this.server, spot);
    if (route === undefined) return undefined;
    const index = this.#targets.push(route) - 1;
    this.#byUrl.set(url, index);
    return index;
  }
}

function late(variables: Section["variables"]): Pick<Section, "variables"> {
  const own = variables?.filter(({ kind }) => kind !== "if" && kind !== "expression") ?? [];
  return own.length > 0 ? { variables: own } : {};
}

/** Where everybody is let in everywhere, as most configurations say somewhere, nobody needs to be asked. */
function withoutTrivialAccess(sections: readonly Section[]): Section[] {
  if (!sections.every(({ access }) => access === undefined || isTrivial(access))) return [...sections];
  return sections.map(({ access: _, ...rest }) => rest)
    .filter((section) => Object.keys(section).some((key) => key !== "place"));
}
