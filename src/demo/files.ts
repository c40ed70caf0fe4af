/** The files that the static backend of the demo serves. They are written for each run: libc can read only real files. */

/** The backend's name. */
export const NAME = "files";

/** The file that the page asks for. */
export const NOTE = "note.txt";

const FILES: Readonly<Record<string, string>> = {
  [NOTE]: `This is ${NOTE}, from the backend "${NAME}".

Another process than the page's has sent it,
on a connection that the same front accepted
and handed over. The kernel moves the bytes
from the file to the socket (sendfile): they
are in no process's memory on the way.
`,
  "index.html": `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Files of the fdpass demo</title>
<style>body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 3rem auto; padding: 0 1.25rem }</style>
<h1>Files</h1>
<p>This page is a file. The backend <strong>${NAME}</strong> sent it, which is a process of its own.</p>
<ul><li><a href="${NOTE}">${NOTE}</a></ul>
<p><a href="/">Back to the demo</a></p>
</html>
`,
};

/** Writes the files. @param directory is made */
export function writeFiles(directory: string): void {
  Deno.mkdirSync(directory, { mode: 0o700 });
  for (const [name, content] of Object.entries(FILES)) {
    Deno.writeTextFileSync(`${directory}/${name}`, content);
  }
}
