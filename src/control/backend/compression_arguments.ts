/** What a backend process is told of compression by whoever starts it. */

import type { Compression } from "../../config/compression.ts";

/** Arguments of `fdpass backend`. */
export function compressionArguments(compression: Compression | undefined): string[] {
  if (compression === undefined) return [];
  const { codings, types, minLength, levels } = compression;
  return [
    `--compress=${codings.join(",")}`,
    "--compress-types",
    types.join(","),
    "--compress-min-length",
    String(minLength),
    "--compress-levels",
    Object.entries(levels).map(([coding, level]) => `${coding}=${level}`).join(","),
  ];
}
