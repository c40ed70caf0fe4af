/** Whose words count about who asks: the words of mod_remoteip, beside a real Apache that has them. */

import assert from "node:assert/strict";
import { connect } from "node:net";
import { Apache, noApache } from "../support/apache.ts";
import { freePort } from "../support/ports.ts";
import { startUpFrom, TemporaryDirectory } from "../support/processes.ts";
import { within } from "../support/waiting.ts";
import { summary, TellingServers } from "./apache/rule_rig.ts";

/** Who asks: our own proxy, somebody else's that is trusted for public addresses, and a stranger. */
const PEERS = { internal: "127.0.0.2", public: "127.0.0.3", stranger: "127.0.0.9" } as const;

/** Sends bytes from an address of this host; all that comes back. */
function say(port: number, localAddress: string, bytes: Uint8Array): Promise<string> {
  return within(
    new Promise<string>((resolve) => {
      const socket = connect({ host: "127.0.0.1", port, localAddress });
      let text = "";
      socket.setEncoding("latin1").on("data", (part) => text += part);
      // A reset says no more than an end: both have closed without an answer.
      socket.on("error", () => {}).on("close", () => resolve(text));
      socket.write(bytes);
    }),
    "an answer",
  );
}

/**
 * The status, and who asks. What servers behind are told is another test's; who it was that sent what is no request is not
 * said here.
 */
function who(text: string): string {
  const [status, from] = summary(text).split(" | ");
  return status === "400" ? status : `${status} ${from}`;
}

const latin1 = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));
const request = (...fields: readonly string[]) =>
  ["GET /x HTTP/1.1", "Host: one.test", ...fields, "Connection: close", "", ""].join("\r\n");

/** What both know of who asks: an expression, and who may. */
const BODY = (server: string) => `
ServerName one.test
ProxyPass / ${server}/
Header always set X-R-Who "expr=%{REMOTE_ADDR}"
<Location />
  <RequireAll>
    Require all granted
    Require not ip 203.0.113.66
  </RequireAll>
</Location>
`;

/** Values of the field that names clients. */
const VALUES = [
  ["203.0.113.1"],
  ["203.0.113.66"],
  ["203.0.113.1, 203.0.113.2"],
  ["203.0.113.1,203.0.113.2,127.0.0.3"],
  ["203.0.113.1, 127.0.0.2"],
  ["203.0.113.1, 127.0.0.2, 127.0.0.3"],
  ["127.0.0.2, 127.0.0.3, 127.0.0.2"],
  ["10.1.2.3"],
  ["203.0.113.1, 10.1.2.3"],
  ["10.1.2.3, 203.0.113.1"],
  ["10.1.2.3, 127.0.0.3"],
  ["192.168.1.1, 127.0.0.2"],
  ["2001:db8::7"],
  ["2001:db8::7, 127.0.0.2"],
  ["fd00::1, 127.0.0.3"],
  ["203.0.113.1", "203.0.113.2"],
  ["203.0.113.1", "127.0.0.2"],
  ["garbage"],
  ["garbage, 203.0.113.1"],
  ["203.0.113.1, garbage"],
  ["203.0.113.1, 999.1.1.1"],
  ["203.0.113.1, 127.0.0.2, garbage"],
  [""],
  [","],
  ["203.0.113.1,"],
  [", 203.0.113.1"],
  ["  203.0.113.1  "],
  ["203.0.113.1\t,\t127.0.0.2"],
] as const;

/** Connections that begin with a PROXY header, or with something else. */
const V2 = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a];
const v2 = (command: number, family: number, ...rest: number[]) =>
  String.fromCharCode(...V2, 0x20 + command, family, rest.length >> 8, rest.length & 255, ...rest);
const FOUR = [203, 0, 113, 5, 127, 0, 0, 1, 0x10, 0x00, 0x00, 0x50];
const SIX = [0x20, 1, 0xd, 0xb8, ...new Array(11).fill(0), 5, ...new Array(15).fill(0), 1, 0x10, 0, 0, 80];
const PROXIED = [
  "",
  "PROXY TCP4 203.0.113.5 127.0.0.1 4096 80\r\n",
  "PROXY TCP4 203.0.113.66 127.0.0.1 4096 80\r\n",
  "PROXY TCP6 2001:db8::5 ::1 4096 80\r\n",
  "PROXY UNKNOWN\r\n",
  "PROXY TCP4 203.0.113.5\r\n",
  "PROXY TCP4 999.0.113.5 127.0.0.1 4096 80\r\n",
  "PROXY\r\n",
  v2(1, 0x11, ...FOUR),
  v2(1, 0x21, ...SIX),
  v2(0, 0x00),
  v2(1, 0x11, ...FOUR, 4, 0, 1, 0),
  "garbage\r\n",
];

