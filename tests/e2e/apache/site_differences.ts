/** Where whole sites have other answers than with Apache, on purpose. */

/** One difference. */
export interface SiteDifference {
  readonly sentence: string;
  readonly about: (site: string, request: string) => boolean;
}

export const SITE_DIFFERENCES: readonly SiteDifference[] = [
  {
    sentence:
      "Without a `DocumentRoot` there are no files, and what nothing else takes is 404; httpd has a " +
      "directory that is built in, which is mostly 403.",
    about: (site, request) =>
      (site === "ci.test" || site === "matrix.test") && !/^\/(jenkins|_|\.)(\b|[a-z]*\/)/.test(request),
  },
  {
    sentence:
      "A directory below a `ScriptAlias` is 403, also without a slash at its end; httpd says that it has one first.",
    about: (site, request) => site === "lists.test" && request === "/cgi-bin/sub",
  },
  {
    sentence:
      "A script that is not there is 404 as any file; httpd hands its name to PHP-FPM, which says so in its own words.",
    about: (site, request) => site === "lost.test" && request === "/missing.php?a",
  },
  {
    sentence: "A program that gives no valid response is 502; with httpd it is 500.",
    about: (site, request) => site === "lists.test" && request === "/cgi-bin/broken.cgi",
  },
  {
    sentence: "`REQUEST_URI` has the path in its normal form where it had dot segments.",
    about: (site, request) => site === "lists.test" && request.includes(".."),
  },
  {
    sentence:
      "Where a program says `Location` with a path, the client is sent there; httpd goes there itself.",
    about: (site, request) => site === "lists.test" && request === "/cgi-bin/local.cgi",
  },
  {
    sentence:
      "The list of a directory is a plain one, directories first; httpd's looks as `IndexOptions` say.",
    about: (site, request) => site === "www.blog.test" && request === "/pub/",
  },
];
