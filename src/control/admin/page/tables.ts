/** The tables of the status page. */

import { type BackendStatus, CLASSES, type FrontStatus } from "../../front/front_status.ts";
import { partsBar } from "./chart.ts";
import { type Html, html } from "./html.ts";
import { type Lately, type RouteLately, sumOf, type UpstreamLately } from "./lately.ts";
import { bytesText, countText, rateText, timeText } from "./units.ts";

/** Rows of one table: a page is for reading. */
const MOST_ROWS = 200;
/** Microseconds from which a time is worth a look, and from which it is bad. */
const WARM = 1_000_000;
const HOT = 5_000_000;

/** Who takes connections. */
export function backendsTable({ backends }: FrontStatus, lately: Lately): Html {
  const order = { down: 0, drained: 1, up: 2 } as const;
  const sorted = backends.toSorted((a, b) => order[a.state] - order[b.state]);
  const rows = sorted.slice(0, MOST_ROWS).map((backend) => backendRow(backend, lately));
  return table(
    "Backends",
    "who takes connections",
    ["backend", "state", ".connections", ".requests /s", ".99 of 100 taken within", ".refused", ".lost"],
    rows,
    "No backend is configured.",
    backends.length,
  );
}

function backendRow(backend: BackendStatus, lately: Lately): Html {
  const { name, kind, state, reason, active, handoffs, unacknowledged } = backend;
  const requests = lately.routes.filter((route) => route.backend === name)
    .reduce((all, route) => all + route.requests, 0);
  const { refused, lost } = lately.troubled(backend);
  const why = reason === undefined ? html`` : html`<span class="why">${reason}</span>`;
  const waits = unacknowledged > 0 ? ` (${countText(unacknowledged)} under way)` : "";
  return html`<tr><th scope="row">${name}<small>${
    kind === "other" ? "somebody else's process" : kind
  }</small></th>
<td class="full"><span class="state ${state}">${state}</span>${why}</td>
${number("connections", countText(active) + waits)}
${number("requests /s", rateText(requests))}${time("99 of 100 taken within", lately.handoff(backend))}
${trouble("refused", handoffs.refused, refused)}${trouble("lost", handoffs.lost, lost)}</tr>`;
}

/** Whom relays ask; nothing where there are none. */
export function upstreamsTable(upstreams: readonly UpstreamLately[]): Html {
  if (upstreams.length === 0) return html``;
  const sorted = upstreams.toSorted((a, b) =>
    a.upstream.state.localeCompare(b.upstream.state) || b.failures - a.failures || b.requests - a.requests
  );
  return table(
    "Upstreams",
    "whom relays ask",
    ["upstream", "state", ".under way", ".requests /s", ".since the start", ".failed", ".failed checks"],
    sorted.slice(0, MOST_ROWS).map(upstreamRow),
    "",
    upstreams.length,
  );
}

function upstreamRow({ backend, upstream, requests, failures, failedChecks }: UpstreamLately): Html {
  const { upstream: name, state } = upstream;
  return html`<tr><th scope="row">${name || "others"}<small>${backend}</small></th>
<td class="full"><span class="state ${state}">${state}</span></td>
${number("under way", countText(upstream.active))}${number("requests /s", rateText(requests))}
${number("since the start", countText(upstream.requests))}${trouble("failed", upstream.failures, failures)}
${
    upstream.checks === 0
      ? number("failed checks", "–")
      : trouble("failed checks", upstream.failedChecks, failedChecks)
  }</tr>`;
}

