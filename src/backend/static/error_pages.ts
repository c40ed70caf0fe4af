/** Pages in the place of errors. */

import mime from "mime";
import type { ErrorPages } from "../../config/error_pages.ts";
import { DONE, type Steps } from "../../loop/course.ts";
import type { Exchange, Field } from "../http/exchange.ts";
import { leaveError } from "../http/left_error.ts";
import { Directory } from "./directory.ts";
import { OpenFile } from "./open_file.ts";
import { lend } from "./respond.ts";
import { typeField } from "./description.ts";
import { sendWhole } from "./send_file.ts";

/** Answers with them. */
export class ErrorPageSender {
  readonly #root = new Directory("/", "follow");

  /** @param typeOf what a file is, by its name; undefined where that is not known */
  constructor(
    readonly typeOf: (name: string) => string | undefined = (name) => mime.getType(name) ?? undefined,
  ) {}

  /**
   * Answers with the page of a status; the status stays, but for one that is another place.
   *
   * @param fields that belong to the error, such as Allow
   * A page at a path of the site is the front's to find: nothing is responded then.
   *
   * @returns false where there is none, or it cannot be read: nothing is said then
   */
  send(
    exchange: Exchange,
    status: number,
    pages: ErrorPages,
    fields: readonly Field[] = [],
  ): Steps<void> | false {
    const page = pages[status];
    // Of an error of a page there is none (httpd: "while trying to use an ErrorDocument").
    if (page === undefined || exchange.insteadOf !== undefined) return false;
    if ("path" in page) return leaveError(exchange, status, fields) ? DONE : false;
    // A file is served like any other, so what rules say of fields holds.
    exchange.local = !("file" in page);
    if ("url" in page) return exchange.respond(302, [...fields, ["Location", page.url]], "");
    if ("text" in page) {
      const type = page.text.startsWith("<") ? "text/html; charset=utf-8" : "text/plain; charset=utf-8";
      return exchange.respond(status, [["Content-Type", type], ...fields], page.text);
    }
    const file = this.#root.open(page.file.slice(1));
    if (!(file instanceof OpenFile)) return false;
    return lend(
      file,
      () => sendWhole(exchange, status, [...typeField(this.typeOf(page.file)), ...fields], file),
    );
  }

  close(): void {
    this.#root.close();
  }
}
