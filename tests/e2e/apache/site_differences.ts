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
];
