/** Lists of whom a request has come through: X-Forwarded-For and its like, and Forwarded (RFC 7239). */

import { withoutBlanks } from "../http/blanks.ts";

/** One that a request has come from, as the next one has said it. */
export interface Node {
  /** An address, perhaps with a port; or anything else. */
  readonly by: string;
  /** The scheme by which it asked; empty where nothing is said. */
  readonly proto: string;
}

/** The members of a list, empty ones left out. Nobody quotes in it. */
export function membersOf(value: string): string[] {
  return value.split(",").map((member) => withoutBlanks(member)).filter((member) => member !== "");
}

/**
 * The elements of a Forwarded field (RFC 7239, 4), as in `for=192.0.2.43;proto=https, for="[2001:db8::1]:80"`: the last ones,
 * in order, up to the last that is malformed. A quotation that a client has left open must not swallow what those after it say,
 * so a comma is always the end of an element: no address has any.
 */
export function readForwarded(value: string): Node[] {
  const nodes: Node[] = [];
  const members = membersOf(value);
  for (let index = members.length - 1; index >= 0; index--) {
    const node = readElement(members[index]!);
    if (node === undefined) break;
    nodes.push(node);
  }
  return nodes.reverse();
}

/** Parameters of an element: a token, and a token or a quoted text. Colons and brackets that ought to be quoted are taken as well. */
const PAIR = /[ \t]*([!#$%&'*+\-.^_`|~\w]+)=(?:([!#$%&'*+\-.^_`|~\w:[\]]+)|"((?:[^"\\]|\\.)*)")[ \t]*(;|$)/y;

function readElement(element: string): Node | undefined {
  const parameters = new Map<string, string>();
  for (let at = 0; at < element.length;) {
    PAIR.lastIndex = at;
    const pair = PAIR.exec(element);
    if (pair === null) return undefined;
    const name = pair[1]!.toLowerCase();
    // Each once in an element (4): of two, readers take different ones.
    if (parameters.has(name)) return undefined;
    parameters.set(name, pair[2] ?? pair[3]!.replace(/\\(.)/g, "$1"));
    at = PAIR.lastIndex;
  }
  return { by: parameters.get("for") ?? "", proto: parameters.get("proto") ?? "" };
}
