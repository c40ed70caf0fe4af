/** `ErrorDocument`: what clients see in the place of an error. */

import { FRONT_STATUSES, readDocument } from "../error_documents.ts";
import { quote } from "../reading.ts";
import type { Faults } from "./faults.ts";
import type { Directive } from "./tree.ts";

/** Takes one in. @param documents texts by their statuses */
export function readErrorDocument(
  directive: Directive,
  documents: Record<string, string>,
  faults: Faults,
): void {
  const [status = "", text = ""] = directive.args;
  if (!/^[45]\d\d$/.test(status)) {
    return faults.add(directive, `Found the status ${quote(status)}; write one from 400 to 599`);
  }
  if (/^(\/|https?:)/.test(text)) {
    return faults.notDone(directive, `${directive.name} with a path or a URL`, "changes");
  }
  if (text === "default") return;
  if (!FRONT_STATUSES.includes(status)) {
    // Others are of backends, whose answers nobody here looks at.
    return faults.notDone(directive, `${directive.name} ${status}`, "changes");
  }
  const document = faults.take(readDocument(text.replace(/^"/, "")), directive);
  if (document !== undefined) documents[status] = document;
}
