/** Small charts: a line over the last minutes, and a bar of parts. */

import { type Html, html } from "./html.ts";

const WIDTH = 240;
const HEIGHT = 44;

/**
 * A line with what is below it.
 *
 * @param values one after another in time
 * @param label what it shows, for whoever cannot see it
 */
export function lineChart(values: readonly number[], label: string): Html {
  if (values.length < 2) {
    return html`<svg class="line" viewBox="0 0 ${WIDTH} ${HEIGHT}" aria-hidden="true"></svg>`;
  }
  const top = Math.max(...values, 1e-9);
  const points = values.map((value, index) => {
    const x = index * WIDTH / (values.length - 1);
    const y = HEIGHT - 2 - value / top * (HEIGHT - 6);
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  }).join(" ");
  return html`
    <svg class="line" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img"
      aria-label="${label}">
      <polygon points="0,${HEIGHT} ${points} ${WIDTH},${HEIGHT}" />
      <polyline points="${points}" />
    </svg>
  `;
}

/** How many there were of each, side by side. @param label what it shows */
export function columns(counts: readonly number[], label: string): Html {
  const top = Math.max(...counts, 1);
  const width = WIDTH / Math.max(1, counts.length);
  const rects = counts.map((count, index) => {
    // A single one among thousands is to be seen.
    const height = count === 0 ? 0 : Math.max(1.5, count / top * (HEIGHT - 6));
    const x = (index * width + 1).toFixed(1);
    return html`
      <rect x="${x}" y="${(HEIGHT - height).toFixed(1)}" width="${(width - 2).toFixed(1)}" height="${height
        .toFixed(1)}" />
    `;
  });
  return html`
    <svg class="line" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img"
      aria-label="${label}"><title>${label}</title>${rects}</svg>
  `;
}

/** Parts of a whole beside each other. @param parts with the class that colours each */
export function partsBar(parts: readonly (readonly [name: string, count: number])[], label: string): Html {
  const all = parts.reduce((sum, [, count]) => sum + count, 0);
  if (all === 0) return html`<span class="none">–</span>`;
  let from = 0;
  const rects = parts.filter(([, count]) => count > 0).map(([name, count]) => {
    // What is there is to be seen, however little it is.
    const width = Math.max(1.5, count / all * 100);
    const rect = html`
      <rect class="c${name}" x="${from.toFixed(2)}" width="${width.toFixed(2)}" height="8" />
    `;
    from += width;
    return rect;
  });
  return html`
    <svg class="parts" viewBox="0 0 ${Math.max(100, from).toFixed(2)} 8" preserveAspectRatio="none" role="img"
      aria-label="${label}"><title>${label}</title>${rects}</svg>
  `;
}
