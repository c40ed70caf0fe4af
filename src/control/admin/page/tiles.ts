/** The four figures on top of the status page. */

import type { FrontStatus } from "../../front/front_status.ts";
import type { History, Point } from "../history.ts";
import { columns, lineChart } from "./chart.ts";
import { type Html, html } from "./html.ts";
import type { Lately } from "./lately.ts";
import { countText, rateText, timeText } from "./units.ts";

/** Writes them. */
export function tiles(status: FrontStatus, lately: Lately, { points }: History): Html {
  const { counters } = status;
  const rates = (name: "requests" | "failed" | "refused") => ratesOf(points, name);
  const sum = (pick: (route: Lately["routes"][number]) => number) =>
    lately.routes.reduce((all, route) => all + pick(route), 0);
  const refusals = status.refusals.map(({ status: code, why }) => ({
    why,
    count: lately.refused(code, why),
  }));
  const refused = refusals.reduce((all, { count }) => all + count, 0) / lately.seconds;
  const most = refusals.filter(({ count }) => count > 0).sort((a, b) => b.count - a.count)[0];
  const slowest = lately.routes.filter(({ requests }) => requests > 0)
    .sort((a, b) => (b.p99 ?? 0) - (a.p99 ?? 0))[0];
  const failed = sum(({ failed }) => failed);
  return html`<div class="tiles">
${
    tile(
      "Requests",
      html`${rateText(sum(({ requests }) => requests))} <small>/s</small>`,
      failed > 0 ? `${rateText(failed)} /s fail (5xx)` : "none fails",
      lineChart(rates("requests"), "Requests a second in the last five minutes"),
      failed > 0 ? "odd" : "",
    )
  }
${
    tile(
      "Time for 99 of 100",
      html`${timeText(lately.quantile(0.99))} <small>half within ${timeText(lately.quantile(0.5))}</small>`,
      slowest === undefined
        ? "no request lately"
        : `slowest: ${slowest.route.site}${slowest.route.route}, ${timeText(slowest.p99)}`,
      columns(lately.counts, "Requests by their time, from 0.1 ms on the left to 10 s on the right"),
    )
  }
${
    tile(
      "Refused by the front",
      html`${rateText(refused)} <small>/s</small>`,
      most === undefined ? "nothing lately" : `mostly: ${most.why}`,
      lineChart(rates("refused"), "Refused a second in the last five minutes"),
      refused > 0 ? "odd" : "",
    )
  }
${
    tile(
      "Connections",
      html`${
        countText(status.backends.reduce((all, { active }) => all + active, 0))
      } <small>with backends</small>`,
      `${countText(counters.waiting)} wait, ${countText(counters.parked)} parked, ${
        countText(counters.open)
      } in all with the front`,
      lineChart(points.map(({ waiting }) => waiting), "Waiting connections in the last five minutes"),
      counters.waiting > 0 ? "odd" : "",
    )
  }
</div>`;
}

function tile(name: string, value: Html, note: string, chart: Html = html``, look = ""): Html {
  return html`
    <div
      class="tile ${look}"><h2>${name}</h2><div class="value">${value}</div><div class="note">${note}</div>${chart}</div>
  `;
}

/** How often a second, between each two looks. */
function ratesOf(points: readonly Point[], name: "requests" | "failed" | "refused"): number[] {
  return points.slice(1).map((point, index) => {
    const before = points[index]!;
    return Math.max(0, point[name] - before[name]) * 1_000 / Math.max(1, point.at - before.at);
  });
}
