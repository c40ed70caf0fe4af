/** What fdpass does otherwise with files than Apache, on purpose: the sentences of docs/apache-files.md. */

import type { FileCase, FileRequest } from "./file_case.ts";
import { KEPT_BACK } from "./file_handler_cases.ts";

/** A difference. */
export interface FileDifference {
  /** As it stands in docs/apache-files.md, white space aside. */
  readonly sentence: string;
  /** Whether it is what sets the outcomes of a request apart. */
  readonly about: (
    request: FileRequest,
    around: FileCase,
    outcomes: { readonly apache: string; readonly fdpass: string },
  ) => boolean;
}

export const FILE_DIFFERENCES: readonly FileDifference[] = [
  {
    sentence: "What is for a program is 403, as [above](#what-is-for-programs).",
    about: (_, { name }) => name.startsWith(KEPT_BACK),
  },
  {
    sentence: "A path with NUL or a backslash in it is 400, as everywhere here; httpd looks for a file: 404.",
    about: (request) => /%00|\\/.test(request),
  },
  {
    sentence: "A link that leads nowhere is 404, like a name that is not there; with httpd it is 403.",
    about: (request) => request === "/broken.txt",
  },
  {
    sentence: "`Accept-Ranges` stands in whole answers, not in those with a range, which need not say it.",
    about: (request, _, { apache, fdpass }) =>
      /Range: /.test(request) && apache.replace("accept-ranges=bytes | ", "") === fdpass,
  },
  {
    sentence: "HEAD with `Range` gets the head of the whole file: a range means something with GET only " +
      "(RFC 9110, 14.2).",
    about: (request) => /^HEAD.*\nRange/.test(request),
  },
  {
    sentence:
      "416 says how long the file is (`Content-Range`). Errors have no `ETag` and no `Last-Modified`, their " +
      "pages neither.",
    about: (_, __, { apache, fdpass }) => /^416/.test(apache) && apache.slice(0, 3) === fdpass.slice(0, 3),
  },
  {
    sentence:
      "`Header` without `always` says nothing in the page of an error that the front finds; where that is " +
      "404 for an encoded slash, no `Header` does.",
    about: (request, _, { apache, fdpass }) => {
      const rules = /%2F/.test(request) ? /x-r-\w+=\w+ \| /g : /x-r-once=once \| /;
      return /^40[34]/.test(apache) && apache.replace(rules, "") === fdpass;
    },
  },
  {
    sentence:
      "A page of an error that is proxied has the status of the error, unless it says one from 400 on; httpd " +
      "says that of the page for HEAD, and wherever `ProxyErrorOverride` is not about the error.",
    about: (_, { name }, { apache, fdpass }) =>
      name === "pages of errors that are proxied" && /^[23]/.test(apache) &&
      apache.replace(" GET ", " HEAD ").slice(3) === fdpass.replace(" GET ", " HEAD ").slice(3),
  },
  {
    sentence:
      "A text of `ErrorDocument` is HTML if it begins with `<`, and plain text otherwise, both in UTF-8.",
    about: (_, __, { apache, fdpass }) =>
      apache.replace("text/html; charset=iso-8859-1", "text/plain; charset=utf-8") === fdpass,
  },
];
