import assert from "node:assert/strict";
import { head, type RelayRig, testRelay, undated } from "./rig.ts";

const CHUNKED = "Transfer-Encoding: chunked";
const TE = ["TE: trailers", "Connection: TE"];

/** What a client gets of a response in chunks, after its head. */
async function answer(it: RelayRig, request: string, response: string): Promise<string> {
  return undated(await it.answered(request, `HTTP/1.1 200 OK\r\n${response}`));
}

testRelay("trailer fields of a response go to a client that takes them", async (it) => {
  assert.equal(
    await answer(
      it,
      head("GET / HTTP/1.1", ...TE),
      `Trailer: X-Sum, Host\r\n${CHUNKED}\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\nHost: evil\r\n\r\n`,
    ),
    `HTTP/1.1 200 OK\r\nTrailer: x-sum\r\n${CHUNKED}\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n`,
  );
});

testRelay("trailer fields without content go as well, announced or not", async (it) => {
  assert.equal(
    await answer(it, head("GET / HTTP/1.1", ...TE), `${CHUNKED}\r\n\r\n0\r\nX-Sum: 1\r\n\r\n`),
    `HTTP/1.1 200 OK\r\n${CHUNKED}\r\n\r\n0\r\nX-Sum: 1\r\n\r\n`,
  );
});

for (
  const [what, request, client] of [
    ["who did not ask", head("GET / HTTP/1.1"), `${CHUNKED}\r\n\r\n3\r\nabc\r\n0\r\n\r\n`],
    ["of HTTP/1.0", "GET / HTTP/1.0\r\nTE: trailers\r\n\r\n", "Connection: close\r\n\r\nabc"],
    ["of HEAD", head("HEAD / HTTP/1.1", ...TE), "\r\n"],
  ] as const
) {
  testRelay(`trailer fields do not go to a client ${what}`, async (it) => {
    const content = what === "of HEAD" ? "" : "3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n";
    assert.equal(
      await answer(it, request, `Trailer: X-Sum\r\n${CHUNKED}\r\n\r\n${content}`),
      `HTTP/1.1 200 OK\r\n${client}`,
    );
  });
}

testRelay(
  "trailer fields of a request go to the upstream, but for those that belong into the head",
  async (it) => {
    const client = it.give(
      head("POST / HTTP/1.1", CHUNKED, "Trailer: X-Sum, Authorization") +
        "3\r\nabc\r\n0\r\nX-Sum: 1\r\nAuthorization: x\r\nX-Forwarded-For: 9.9.9.9\r\n\r\n",
    );
    const peer = await it.request();
    const got = await it.hears(peer, "X-Sum: 1\r\n\r\n");
    assert.match(
      got,
      /\r\nTrailer: x-sum\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n$/,
    );
    peer.send("HTTP/1.1 204 No Content\r\n\r\n");
    await it.gets(client, "204");
    // The connection goes on behind it.
    client.send(head("GET /next HTTP/1.1"));
    await it.hears(peer, "GET /next ");
  },
);
