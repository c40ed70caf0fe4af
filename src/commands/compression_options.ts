/** Options of `fdpass backend` about compression. */

import { type Command, InvalidArgumentError, Option } from "commander";
import {
  type Compression,
  type CompressionLevels,
  compressionOf,
  type CompressionWishes,
  hasCompression,
  readCodings,
  readLevel,
  readTypes,
} from "../config/compression.ts";
import type { BackendKind } from "../config/config.ts";
import type { Reading } from "../config/reading.ts";
import { UsageError } from "../control/failure.ts";
import { size } from "./values.ts";

/** Their values. */
export interface CompressionOptions {
  readonly compress?: CompressionWishes["codings"] | true;
  readonly compressTypes?: readonly string[];
  readonly compressMinLength?: number;
  readonly compressLevels?: Partial<CompressionLevels>;
}

/** Adds them. */
export function addCompressionOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--compress [codings]",
        "compress responses for clients that take them so (default: zstd,br,gzip)",
      )
        .argParser((text) => take(readCodings(text.split(",")))),
    )
    .addOption(
      new Option(
        "--compress-types <types>",
        'media types that are compressed, such as "text/html,application/json"',
      )
        .argParser((text) => take(readTypes(text.split(",")))),
    )
    .addOption(
      new Option("--compress-min-length <size>", "content below that is not compressed (default: 256)")
        .argParser(size),
    )
    .addOption(
      new Option("--compress-levels <levels>", "how much work a coding may be (default: zstd=3,br=4,gzip=6)")
        .argParser(levels),
    );
}

function take<T>(reading: Reading<T>): T {
  if ("fault" in reading) throw new InvalidArgumentError(`${reading.fault}.`);
  return reading.value;
}

function levels(text: string): Partial<CompressionLevels> {
  return Object.assign(
    {},
    ...text.split(",").map((word) => {
      const [, coding, level] = /^([a-z]+)=(\d{1,3})$/.exec(word) ?? [];
      if (coding === undefined) throw new InvalidArgumentError("It takes levels such as gzip=6,br=4.");
      return take(readLevel(coding, Number(level)));
    }),
  );
}

/** What is compressed, if anything is. @throws {UsageError} for a kind that answers no requests */
export function compressionBy(
  options: CompressionOptions,
  runs: BackendKind,
  apache: boolean,
): Compression | undefined {
  const { compress, compressTypes: types, compressMinLength: minLength, compressLevels: levels } = options;
  if (compress === undefined) {
    const [stray] = [types && "types", minLength !== undefined && "min-length", levels && "levels"].filter(
      Boolean,
    );
    if (stray) throw new UsageError(`Cannot use --compress-${stray} without --compress`);
    return undefined;
  }
  if (apache) {
    throw new UsageError("Cannot use --compress with --apache: Apache has sent the head of the response");
  }
  if (!hasCompression(runs)) {
    throw new UsageError(
      "Cannot use --compress here: no requests are answered, and connections are passed on as they are",
    );
  }
  return compressionOf({
    ...compress === true ? {} : { codings: compress },
    ...types === undefined ? {} : { types },
    ...minLength === undefined ? {} : { minLength },
    ...levels === undefined ? {} : { levels },
  });
}
