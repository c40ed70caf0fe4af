/** `accessLog` of a site, or of the whole document. */

import { z } from "zod";
import type { AccessLogSpec } from "../../logs/rules.ts";
import { dashesInFormat, DEFAULT_FORMAT, readLogFormat, readLogTarget } from "../access_logs.ts";
import type { Resolve } from "../path.ts";
import type { Path, Report } from "./report.ts";
import { expect, text } from "./shapes.ts";
import { isObject } from "./value.ts";

const LOG =
  `write a file such as "access.log", or an object such as {"file": "access.log", "format": "json"}`;
const SHARE = "write a number above 0, up to 1";

const file = text(LOG, { examples: ["access.log", "-", "|rotatelogs access-%F.log 86400"] });
const log = z.strictObject({
  file: file.meta({
    description:
      `Where lines go: a file, relative to this one; "-" for standard output; or "|program" and its ` +
      "arguments, for the standard input of that.",
  }),
  format: text(`write a format such as "combined"`, {
    examples: ["combined", "common", "json", '%h %t "%r" %>s %b'],
  }).optional().meta({
    description: "combined, common, json, or what Apache's LogFormat takes.",
    default: DEFAULT_FORMAT,
  }),
  sample: z.number({ error: expect(SHARE) }).gt(0, { error: expect(SHARE) }).lte(1, { error: expect(SHARE) })
    .optional().meta({
      description: "The share of requests that get a line. Those that fail (5xx) always do.",
      default: 1,
    }),
}, { error: expect(LOG) });

/** Its keys. */
export const ACCESS_LOG_KEYS: readonly string[] = Object.keys(log.shape);

/** The shape of the value, of one log or of several. */
export const accessLog = z.union([file, log, z.array(z.union([file, log], { error: expect(LOG) }))], {
  error: expect(LOG),
});

/** Reads access logs. */
export class AccessLogReader {
  constructor(readonly resolve: Resolve, readonly report: Report) {}

  /**
   * Reads the value of the key.
   *
   * @param owner what may have it
   * @param path where that stands
   * @returns an object to be spread into the model: without the key it is empty
   */
  read(owner: Readonly<Record<string, unknown>>, path: Path): { accessLogs?: readonly AccessLogSpec[] } {
    const value = owner.accessLog;
    if (value === undefined) return {};
    if (value === false) return { accessLogs: [] };
    const at = [...path, "accessLog"];
    const entries = Array.isArray(value)
      ? value.map((entry, index) => this.#one(entry, [...at, index]))
      : [this.#one(value, at)];
    return { accessLogs: entries.filter((entry) => entry !== undefined) };
  }

  #one(value: unknown, path: Path): AccessLogSpec | undefined {
    const entry = typeof value === "string" ? { file: value } : value;
    if (!isObject(entry) || typeof entry.file !== "string") return undefined;
    const where = typeof value === "string" ? path : [...path, "file"];
    const to = this.report.take(readLogTarget(entry.file, this.resolve), where);
    const format = typeof entry.format === "string" ? entry.format : DEFAULT_FORMAT;
    const read = this.report.take(readLogFormat(format), [...path, "format"]);
    if (to === undefined || read === undefined) return undefined;
    const dashes = dashesInFormat(read);
    if (dashes !== undefined) this.report.warn([...path, "format"], dashes);
    return {
      to,
      format: read,
      ...typeof entry.sample === "number" && entry.sample < 1 ? { sample: entry.sample } : {},
    };
  }
}
