/** Files of whole sites, the same for Apache and fdpass. */

/** What of a request a script shows, and what of its answer is compared. */
const SCRIPT = `<?php
header('Content-Type: text/plain');
foreach (['SCRIPT_NAME', 'PATH_INFO', 'QUERY_STRING', 'REQUEST_URI', 'REQUEST_METHOD', 'HTTP_AUTHORIZATION',
  'REDIRECT_URL', 'CONTENT_LENGTH'] as $name) echo $name, '=', $_SERVER[$name] ?? '-', "\\n";
echo strlen(file_get_contents('php://input')), "\\n";
`;

/** The same for a program: what differs by the server's make is left out. */
const PROGRAM = `#!/bin/sh
printf 'Content-Type: text/plain\\r\\n\\r\\n'
for name in SCRIPT_NAME PATH_INFO QUERY_STRING REQUEST_URI REQUEST_METHOD SCRIPT_FILENAME PATH_TRANSLATED \\
  DOCUMENT_ROOT GATEWAY_INTERFACE SERVER_NAME CONTENT_LENGTH HTTP_AUTHORIZATION REMOTE_ADDR LIST_HOME; do
  eval "printf '%s=%s\\\\n' $name \"\\$$name\""
done
pwd
cat
`;

/** What the page of an error is told of the request that it is for. */
const ABOUT_ERRORS = ["SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "REQUEST_URI", "REQUEST_METHOD"].concat(
  ["URL", "STATUS", "QUERY_STRING", "REQUEST_METHOD"].map((name) => `REDIRECT_${name}`),
);

const ERROR_SCRIPT = `<?php
header('Content-Type: text/plain');
foreach (explode(' ', '${ABOUT_ERRORS.join(" ")}') as $name) echo $name, '=', $_SERVER[$name] ?? '', "\\n";
`;

const ERROR_PROGRAM = `#!/bin/sh
printf 'Content-Type: text/plain\\r\\n\\r\\n'
for name in ${ABOUT_ERRORS.join(" ")}; do
  eval "printf '%s=%s\\\\n' $name \"\\$$name\""
done
`;

/** Files by their names. */
export const SITE_FILES: Readonly<Record<string, string>> = {
  "spa/index.html": "<title>spa</title>\n",
  "spa/404.html": "own 404 of the spa\n",
  "spa/assets/app.3f2a.js": "app();\n",
  "spa/assets/logo.png": "PNG\n",
  "wp/index.php": SCRIPT,
  "wp/wp-login.php": SCRIPT,
  "wp/wp-config.php": SCRIPT,
  "wp/xmlrpc.php": SCRIPT,
  "wp/readme.html": "readme\n",
  "wp/wp-admin/index.php": SCRIPT,
  "wp/wp-content/uploads/2024/a.png": "PNG\n",
  "wp/wp-content/uploads/2024/evil.php": SCRIPT,
  "wp/wp-content/themes/x/style.css": "a{}\n",
  "wp/lost.php": ERROR_SCRIPT,
  "wp/own.php":
    "<?php http_response_code(451); header('Content-Type: text/plain'); echo \"SCRIPT_NAME own\\n\";\n",
  "fall/index.php": SCRIPT,
  "fall/robots.txt": "robots\n",
  "blog/index.html": "index of the blog\n",
  "blog/404.html": "own 404 of the blog\n",
  "blog/index.xml": "<rss/>\n",
  "blog/posts/first/index.html": "first post\n",
  "blog/css/site.css": "a{}\n",
  "blog/pub/a b.txt": "a b\n",
  "blog/pub/private.txt": "private\n",
  "blog/pub/below/c.txt": "c\n",
  "netbox/static/netbox.css": "a{}\n",
  "netbox/static/img/logo.svg": "<svg/>\n",
  "galaxy/static/style/base.css": "a{}\n",
  "galaxy/static/scripts/packed/main.js": "main();\n",
  "galaxy/static/favicon.ico": "ICO\n",
  "galaxy/static/welcome.html": "welcome\n",
  "galaxy/robots.txt": "robots\n",
  "social/500.html": "own 500 of social\n",
  "social/robots.txt": "robots\n",
  "social/packs/js/common.js": "common();\n",
  "social/emoji/1.png": "PNG\n",
  "cgi-bin/hello.cgi": PROGRAM,
  "cgi-bin/error.cgi": ERROR_PROGRAM,
  "cgi-bin/sub/deep.cgi": PROGRAM,
  "cgi-bin/status.cgi": "#!/bin/sh\nprintf 'Status: 404 Gone fishing\\nX-R-A: b\\n\\nSCRIPT_NAME page\\n'\n",
  "cgi-bin/broken.cgi": "#!/bin/sh\necho oops\n",
  "cgi-bin/local.cgi": "#!/bin/sh\nprintf 'Location: /scripts/notes.txt\\n\\n'\n",
  "cgi-bin/plain.txt": "no program\n",
  "one/gateway": PROGRAM,
  "scripts/run.cgi": PROGRAM,
  "scripts/index.cgi": PROGRAM,
  "scripts/notes.txt": "notes\n",
  "scripts/uploads/x.cgi": "#!/bin/sh\necho source\n",
  "noexec/run.cgi": PROGRAM,
  "lists/index.html": "index of lists\n",
  "well-known/matrix/server": '{"m.server":"x:443"}\n',
};
