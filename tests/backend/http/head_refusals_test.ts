/** What a backend refuses: without content for HEAD, and nothing for who asks nothing. */

import assert from "node:assert/strict";
import { echo, testHttp } from "../rig.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

for (
  const [what, head, status] of [
    ["a malformed head", "HEAD / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n", 400],
    ["an expectation", "HEAD / HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n", 417],
    ["a coding", "HEAD / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: x, chunked\r\n\r\n", 501],
    ["a version", "HEAD / HTTP/3.0\r\nHost: a\r\n\r\n", 505],
    ["an end in its head", "HEAD / HTTP/1.1\r\nHost", 400],
  ] as const
) {
  testHttp(
    `what refuses a HEAD on a kept connection has no content: ${what}`,
    echo,
    async ({ rig, give }) => {
      const client = give(GET);
      await rig.until(() => client.received.endsWith("[]"), "the first response");
      const before = client.received.length;
      client.send(head);
      client.end();
      const answer = (await rig.rest(client)).slice(before);
      assert.match(
        answer,
        new RegExp(`^HTTP/1\\.1 ${status} [^]*\r\nContent-Length: [1-9]\\d*\r\n[^]*\r\n\r\n$`),
      );
    },
  );
}

testHttp("an empty line behind a request, and then the end, is no request", echo, async ({ rig, give }) => {
  const client = give(GET + "\r\n");
  await rig.until(() => client.received.endsWith("[]"), "the response");
  const before = client.received.length;
  client.end();
  assert.equal((await rig.rest(client)).length, before);
});
