/** `errorDocuments` of a site, or of the whole document. */

import type { ErrorDocuments } from "../config.ts";
import { readDocument, readStatus } from "../error_documents.ts";
import type { Path, Report } from "./report.ts";
import { isObject } from "./value.ts";

/**
 * Reads texts by status.
 *
 * @param owner What may have the key.
 * @param path Where that stands.
 * @param report Where problems go.
 * @returns An object to be spread into the model: without texts it is empty.
 */
export function readErrorDocuments(
  owner: Readonly<Record<string, unknown>>,
  path: Path,
  report: Report,
): { errorDocuments?: ErrorDocuments } {
  if (!isObject(owner.errorDocuments)) return {};
  const documents: Record<string, string> = {};
  for (const [key, text] of Object.entries(owner.errorDocuments)) {
    const at = [...path, "errorDocuments", key];
    const status = readStatus(key);
    if ("fault" in status) report.key(at, status.fault);
    else if (typeof text === "string") documents[status.value] = report.take(readDocument(text), at) ?? "";
  }
  return Object.keys(documents).length === 0 ? {} : { errorDocuments: documents };
}
