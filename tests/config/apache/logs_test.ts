/** Logs in Apache's words. */

import assert from "node:assert/strict";
import { accessLogRules, messageRules } from "../../../src/config/access_logs.ts";
import { logsOf, ruleOf } from "../../../src/logs/rules.ts";
import { faultsOf, parse, warningsOf } from "./parsing.ts";

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
  const text = `Listen 80\nCustomLog /a nickname\nCustomLog /b common "expr=-f '/x'"\n${PASS}`;
  assert.deepEqual(parse(text).accessLogs, [{ to: "/b", format: "common" }]);
  const warnings = warningsOf(text).join("\n");
  assert.match(warnings, /CustomLog: no log is written: Found a format without a directive/);
  assert.match(warnings, /CustomLog: all requests get a line, whatever expr=-f '\/x' says/);
  const faults = (condition: string) =>
    faultsOf(`Listen 80\nCustomLog /a common ${condition}\n${PASS}`).join();
  assert.match(faults('"expr=%{REQUEST_STATUS} -nope 1"'), /CustomLog: Cannot use the expression/);
  assert.match(
    faults("when=now"),
    /CustomLog: Cannot read the condition "when=now"; write env=name, env=!name or expr=/,
  );
});

Deno.test("CustomLog: what a line has only a dash for is named, once for each log", () => {
  const text =
    `Listen 80\nLogFormat "%h %f %{SSL_SERVER_I_DN}x %{SSL_CIPHER}x" odd\nCustomLog /a odd\n${PASS}`;
  assert.equal(parse(text).accessLogs?.length, 1);
  const warnings = warningsOf(text);
  assert.equal(warnings.length, 1);
  assert.match(
    warnings[0]!,
    /CustomLog: lines have a dash for %f, names of files and %\{SSL_SERVER_I_DN\}x, variables/,
  );
});

Deno.test("CustomLog: an expression decides which requests get a line", () => {
  const text = `Listen 80\nCustomLog /a common "expr=%{REQUEST_STATUS} -ge 400"\n${PASS}`;
  assert.deepEqual(parse(text).accessLogs?.[0]?.condition, {
    kind: "compare",
    operator: "-ge",
    left: [{ variable: "REQUEST_STATUS" }],
    right: ["400"],
  });
  assert.deepEqual(warningsOf(text), []);
});

Deno.test("CustomLog: variables that rules set decide which requests get a line", () => {
  const text = `Listen 80\nSetEnvIf Request_URI "\\.gif$" image\nCustomLog /a common env=!image\n` +
    `CustomLog /b common env=image\n${PASS}`;
  assert.deepEqual(parse(text).accessLogs, [
    { to: "/a", format: "common", variable: { name: "image", isSet: false } },
    { to: "/b", format: "common", variable: { name: "image", isSet: true } },
  ]);
  assert.deepEqual(warningsOf(text), []);
});

Deno.test("LogFormat: a name may stand for another one, and httpd's own is known", () => {
  const logs = (text: string) => parse(`Listen 80\n${text}\n${PASS}`).accessLogs?.map(({ format }) => format);
  const common = '%h %l %u %t "%r" %>s %b';
  assert.deepEqual(logs('LogFormat "%m" short\nLogFormat short\nTransferLog a'), ["%m"]);
  assert.deepEqual(logs('TransferLog a\nLogFormat later\nLogFormat "%U" later'), ["%U"]);
  assert.deepEqual(logs("CustomLog a CLF\nTransferLog b"), [common, common]);
  // Debian's apache2.conf, as it is written there.
  const debian = String
    .raw`LogFormat "%v:%p %h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\"" vhost_combined`;
  const combined = '%v:%p %h %l %u %t "%r" %>s %O "%{Referer}i" "%{User-Agent}i"';
  assert.deepEqual(logs(`${debian}\nCustomLog other_vhosts_access.log vhost_combined`), [combined]);
});

Deno.test("GlobalLog: has a line of every request, beside the logs of virtual hosts", () => {
  const config = parse(
    `Listen 80\nLogFormat "%m" short\nGlobalLog /all short\n<VirtualHost *:80>\nServerName a\nLogFormat "%U" short\n` +
      `CustomLog /a short\n${PASS}</VirtualHost>\n<VirtualHost *:80>\nServerName b\n${PASS}</VirtualHost>`,
  );
  assert.deepEqual(accessLogRules(config), {
    logs: [{ to: "/all", format: "%m" }, { to: "/a", format: "%U" }],
    otherwise: [0],
    sites: [{ site: "a", logs: [1, 0] }],
  });
});

