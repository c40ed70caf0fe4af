/** The keys of the kind `fastcgi`. */

import { formatFastCgiUpstream, readFastCgiUpstream } from "../../fastcgi_upstream.ts";
import { hasControls, quote } from "../../reading.ts";
import { readFilePath } from "../../path.ts";
import { readDuration } from "../../quantity.ts";
import { text, whole } from "../shapes.ts";
import type { Entry, KindKeys, Place } from "./kind.ts";
import { relayKeys } from "./relay.ts";

const { upstreamTimeout, connectTimeout, maxUpstream } = relayKeys.shape;

export const fastcgiKeys: KindKeys = {
  choice: "fastcgi",
  advice: "add the address of the application",
  shape: {
    fastcgi: text(`write the address of an application, such as "unix:/run/php/php-fpm.sock"`, {
      examples: ["unix:/run/php/php-fpm.sock", "fcgi://127.0.0.1:9000"],
    }).optional().meta({
      description: "An application that speaks FastCGI, such as PHP-FPM: requests are passed on to it. " +
        "fdpass up runs what passes them on, not the application.",
    }),
    root: text(`write the directory of the scripts, such as "/srv/www"`).optional().meta({
      description: "The directory that the paths of scripts begin in, as the application has it.",
    }),
    index: text(`write the name of a script, such as "index.php"`).optional().meta({
      description: "The script of a path that ends with a slash.",
      default: "index.php",
    }),
    fallback: text(`write the path of a script, such as "/index.php"`).optional().meta({
      description:
        "The script, as a path below the root, of each path that names none: the application's own routes.",
    }),
    keepUpstream: whole(0, 65_535).optional().meta({
      description:
        "Connections to the application that one process keeps for further requests. Each holds a process of " +
        "PHP-FPM for as long as it is kept, so there should be fewer of them than of those.",
      default: 0,
    }),
    upstreamTimeout: upstreamTimeout!,
    connectTimeout: connectTimeout!,
    maxUpstream: maxUpstream!,
  },
  read(entry, place) {
    const { fastcgi, root, index, fallback, keepUpstream } = entry;
    const { path, report, resolve } = place;
    if (typeof fastcgi !== "string") return undefined;
    const upstream = report.take(readFastCgiUpstream(fastcgi, resolve), [...path, "fastcgi"]);
    if (typeof root !== "string") {
      if (root === undefined) {
        report.key([...path, "fastcgi"], `Found "fastcgi" without "root"; add the directory of the scripts`);
      }
      return undefined;
    }
    const directory = report.take(readFilePath(root, resolve), [...path, "root"]);
    if (typeof index === "string" && !isName(index)) {
      report.value(
        [...path, "index"],
        `Cannot use ${quote(index)} as the name of a script; write "index.php"`,
      );
      return undefined;
    }
    if (typeof fallback === "string" && !(fallback.startsWith("/") && isName(fallback.slice(1)))) {
      report.value(
        [...path, "fallback"],
        `Cannot use ${quote(fallback)} as a path below the root; write "/index.php"`,
      );
      return undefined;
    }
    if (upstream === undefined || directory === undefined) return undefined;
    const timeout = readTime(entry, "upstreamTimeout", place);
    const connectTimeout = readTime(entry, "connectTimeout", place);
    return {
      kind: "fastcgi",
      upstream: formatFastCgiUpstream(upstream),
      root: directory.replace(/\/+$/, ""),
      ...typeof index === "string" ? { index } : {},
      ...typeof fallback === "string" ? { fallback } : {},
      ...timeout === undefined ? {} : { timeout },
      ...connectTimeout === undefined ? {} : { connectTimeout },
      ...typeof entry.maxUpstream === "number" ? { maxUpstream: entry.maxUpstream } : {},
      ...typeof keepUpstream === "number" && keepUpstream > 0 ? { keepUpstream } : {},
    };
  },
};

/** A path below the root that stays there. */
function isName(text: string): boolean {
  return text !== "" && !hasControls(text) && text.split("/").every((part) => !/^\.{0,2}$/.test(part));
}

function readTime(entry: Entry, key: string, { path, report }: Place): number | undefined {
  const time = entry[key];
  if (typeof time !== "number" && typeof time !== "string") return undefined;
  return report.take(readDuration(time, { least: 1 }), [...path, key]);
}