/** A configuration for both, and what is asked of both: bytes, and from where. */
interface Case {
  readonly words: string;
  readonly asks: readonly (readonly [from: string, text: string])[];
}

/** Where the outcome is another one, and should be: docs/apache.md says so. */
const DIFFERENCES: Readonly<Record<string, RegExp>> = {
  "an empty element of a list is none (RFC 9110, 5.6.1.2); httpd takes it for an address that it cannot read":
    /: 203\.0\.113\.1,\r\n/,
  "a tab is white space of a list (5.6.3); httpd takes it for a part of the address": /\t/,
  "UNKNOWN may stand alone, and says nothing of the client; httpd closes the connection":
    /^PROXY UNKNOWN\r\n/,
};

const fieldAsks = (name: string, values: readonly (readonly string[])[] = VALUES) =>
  Object.values(PEERS).flatMap((from) =>
    values.map((lines) => [from, request(...lines.map((line) => `${name}: ${line}`))] as const)
  );

const CASES: Readonly<Record<string, Case>> = {
  "internal proxies": {
    words: "RemoteIPHeader X-Forwarded-For\nRemoteIPInternalProxy 127.0.0.2 10.0.0.0/8",
    asks: fieldAsks("X-Forwarded-For"),
  },
  "proxies that are trusted for public addresses": {
    words: "RemoteIPHeader X-Forwarded-For\nRemoteIPInternalProxy 127.0.0.2\nRemoteIPTrustedProxy 127.0.0.3",
    asks: fieldAsks("X-Forwarded-For"),
  },
  "a field of another name": {
    words: "RemoteIPHeader X-Real-IP\nRemoteIPTrustedProxy 127.0.0.3",
    asks: [
      ...fieldAsks("X-Real-IP", VALUES.filter((_, index) => index % 3 === 0)),
      ...fieldAsks("X-Forwarded-For", VALUES.slice(0, 4)),
    ],
  },
  "PROXY headers, and who sends none": {
    words: `RemoteIPProxyProtocol On\nRemoteIPProxyProtocolExceptions ${PEERS.stranger}`,
    asks: [PEERS.internal, PEERS.stranger].flatMap((from) =>
      PROXIED.map((start) => [from, start + request()] as const)
    ),
  },
};

Deno.test({
  name: "who asks is who mod_remoteip says" + (noApache === undefined ? "" : ` (${noApache})`),
  ignore: noApache !== undefined,
  async fn(t) {
    await using servers = await TellingServers.start();
    const seen = new Set<string>();
    for (const [name, { words, asks }] of Object.entries(CASES)) {
      await t.step(name, async () => {
        using atApache = new TemporaryDirectory();
        using atFdpass = new TemporaryDirectory();
        const text = `${words}\n${BODY(servers.url("a"))}`;
        const modules = ["authz_host", "headers", "proxy", "proxy_http", "remoteip"];
        await using apache = await Apache.start(atApache, modules, text);
        const port = freePort();
        const path = atFdpass.write("httpd.conf", `Listen 127.0.0.1:${port}\n${text}`);
        await using _ = await startUpFrom(path);
        const wrong: string[] = [];
        for (const [from, text] of asks) {
          const [here, there] = await Promise.all(
            [port, apache.port].map(async (at) => who(await say(at, from, latin1(text)))),
          );
          if (here === there) continue;
          const difference = Object.keys(DIFFERENCES).find((why) => DIFFERENCES[why]!.test(text));
          if (difference !== undefined) seen.add(difference);
          else wrong.push(`from ${from}: ${JSON.stringify(text)}\n  fdpass: ${here}\n  Apache: ${there}`);
        }
        assert.ok(wrong.length === 0, wrong.join("\n"));
      });
    }
    assert.deepEqual([...seen].sort(), Object.keys(DIFFERENCES).sort());
  },
});
