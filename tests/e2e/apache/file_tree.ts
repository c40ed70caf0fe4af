/** Files for configurations that serve some, the same for Apache and fdpass. */

import type { TemporaryDirectory } from "../../support/processes.ts";

const FILES: Readonly<Record<string, string>> = {
  "www/index.html": "index of www\n",
  "www/a.html": "<p>a</p>\n",
  "www/a.txt": "0123456789abcdefghij\n",
  "www/b.js": "1;\n",
  "www/style.css": "a{}\n",
  "www/data.json": "{}\n",
  "www/picture.png": "PNG\n",
  "www/none": "no ending\n",
  "www/strange.xyzzy": "unknown ending\n",
  "www/page.html.de": "deutsch\n",
  "www/archive.tar.gz": "gz\n",
  "www/UPPER.HTML": "upper\n",
  "www/.hidden": "hidden\n",
  "www/.htpasswd": "ann:secret\n",
  "www/with space.txt": "space\n",
  "www/ümlaut.txt": "umlaut\n",
  "www/per%cent.txt": "percent\n",
  "www/empty.txt": "",
  "www/sub/index.html": "index of sub\n",
  "www/sub/page.html": "page\n",
  "www/sub/deep/index.htm": "index of deep\n",
  "www/noindex/file.txt": "file\n",
  "www/private/secret.txt": "secret\n",
  "www/private/index.html": "secret index\n",
  "www/private/open/file.txt": "open\n",
  "www/app/index.html": "app\n",
  "www/app/main.js": "main\n",
  "www/error/404.html": "own 404\n",
  "www/error/403.html": "own 403\n",
  "www/maintenance.html": "soon\n",
  "static/index.html": "index of static\n",
  "static/logo.png": "logo\n",
  "static/css/site.css": "site{}\n",
  "static/robots.txt": "robots\n",
  "other/index.html": "index of other\n",
  "other/x.txt": "other x\n",
  "overridden/page.html": "page\n",
  "overridden/deep/page.html": "page\n",
  "overridden/.htaccess": "Require all denied\n",
  "silent/.htaccess": "\n# Require all denied\r\n \t# nor this\n",
  "silent/page.html": "page\n",
  "silent/empty/.htaccess": "",
  "silent/empty/page.html": "page\n",
  "programs/a.php": "secret source\n",
  "programs/A.PHP": "secret source\n",
  "programs/b.phtml": "secret source\n",
  "programs/c.phar": "secret source\n",
  "programs/d.php7": "secret source\n",
  "programs/e.phps": "secret source\n",
  "programs/source.php": "secret source\n",
  "programs/index.php": "secret source\n",
  "programs/index.foo": "secret source\n",
  "programs/x.foo": "secret source\n",
  "programs/x.foo.txt": "secret source\n",
  "programs/x.cgi": "secret source\n",
  "programs/sub/x.foo": "secret source\n",
  "programs/sub/x.cgi": "secret source\n",
  "programs/index.html": "index of programs\n",
  "programs/a.txt": "text\n",
  "programs/x.css": "a{}\n",
  "programs/x.json": "{}\n",
  "programs/sub/a.txt": "text\n",
  "cgi/script.cgi": "#!/bin/sh\necho secret source\n",
};

/** Endings that the cases use: what is not in it is unknown to both. */
const TYPES = `# types
text/html html htm
text/plain txt
text/css css
text/javascript js
application/json json
image/png png
application/gzip gz
application/x-tar tar
application/x-httpd-php php
`;

/** A moment long past: entity tags are strong then. */
const LONG_AGO = new Date("2020-02-20T20:20:20.123Z");

/** Makes the tree, and says where it is. */
export function makeTree(directory: TemporaryDirectory): string {
  const root = directory.join("tree");
  for (const [name, text] of Object.entries(FILES)) {
    const path = `${root}/${name}`;
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    Deno.writeTextFileSync(path, text);
    Deno.utimeSync(path, LONG_AGO, LONG_AGO);
  }
  Deno.mkdirSync(`${root}/www/emptydir`);
  Deno.symlinkSync("a.txt", `${root}/www/link.txt`);
  Deno.symlinkSync("../static", `${root}/www/linked`);
  Deno.symlinkSync("nowhere", `${root}/www/broken.txt`);
  Deno.symlinkSync(`${root}/static/logo.png`, `${root}/www/absolute.png`);
  Deno.writeTextFileSync(`${root}/mime.types`, TYPES);
  // What nobody but root may read; root's servers have other users.
  Deno.writeTextFileSync(`${root}/www/unreadable.txt`, "unreadable\n");
  return root;
}
