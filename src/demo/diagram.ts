/**
 * The drawing: a connection as the arm of a switch. One end is fixed to the client; the other has been swung from the
 * front to the process that answers.
 */

import type { Facts } from "./facts.ts";
import { escape } from "./wording.ts";

/** Where the arm is fixed. */
const PIVOT = { x: 140, y: 240 };
/** Length of the arm. */
const ARM = 170;
/** How far the contacts beside the app's are from it, in degrees. */
const ANGLE = 50;

/** A point at a distance and an angle from the pivot, as SVG writes it. */
function point(distance: number, degrees: number): string {
  const radians = degrees * Math.PI / 180;
  const at = (from: number, by: number) => (from + distance * by).toFixed(1);
  return `${at(PIVOT.x, Math.cos(radians))} ${at(PIVOT.y, Math.sin(radians))}`;
}

function circle(distance: number, degrees: number, radius: number, type: string): string {
  const [x, y] = point(distance, degrees).split(" ");
  return `<circle class="${type}" cx="${x}" cy="${y}" r="${radius}"/>`;
}

interface Box {
  readonly type: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly lines: readonly [name: string, number: string, role: string];
}

const HEIGHT = 88;

function box({ type, x, y, width, lines: [name, number, role] }: Box): string {
  return `<g class="box ${type}"><rect x="${x}" y="${y}" width="${width}" height="${HEIGHT}"/>
<text class="name" x="${x + 12}" y="${y + 28}">${escape(name)}</text>
<text class="number" x="${x + 12}" y="${y + 51}">${escape(number)}</text>
<text class="role" x="${x + 12}" y="${y + 73}">${escape(role)}</text></g>`;
}

/** The drawing as inline SVG; its style is the page's, its class `at-front`, `at-app` or `at-files` where the arm is. */
export function diagram({ answeredBy, acceptedBy, client, files }: Facts): string {
  const { x, y } = PIVOT;
  const process = (number: number | null) => number === null ? "another process" : `process ${number}`;
  const boxes: Box[] = [
    { type: "client", x: 8, y: y - 44, width: 126, lines: ["you", client.hostname, `port ${client.port}`] },
    { type: "front", x: 264, y: 62, width: 196, lines: ["front", process(acceptedBy.process), "has let go"] },
    {
      type: "app",
      x: 322,
      y: y - 44,
      width: 138,
      lines: [answeredBy.backend, process(answeredBy.process), "answers you"],
    },
    {
      type: "files",
      x: 264,
      y: 330,
      width: 196,
      lines: [files.backend, process(files.process), "has other paths"],
    },
  ];
  return `<svg id="switch" viewBox="0 54 468 372" role="img" aria-labelledby="fig-title fig-text">
<title id="fig-title">The way of your connection</title>
<desc id="fig-text">Your end stays where it is. The other end first met the front, process ${acceptedBy.process}, and was then
moved to ${escape(answeredBy.backend)}, process ${answeredBy.process}, which now answers you directly.</desc>
<defs><marker id="tip" viewBox="0 0 10 10" refX="8" refY="5" markerWidth="9" markerHeight="9" orient="auto">
<path class="tip" d="M0 1 9 5 0 9z"/></marker></defs>
<path class="arc" d="M${point(ARM, -ANGLE)}A${ARM} ${ARM} 0 0 1 ${point(ARM, ANGLE)}"/>
<path class="trace" d="M${x} ${y}L${point(ARM - 10, -ANGLE)}M${x} ${y}L${point(ARM - 10, ANGLE)}"/>
<path class="moved" marker-end="url(#tip)" d="M${point(118, -40)}A118 118 0 0 1 ${point(118, -9)}"/>
<text class="call" x="312" y="179">SCM_RIGHTS</text>
${boxes.map(box).join("\n")}
${circle(ARM, -ANGLE, 6, "contact")}${circle(ARM, 0, 6, "contact")}${circle(ARM, ANGLE, 6, "contact")}
<g class="arm"><path class="wire" d="M${x} ${y}L${point(ARM, 0)}"/>
${circle(ARM, 0, 10, "end")}${circle(ARM, 0, 5, "pulse")}</g>
<circle class="pivot" cx="${x}" cy="${y}" r="8"/>
</svg>`;
}
