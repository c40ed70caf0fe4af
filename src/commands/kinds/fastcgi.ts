/** The options of the kind `fastcgi`. */

import { Option } from "commander";
import type { FastCgi } from "../../config/config.ts";
import { formatFastCgiUpstream, readFastCgiUpstream } from "../../config/fastcgi_upstream.ts";
import { UsageError } from "../../control/failure.ts";
import { absolute, wholeNumber } from "../values.ts";
import type { KindOptions } from "./kind.ts";
import { UPSTREAM_OPTIONS } from "./relay.ts";

export const fastcgiOptions: KindOptions = {
  choice: new Option(
    "--fastcgi <address>",
    "pass requests on by FastCGI: fcgi://host:port or unix:/path, of PHP-FPM for one",
  ),
  more: [
    new Option("--root <dir>", "the directory of the scripts, as the application has it"),
    new Option("--index <name>", "the script of a path that ends with a slash (default: index.php)"),
    new Option("--fallback <path>", "the script of each path that names none, such as /index.php"),
    new Option("--document-root <dir>", "what DOCUMENT_ROOT says (default: that of --root)"),
    new Option("--hide-authorization", "do not pass the client's credentials on"),
    new Option("--keep-upstream <n>", "connections to keep for further requests (default: 0)")
      .argParser(wholeNumber(0, 65_535)),
    ...UPSTREAM_OPTIONS,
  ],
  read(values) {
    const reading = readFastCgiUpstream(values.fastcgi as string, absolute);
    if ("fault" in reading) throw new UsageError(reading.fault);
    const { root, index, fallback, documentRoot, hideAuthorization, keepUpstream, ...other } = values as
      & Partial<FastCgi>
      & { readonly upstreamTimeout?: number };
    if (root === undefined) throw new UsageError("Cannot find scripts without --root DIR");
    return {
      kind: "fastcgi",
      upstream: formatFastCgiUpstream(reading.value),
      // An empty one is Apache's: mapped paths are names of files.
      root: root === "" ? root : absolute(root).replace(/\/+$/, ""),
      ...index === undefined ? {} : { index },
      ...fallback === undefined ? {} : { fallback },
      ...documentRoot === undefined ? {} : { documentRoot },
      ...hideAuthorization ? { hideAuthorization } : {},
      ...other.upstreamTimeout === undefined ? {} : { timeout: other.upstreamTimeout },
      ...other.connectTimeout === undefined ? {} : { connectTimeout: other.connectTimeout },
      ...other.maxUpstream === undefined ? {} : { maxUpstream: other.maxUpstream },
      ...keepUpstream ? { keepUpstream } : {},
    };
  },
};
