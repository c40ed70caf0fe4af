/** What fdpass does otherwise than Apache, on purpose: the sentences of docs/apache.md, and the requests that they are about. */

import type { Configuration, Request } from "./configuration.ts";

/** What came of a request on both sides. */
export interface Outcomes {
  readonly apache: string;
  readonly fdpass: string;
}

/** A difference. */
export interface Difference {
  /** As it stands in docs/apache.md, white space aside. */
  readonly sentence: string;
  /** Whether it is what may set the outcomes of a request apart. */
  readonly about: (request: Request, configuration: Configuration, outcomes: Outcomes) => boolean;
}

/** The target of a request. */
function targetOf(request: Request): string {
  return "raw" in request ? request.raw.split(" ")[1]! : request.target;
}

/** The first line and the Host of a request that is written out, or nothing. */
function rawOf(request: Request): string {
  return "raw" in request ? request.raw : "";
}

function hostOf(request: Request): string {
  return "raw" in request ? /^Host: (.*?)\r$/m.exec(request.raw)?.[1] ?? "none" : request.host ?? "one.test";
}

export const DIFFERENCES: readonly Difference[] = [
  {
    sentence:
      "The path that a server gets has no slashes in a row: `ProxyPass /a http://b/` makes `/foo` of " +
      "`/a/foo`. httpd makes `//foo`.",
    about: (_request, _configuration, { apache, fdpass }) => apache.replace(/\/+/g, "/") === fdpass,
  },
  {
    sentence: "A path with a backslash gets 400. httpd passes it on.",
    about: (request) => targetOf(request).split("?")[0]!.includes("\\"),
  },
  {
    sentence:
      "`AllowEncodedSlashes On` is `NoDecode`: `%2F` separates nothing, and servers get it encoded. httpd " +
      "decodes it.",
    about: (request, { text }) => /%2f/i.test(targetOf(request)) && text.includes("AllowEncodedSlashes On"),
  },
  {
    sentence:
      "With `nocanon`, a path that leads out of what the prefix stands for is passed on in its normal form: " +
      "`/app/../app/x`. httpd passes it on as it is, unless it begins otherwise than the prefix.",
    about: (request, { text }) => text.includes("nocanon") && targetOf(request).startsWith("/app/../"),
  },
  {
    sentence:
      "With `nocanon`, the path of a whole URL stays as it was written, and with `ProxyPassMatch` that of a " +
      "request with a query. httpd passes such a path on in its normal form, the latter if the expression does " +
      "not match the query as well.",
    about: (request, { text }) => text.includes("nocanon") && /^http:|^\/cool\/.*\?/.test(targetOf(request)),
  },
  {
    sentence: "A character that URLs reserve is not its encoding: `ProxyPass /a:b/` takes no request for " +
      "`/a%3Ab/`. In an expression it is.",
    about: (request, { text }) =>
      /%(3a|2b|2c|2[1789])/i.test(targetOf(request)) && text.includes("ProxyPass /a:b/"),
  },
  {
    sentence: "The target of a request is a path or a whole URL, as RFC 9112 has it: `?a`, `http:/a` and " +
      "`http:///a` get 400. httpd reads them as paths.",
    about: (request) => /^(\?|http:\/(\/\/|[^/]))/.test(targetOf(request)),
  },
  {
    sentence:
      "A Host that is empty, ends with a colon, or has an empty label is one that nobody claims, or as if " +
      "the colon were not there. httpd answers 400.",
    about: (request) => /^$|:$|\.\./.test(hostOf(request)),
  },
  {
    sentence: "`ServerAlias *.example.com` does not stand for `.example.com`.",
    about: (request) => hostOf(request).startsWith("."),
  },
  {
    sentence:
      "A request without a Host goes to the virtual host with `ServerAlias *`, if there is one. With " +
      "httpd it goes to the first.",
    about: (request, { text }) => hostOf(request) === "none" && /^ServerAlias \*$/m.test(text),
  },
  {
    sentence: "`OPTIONS *` goes to the backend of `/`. httpd answers itself.",
    about: (request) => rawOf(request).startsWith("OPTIONS * "),
  },
  {
    sentence: "HTTP/1.2 and HTTP/2.0 get 505. httpd answers as to HTTP/1.1.",
    about: (request) => /^\S+ \S+ HTTP\/(1\.2|2\.0)\r/.test(rawOf(request)),
  },
];
