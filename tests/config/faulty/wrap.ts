/**
 * Documents with mistakes, and what is said about each: the lines of the error without the name of the file.
 * The functions wrap what is wrong into a document that is good around it.
 */

export const inListen = (value: string): string => `{ "listen": ${value}, "sites": [{ "to": "fd:///a" }] }`;
export const inSites = (sites: string): string => `{ "listen": "80", "sites": [${sites}] }`;
export const atTop = (entry: string): string =>
  `{ "listen": "80", "sites": [{ "to": "fd:///a" }], ${entry} }`;
export const inBackends = (entries: string): string => atTop(`"backends": { ${entries} }`);
export const inRelay = (entries: string): string =>
  inBackends(`"a": { "socket": "/b.sock", "upstream": "http://c", ${entries} }`);
export const inName = (name: unknown): string =>
  inSites(`{ "to": "fd:///a", "names": ${JSON.stringify(name)} }`);
export const inPath = (path: unknown): string =>
  inSites(`{ "routes": [{ "to": "fd:///a", "path": ${JSON.stringify(path)} }] }`);
export const inMatch = (match: unknown): string =>
  inSites(`{ "routes": [{ "match": ${JSON.stringify(match)}, "to": "fd:///a" }] }`);
export const inMapTo = (mapTo: unknown, match?: string): string => {
  const way = match === undefined ? `"path": "/a"` : `"match": ${JSON.stringify(match)}`;
  return inSites(`{ "routes": [{ ${way}, "mapTo": ${JSON.stringify(mapTo)}, "to": "fd:///a" }] }`);
};
export const inTo = (to: string): string =>
  `{ "listen": "80", "sites": [{ "to": ${to} }], "backends": { "web": { "socket": "/web" } } }`;

/** Too long for a socket. */
export const LONG = "/" + "x".repeat(120);

/** A document, and the lines of the error about it. */
export type FaultyDocument = readonly [text: string, ...lines: string[]];
/** A directory in which a socket can be, but not those beside it. */
export const DEEP = "/" + "x".repeat(94);
