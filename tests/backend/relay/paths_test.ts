import assert from "node:assert/strict";
import { head, testRelay } from "./rig.ts";

const NONE = "HTTP/1.1 204 No Content\r\n\r\n";

const AS_WRITTEN: readonly (readonly [target: string, route: string, asked: string, path?: string])[] = [
  ["/a//b/%2e%2e/c%2fd|e?f=%2f//", "/", "/base/a//b/%2e%2e/c%2fd|e?f=%2f//"],
  ["/api//x/./y?", "/api", "/base//x/./y?"],
  ["/api/%41", "/api/", "/base/%41"],
  ["http://site.example/api/%41?b", "/api/", "/base/%41?b"],
  ["/%61pi/%41", "/api/", "/base/A"],
  ["/api/../api/x", "/api/", "/base/x"],
  ["/a//b", "~ ^/(.*)$", "/base/a//b", "/a//b"],
];
for (const [target, route, asked, path = "/"] of AS_WRITTEN) {
  testRelay(`the path as it was written: ${target} of ${route}`, async (it) => {
    const client = it.give(head(`GET ${target} HTTP/1.1`), { route, path });
    const peer = await it.request();
    assert.equal(peer.received.split("\r\n")[0], `GET ${asked} HTTP/1.1`);
    peer.send(NONE);
    await it.gets(client, "204 No Content");
  }, { base: "/base", preservePath: true });
}

testRelay("encoded slashes are refused in paths, not in queries", async (it) => {
  for (const target of ["/a%2fb", "/%2F", "/a%2Fb?c"]) {
    const client = it.give(head(`GET ${target} HTTP/1.1`));
    await it.gets(client, "404 Not Found");
  }
  const client = it.give(head("GET /a?b=%2f HTTP/1.1"), { path: "/a" });
  (await it.request()).send(NONE);
  await it.gets(client, "204 No Content");
}, { encodedSlashes: "refuse" });

for (
  const [upgrade, asked] of [["websocket", "websocket"], ["none", ""], [
    undefined,
    "tls/1.0, WebSocket",
  ]] as const
) {
  testRelay(`a request may change to ${upgrade ?? "any protocol"}`, async (it) => {
    const client = it.give(head("GET / HTTP/1.1", "Connection: Upgrade", "Upgrade: tls/1.0, WebSocket"));
    const { received } = await it.request();
    const [, field = ""] = /^Upgrade: ([^\r]*)/m.exec(received) ?? [];
    assert.equal(field.toLowerCase(), asked.toLowerCase());
    assert.equal(received.includes("Connection: Upgrade"), asked !== "");
    (await it.request()).send(NONE);
    await it.gets(client, "204 No Content");
  }, upgrade === undefined ? {} : { upgrade });
}
