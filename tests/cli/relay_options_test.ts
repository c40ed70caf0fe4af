import assert from "node:assert/strict";
import { Command } from "commander";
import { addKindOptions, readKind } from "../../src/commands/kinds/kinds.ts";
import type { Relay } from "../../src/config/config.ts";
import { programOf } from "../../src/control/kinds/programs.ts";

const RELAYS: readonly Omit<Relay, "kind">[] = [
  { upstream: "http://127.0.0.1:3000" },
  {
    upstream: "unix:/run/app.sock|http://app/base",
    preserveHost: true,
    preservePath: true,
    encodedSlashes: "refuse",
    upgrade: "websocket",
    underscoresInHeaders: true,
    timeout: 1_500,
    connectTimeout: 250,
    maxUpstream: 7,
    reverse: [{ path: "/a/", url: "http://app:1/" }, { path: "https://b.example/", url: "/" }],
    cookieDomains: [{ from: "app", to: ".example.com" }],
    cookiePaths: [{ from: "/", to: "/a/" }, { from: "/b", to: "/" }],
  },
  {
    upstream: "https://app:8443/base",
    tls: {
      verify: false,
      checkName: true,
      certificateAuthorities: "/ca.pem",
      serverName: "a b",
      minVersion: "1.3",
    },
  },
  { upstream: "unix:/run/app.sock|https://app", tls: { certificate: "/c.pem" } },
  { upstream: "http://app", reverse: [] },
  { upstream: "http://app", plain: "bare", timeout: 1 },
  { upstream: "http://app", plain: "v1" },
  { upstream: "unix:/run/app.sock", plain: "v2", maxUpstream: 65_535 },
];

for (const options of RELAYS) {
  Deno.test(`what up says to a relay is what the relay reads: ${JSON.stringify(options)}`, () => {
    const relay: Relay = { kind: "relay", ...options };
    const command = new Command().exitOverride();
    addKindOptions(command);
    command.parse(programOf(relay).arguments(relay), { from: "user" });
    assert.deepEqual(readKind(command.opts()), relay);
  });
}