Deno.test("ErrorLog and LogLevel: of the main server, and of virtual hosts", () => {
  const config = parse(
    `ServerRoot /etc/httpd\nListen 80\nErrorLog logs/error\nLogLevel warn\n<VirtualHost *:80>\nServerName a\n` +
      `ErrorLog "|/bin/cat -u"\nLogLevel info ssl:warn\n${PASS}</VirtualHost>\n` +
      `<VirtualHost *:80>\nServerName b\n${PASS}</VirtualHost>`,
  );
  assert.deepEqual(messageRules(config), {
    main: { to: "/etc/httpd/logs/error", level: "warning" },
    sites: [{ to: "|/bin/cat -u", level: "info", site: "a" }],
  });
  // The server that both pass on to speaks of whoever asks.
  assert.equal(messageRules(config, config.backends[0]).only, undefined);
  const levels = [["emerg", "fatal"], ["crit", "fatal"], ["error", "error"], ["notice", "warning"]] as const;
  for (const [level, ours] of [...levels, ["debug", "debug"], ["TRACE8", "debug"]] as const) {
    assert.deepEqual(parse(`Listen 80\nLogLevel ${level}\n${PASS}`).messages, { level: ours }, level);
  }
});

Deno.test("logs: hosts of one name on two ports have each their own, or the main server's", () => {
  const host = (port: number, more: string) =>
    `<VirtualHost *:${port}>\nServerName a\n${more}\nProxyPass / http://localhost:${
      port + 1
    }/\n</VirtualHost>\n`;
  const config = parse(
    `Listen 80\nListen 8080\nListen 8081\nCustomLog /main common\n` +
      host(80, "ErrorLog /e1\nCustomLog /a1 common") +
      host(8080, "ErrorLog /e2") + host(8081, "CustomLog /a3 common"),
  );
  const { logs, otherwise, sites } = accessLogRules(config)!;
  const written = (port: number) =>
    logsOf({ logs, otherwise, sites }, "a", port).map((index) => logs[index]!.to);
  assert.deepEqual([80, 8080, 8081].map(written), [["/a1"], ["/main"], ["/a3"]]);
  const messages = messageRules(config);
  const told = (port: number) => ruleOf(messages.sites, "a", port)?.to;
  assert.deepEqual([80, 8080, 8081].map(told), ["/e1", "/e2", undefined]);
  const own = config.backends.map((backend) => messageRules(config, backend));
  assert.deepEqual(own.map(({ only }) => only), [{ site: "a" }, { site: "a" }, { site: "a" }]);
  assert.deepEqual(own.map(({ sites }) => sites.map(({ to, port }) => [to, port])), [[["/e1", undefined]], [
    ["/e2", undefined],
  ], []]);
});

Deno.test("logs: what containers write to is standard output, and standard error", () => {
  for (const path of ["/dev/stdout", "/proc/self/fd/1", "/dev/fd/1"]) {
    assert.equal(parse(`Listen 80\nCustomLog ${path} common\n${PASS}`).accessLogs?.[0]?.to, "-", path);
  }
  for (const path of ["/dev/stderr", "/proc/self/fd/2", "/dev/fd/2"]) {
    assert.equal(parse(`Listen 80\nErrorLog ${path}\n${PASS}`).messages?.to, "stderr", path);
  }
});

Deno.test("ErrorLog and LogLevel: what cannot be done is told", () => {
  const told = (text: string) => warningsOf(`Listen 80\n${text}\n${PASS}`).join("\n");
  assert.match(told("ErrorLog syslog:local7"), /ErrorLog: messages go to standard error, not to syslog/);
  assert.equal(parse(`Listen 80\nErrorLog syslog\n${PASS}`).messages, undefined);
  assert.match(told("ErrorLog ${NOWHERE}/a"), /no effect here: ErrorLog \(line 2\)/);
  assert.match(told("LogLevel info ssl:debug"), /there are no modules here, so ssl:debug has no effect/);
  assert.match(told("<Location /a>\nLogLevel debug\n</Location>"), /LogLevel in <Location> \(line 3\)/);
  assert.match(told("BufferedLogs On"), /no effect here: BufferedLogs/);
  assert.match(told('ErrorLogFormat "%M"'), /no effect here: ErrorLogFormat/);
  assert.match(
    faultsOf(`Listen 80\nLogLevel warm\n${PASS}`)[0]!,
    /LogLevel: Unknown level "warm"; the nearest known one is "warn"/,
  );
});
