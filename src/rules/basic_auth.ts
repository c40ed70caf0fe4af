/** The Basic scheme (RFC 7617): what a client shows, and what the files say of it. */

import { Buffer } from "node:buffer";

/** What stands in front of the colon, and behind it. Both are bytes. */
export interface BasicCredentials {
  readonly user: string;
  readonly password: string;
}

/** Longer than this is nobody's name and password: what is checked costs time. */
const LONGEST = 1_024;

/** Reads an Authorization field. @returns nothing for another scheme, or what is not in order */
export function readBasic(value: string | undefined): BasicCredentials | undefined {
  const match = /^basic +([A-Za-z0-9+/=]+) *$/i.exec(value ?? "");
  if (match === null || match[1]!.length > LONGEST) return undefined;
  const text = Buffer.from(match[1]!, "base64").toString("latin1");
  const colon = text.indexOf(":");
  if (colon < 0 || text.includes("\0")) return undefined;
  return { user: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** The field that asks for it. */
export function challenge(realm: string): string {
  return `Basic realm="${realm.replace(/["\\]/g, "\\$&")}"`;
}

/** Reads a file of users: `name:hash`, a line each, the first of a name counts. */
export function readUsers(text: string): Map<string, string> {
  const users = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(":");
    if (colon <= 0 || line.startsWith("#")) continue;
    const name = line.slice(0, colon);
    // What follows another colon is a comment to httpd.
    if (!users.has(name)) users.set(name, line.slice(colon + 1).split(":")[0]!.trim());
  }
  return users;
}

/** Reads a file of groups: `group: user user`. @returns the groups of a user */
export function readGroups(text: string, user: string): string[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const match = /^\s*([^#:\s][^:]*):(.*)$/.exec(line);
    return match !== null && match[2]!.trim().split(/\s+/).includes(user) ? [match[1]!.trim()] : [];
  });
}
