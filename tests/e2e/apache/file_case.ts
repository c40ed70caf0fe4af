/** A configuration that serves files, and what is asked of it. */

/** A request: a target, or a method and a target, and fields behind it, each in a line. */
export type FileRequest = string;

/** What stands in a virtual host, or all of it where it has one itself; TREE, @a and PORT are filled in. */
export interface FileCase {
  readonly name: string;
  readonly text: string;
  readonly requests: readonly FileRequest[];
}

export const GRANTED = `<Directory TREE>\nRequire all granted\n</Directory>`;
