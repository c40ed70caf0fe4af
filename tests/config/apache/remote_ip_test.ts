import assert from "node:assert/strict";
import type { Config } from "../../../src/config/config.ts";
import { faultsOf, parse, warningsOf } from "./parsing.ts";

const PASS = "ProxyPass / http://127.0.0.1:3000/\n";

/** Who stands in front of each listener, and whom it trusts. */
function frontsOf(config: Config): unknown[] {
  return config.listeners.map((
    { proxyProtocol, trust },
  ) => [proxyProtocol, trust && config.trust![trust - 1]]);
}

Deno.test("mod_remoteip: whom the main server trusts, all hosts trust, unless they say so themselves", () => {
  const config = parse(`
    Listen 80
    Listen 81
    RemoteIPHeader X-Forwarded-For
    RemoteIPInternalProxy 10.0.0.0/8 192.168
    RemoteIPTrustedProxy 203.0.113.1
    <VirtualHost *:80>
      ${PASS}
    </VirtualHost>
    <VirtualHost *:81>
      RemoteIPHeader CF-Connecting-IP
      RemoteIPTrustedProxy 198.51.100.0/24
      ${PASS}
    </VirtualHost>`);
  assert.deepEqual(frontsOf(config), [
    [undefined, {
      proxies: ["10.0.0.0/8", "192.168"],
      publicProxies: ["203.0.113.1"],
      header: "x-forwarded-for",
    }],
    [undefined, { proxies: [], publicProxies: ["198.51.100.0/24"], header: "cf-connecting-ip" }],
  ]);
  assert.deepEqual(config.warnings ?? [], []);
});

Deno.test("mod_remoteip: lists are files, with comments", () => {
  const files = { "/etc/apache2/proxies": "# ours\n10.0.0.0/8\n\n  2001:db8::/32  # and theirs\n" };
  const text =
    `ServerRoot /etc/apache2\nRemoteIPHeader X-Real-IP\nRemoteIPInternalProxyList proxies\n${PASS}`;
  assert.deepEqual(parse(text, { files }).trust, [
    { proxies: ["10.0.0.0/8", "2001:db8::/32"], header: "x-real-ip" },
  ]);
});

Deno.test("mod_remoteip: PROXY headers, and who sends none", () => {
  const on = `RemoteIPProxyProtocol On\nRemoteIPProxyProtocolExceptions 127.0.0.1 10.0.0.0/8\n${PASS}`;
  assert.deepEqual(frontsOf(parse(on)), [[{ except: ["127.0.0.1", "10.0.0.0/8"] }, undefined]]);
  assert.deepEqual(frontsOf(parse(`RemoteIPProxyProtocol Off\n${PASS}`)), [[undefined, undefined]]);
  const two = parse(`Listen 80\nListen 81\n<VirtualHost *:80>\nRemoteIPProxyProtocol on\n${PASS}</VirtualHost>
    <VirtualHost *:81>\n${PASS}</VirtualHost>`);
  assert.deepEqual(frontsOf(two), [[{}, undefined], [undefined, undefined]]);
});

Deno.test("mod_remoteip: what httpd would do otherwise is told of, and nobody is trusted by mistake", () => {
  const all = `RemoteIPHeader X-Forwarded-For\n${PASS}`;
  assert.match(warningsOf(all).join(), /believes nobody; httpd believes everybody/);
  assert.deepEqual(parse(all).trust, [{ proxies: [], header: "x-forwarded-for" }]);
  const names = `RemoteIPHeader X-Forwarded-For\nRemoteIPInternalProxy proxy.example 10.0.0.1\n${PASS}`;
  assert.match(warningsOf(names).join(), /leaves out "proxy\.example"/);
  assert.deepEqual(parse(names).trust, [{ proxies: ["10.0.0.1"], header: "x-forwarded-for" }]);
  const host = (name: string, more: string) =>
    `<VirtualHost *:80>\nServerName ${name}\n${more}\n${PASS}</VirtualHost>\n`;
  const trust = "RemoteIPHeader X-Forwarded-For\nRemoteIPInternalProxy 10.0.0.1";
  const different = host("a.example", trust) + host("b.example", "");
  assert.match(warningsOf(different).join(), /nobody is trusted on \[::\]:80/);
  assert.deepEqual(parse(different).trust, [{ proxies: [] }]);
  const half = host("a.example", "RemoteIPProxyProtocol On") + host("b.example", "");
  assert.match(faultsOf(half).join(), /Cannot hold for one virtual host on \[::\]:80/);
  assert.match(faultsOf(`RemoteIPProxyProtocol Maybe\n${PASS}`).join(), /Found "Maybe"; write On or Off/);
  assert.match(
    faultsOf(`RemoteIPHeader a\nRemoteIPTrustedProxyList no\n${PASS}`).join(),
    /Cannot read "[^"]*no"/,
  );
});