/** What is asked for. */
export function routesTable(lately: Lately): Html {
  const sorted = lately.routes.toSorted((a, b) =>
    b.requests - a.requests || sumOf(b.route.requests) - sumOf(a.route.requests)
  );
  const rows = sorted.slice(0, MOST_ROWS).map(routeRow);
  const key = html`<div class="key">${
    [["2xx", "fine"], ["3xx", "elsewhere, or unchanged"], ["4xx", "the client's fault"], ["5xx", "failed"], [
      "0xx",
      "client gone",
    ]].map(([name, text]) =>
      html`<span><svg viewBox="0 0 1 1"><rect class="c${name!}" width="1" height="1"/></svg>${text!}</span>`
    )
  }</div>`;
  return table(
    "Routes",
    "what is asked for, and how long it takes",
    [
      "site and route",
      "backend",
      ".requests /s",
      ".since the start",
      "answers",
      ".half within",
      ".99 of 100",
      ".sent",
    ],
    rows,
    "Nothing was asked for yet. Backends of other makes count nothing here.",
    sorted.length,
    rows.length > 0 ? key : html``,
  );
}

function routeRow({ backend, route, requests, p50, p99 }: RouteLately): Html {
  const { site, route: path, requests: by, connections, sent } = route;
  const all = sumOf(by);
  const name = path === "" ? "others" : site === "" ? "every other host" : site;
  const parts = CLASSES.map((code) => [code, by[code]] as const);
  const label = parts.filter(([, count]) => count > 0).map(([code, count]) => `${code}: ${count}`).join(", ");
  return html`<tr><th scope="row">${
    path || "–"
  }<small>${name}</small></th><td data-name="backend">${backend}</td>
${number("requests /s", rateText(requests))}${
    number("since the start", all === 0 ? `${countText(connections)} conn.` : countText(all))
  }
<td class="wide full">${partsBar(parts, label)}</td>${time("half within", p50)}${time("99 of 100", p99)}
${number("sent", bytesText(sent))}</tr>`;
}

/** What the front did not hand over. */
export function refusalsTable(status: FrontStatus, lately: Lately): Html {
  const rows = status.refusals.map(({ status: code, why, count }) => ({
    code,
    why,
    count,
    recent: lately.refused(code, why),
  })).sort((a, b) => b.recent - a.recent || b.count - a.count);
  return table(
    "Refused",
    "what the front has answered itself",
    ["why", "status", ".last minute", ".since the start"],
    rows.map(({ code, why, count, recent }) =>
      html`<tr><th scope="row">${why}</th><td data-name="status">${code === 0 ? "closed" : code}</td>
<td class="n ${recent > 0 ? code >= 500 ? "hot" : "warm" : ""}" data-name="last minute">${
        countText(recent)
      }</td>
${number("since the start", countText(count))}</tr>`
    ),
    "Nothing was refused.",
    rows.length,
  );
}

function table(
  title: string,
  what: string,
  columns: readonly string[],
  rows: readonly Html[],
  empty: string,
  all: number,
  below: Html = html``,
): Html {
  const heads = columns.map((name) =>
    name.startsWith(".")
      ? html`<th scope="col" class="n">${name.slice(1)}</th>`
      : html`<th scope="col">${name}</th>`
  );
  const more = all > rows.length
    ? html`<p class="empty">${all - rows.length} more in /status.json.</p>`
    : html``;
  const content = rows.length === 0 ? html`<div class="empty">${empty}</div>` : html`
    <table>
      <thead>
        <tr>${heads}</tr>
      </thead>
      <tbody>${rows}</tbody>
    </table>${more}
  `;
  return html`<section><h2>${title} <small>${what}</small></h2><div class="table">${content}</div>${below}</section>`;
}

function number(name: string, text: string): Html {
  return html`<td class="n" data-name="${name}">${text}</td>`;
}

function time(name: string, microseconds: number | undefined): Html {
  const look = microseconds === undefined || microseconds < WARM ? "" : microseconds < HOT ? "warm" : "hot";
  return html`<td class="n ${look}" data-name="${name}">${timeText(microseconds)}</td>`;
}

/** What should not happen: loud where it has happened lately. */
function trouble(name: string, count: number, recent: number): Html {
  return html`<td class="n ${recent > 0 ? "hot" : ""}" data-name="${name}">${countText(count)}</td>`;
}
