/** Logs in Apache's words. */

import assert from "node:assert/strict";
import { accessLogRules } from "../../../src/config/access_logs.ts";
import { parse, warningsOf } from "./parsing.ts";

const PASS = "ProxyPass / http://127.0.0.1:1/\n";

Deno.test("CustomLog, TransferLog and LogFormat: a virtual host's own logs stand in place of the main server's", () => {
  const config = parse(
    `ServerRoot /etc/httpd\nLogFormat "%h %>s" short\nLogFormat "%m"\nCustomLog logs/a short\nListen 80\n` +
      `<VirtualHost *:80>\nServerName a\n${PASS}</VirtualHost>\n` +
      `<VirtualHost *:80>\nServerName b\nTransferLog "|rotatelogs /b 86400"\nCustomLog /c combined\n${PASS}</VirtualHost>`,
  );
  assert.deepEqual(accessLogRules(config), {
    logs: [
      { to: "/etc/httpd/logs/a", format: "%h %>s" },
      { to: "|rotatelogs /b 86400", format: "%m" },
      { to: "/c", format: "combined" },
    ],
    otherwise: [0],
    sites: [{ site: "b", logs: [1, 2] }],
  });
});

Deno.test("CustomLog: what cannot be obeyed is told, and keeps nothing from running", () => {
  const text = `Listen 80\nCustomLog /a nickname\nCustomLog /b common env=!dontlog\n${PASS}`;
  assert.deepEqual(parse(text).accessLogs, [{ to: "/b", format: "common" }]);
  const warnings = warningsOf(text).join("\n");
  assert.match(warnings, /CustomLog: no log is written: Found a format without a directive/);
  assert.match(warnings, /CustomLog: all requests get a line, whatever env=!dontlog says/);
});
