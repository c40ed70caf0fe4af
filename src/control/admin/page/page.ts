/**
 * The status page: one file, readable without scripts. What a person wants to know in five seconds comes first: is
 * everything up, what is slow, what is refused.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import type { FrontStatus } from "../../front/front_status.ts";
import type { History } from "../history.ts";
import { Html, html } from "./html.ts";
import { Lately, type UpstreamLately } from "./lately.ts";
import { SCRIPT } from "./script.ts";
import { STYLE } from "./style.ts";
import { backendsTable, refusalsTable, routesTable, upstreamsTable } from "./tables.ts";
import { tiles } from "./tiles.ts";
import { spanText } from "./units.ts";

/** What a person is told first. */
interface Verdict {
  readonly look: "good" | "odd" | "bad";
  readonly title: string;
  readonly text: string;
}

const hashOf = (text: string) => `'sha256-${sha256(new TextEncoder().encode(text)).toBase64()}'`;

/** Nothing runs and nothing is loaded but what is in the page; the icon is in it too. */
export const POLICY = `default-src 'none'; style-src ${hashOf(STYLE)}; script-src ${hashOf(SCRIPT)}; ` +
  "img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const ICON: Readonly<Record<Verdict["look"], string>> = { good: "12805c", odd: "c08a00", bad: "c22f38" };

/** Writes the page. */
export function statusPage(status: FrontStatus, history: History): string {
  const lately = new Lately(status, history.before);
  const verdict = verdictOf(status, lately);
  const { version, process, uptime, generation, reloads, listeners } = status;
  const reload = reloads.lastApplied ? "" : " (the last reload was refused)";
  const icon = `data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'>` +
    `<circle cx='8' cy='8' r='7' fill='%23${ICON[verdict.look]}'/></svg>`;
  return `<!doctype html>
${
    html`
      <html lang="en">
        <head>
          <meta charset="utf-8">
          <title>${verdict.title} – fdpass</title>
          <meta name="viewport" content="width=device-width, initial-scale=1">
          <link rel="icon" href="${icon}">
          <style>${new Html(STYLE)}</style>
        </head>
        <body>
          <header><span class="facts"><b>fdpass</b> ${version}, process ${process}, up ${spanText(
            uptime,
          )}, configuration ${generation}${reload}</span>
      <span class="live">as of the moment it was loaded</span></header>
          <main><div class="verdict ${verdict.look}"><div><h1>${verdict.title}</h1><p>${verdict
            .text}</p></div></div>
      ${tiles(status, lately, history)}
      ${backendsTable(status, lately)}
      ${upstreamsTable(lately.upstreams)}
      ${refusalsTable(status, lately)}
      ${routesTable(lately)}
          </main>
          <footer>On ${listeners.join(
            ", ",
          )}. For programs: <a href="/metrics">/metrics</a>, <a href="/status.json"
      >/status.json</a>, <a href="/ready">/ready</a>, <a href="/healthz">/healthz</a>. Times and rates are of the last
      minute, or since the start where there was nothing in it.</footer>
          <script>${new Html(SCRIPT)}</script>
        </body>
      </html>
    `.text
  }
`;
}

function verdictOf(status: FrontStatus, lately: Lately): Verdict {
  const { draining, missing, backends, sites } = status;
  const down = backends.filter(({ state }) => state === "down").map(({ name }) => name);
  const drained = backends.filter(({ state }) => state === "drained").map(({ name }) => name);
  if (draining) {
    return {
      look: "odd",
      title: "Draining",
      text: "Nothing new is accepted; what is under way is finished.",
    };
  }
  if (down.length > 0) {
    const title = backends.length === 1
      ? "The backend is down"
      : `${down.length} of ${backends.length} backends down`;
    const texts = down.map((name) => `${name}${servedBy(status, name)}`);
    // The one does not hide the other.
    return { look: "bad", title, text: [...texts, ...upstreamTexts(lately.upstreams)].join("; ") };
  }
  if (missing.length > 0) {
    return { look: "bad", title: "Not ready", text: `No backend yet for ${missing.join(", ")}` };
  }
  const unusable = unusableUpstreams(lately.upstreams);
  if (unusable.length > 0) {
    const alone = unusable.find(({ backend }) => isLeftAlone(backend, lately.upstreams));
    return alone === undefined
      ? {
        look: "odd",
        title: `Up, but ${unusable.length} of ${lately.upstreams.length} upstreams down`,
        text: upstreamTexts(lately.upstreams).join("; "),
      }
      : {
        look: "bad",
        title: `${alone.backend} has no upstream that works`,
        text: `Down: ${unusable.map(({ upstream: { upstream } }) => upstream).join(", ")}`,
      };
  }
  const failing = status.refusals.filter(({ status: code, why }) =>
    code >= 500 && lately.refused(code, why) > 0
  );
  if (failing.length > 0) {
    return { look: "odd", title: "Up, but refusing", text: failing.map(({ why }) => why).join("; ") };
  }
  const failed = lately.routes.filter(({ failed, requests }) => failed > 0.05 * requests);
  if (failed.length > 0) {
    const names = failed.map(({ backend, route: { site, route } }) => `${site}${route} in ${backend}`);
    return { look: "odd", title: "Up, with errors", text: `More than 5 % fail: ${names.join(", ")}` };
  }
  const routes = sites.reduce((sum, site) => sum + site.routes.length, 0);
  const text =
    `${plural(backends.length, "backend")}, ${plural(sites.length, "site")}, ${plural(routes, "route")}` +
    (drained.length > 0 ? `; drained on purpose: ${drained.join(", ")}` : "");
  return { look: "good", title: "Everything is up", text };
}

function unusableUpstreams(upstreams: readonly UpstreamLately[]): UpstreamLately[] {
  return upstreams.filter(({ upstream: { state } }) => state === "down");
}

/** Whether a backend has nobody left to ask: it answers all with errors. */
function isLeftAlone(name: string, upstreams: readonly UpstreamLately[]): boolean {
  return upstreams.every(({ backend, upstream: { state } }) => backend !== name || state === "down");
}

/** Which upstreams are down, by backend, in words. */
function upstreamTexts(upstreams: readonly UpstreamLately[]): string[] {
  const unusable = unusableUpstreams(upstreams);
  return [...new Set(unusable.map(({ backend }) => backend))].map((name) => {
    if (isLeftAlone(name, upstreams)) return `${name} has no upstream that works`;
    const own = unusable.filter(({ backend }) => backend === name);
    return `${name} does without ${own.map(({ upstream: { upstream } }) => upstream).join(", ")}`;
  });
}

/** Which routes lead to a backend alone, in words. */
function servedBy({ sites }: FrontStatus, name: string): string {
  const routes = sites.flatMap(({ names, routes }) =>
    routes.filter(({ backends }) => backends.length === 1 && backends[0] === name)
      .map(({ path }) => `${names[0] ?? ""}${path}`)
  );
  if (routes.length === 0) return "";
  const more = routes.length > 3 ? ` and ${routes.length - 3} more` : "";
  return `: nobody else serves ${routes.slice(0, 3).join(", ")}${more}`;
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
