/** What CGI programs get of a request (RFC 3875, 4). */

import assert from "node:assert/strict";
import { testCgi } from "../support.ts";
import { ask, DOCUMENT, last, parse } from "./requests.ts";

/** What differs from run to run is made the same. */
function withoutNumbers(variable: string): string {
  return variable.replace(/^((?:HTTP_X_REQUEST|UNIQUE)_ID)=[\da-f]{4}-[\da-f]+\./, "$1=hex-hex.")
    .replace(/^HTTP_TRACEPARENT=00-[\da-f]{32}-[\da-f]{16}-/, "HTTP_TRACEPARENT=00-hex-hex-");
}

testCgi(
  "4.1: the meta-variables",
  "printf 'Content-Type: a/b\\n\\n'; tr '\\0' '\\n' </proc/$$/environ | sort",
  async (exec) => {
    const client = exec.give(
      "POST /cgi/a%20b/%e4?x=1&y=%20 HTTP/1.1\r\nHost: www.example.com:8080\r\nContent-Type: text/x\r\nContent-Length: 3\r\n" +
        "X-Twice: one\r\nX-Twice: two\r\nCookie: a=1\r\nCookie: b=2\r\nX_Under: no\r\nProxy: no\r\nAuthorization: no\r\n" +
        "Proxy-Authorization: no\r\nConnection: close\r\nAccept: */*\r\n\r\nabc",
      { site: "example.com", route: "/cgi", path: "/a%20b/%E4" },
    );
    const { content } = parse(await exec.rig.rest(client));
    assert.deepEqual(content.split("\n").map(withoutNumbers), [
      "CONTENT_LENGTH=3",
      "CONTENT_TYPE=text/x",
      "FDPASS_PATH=/a%20b/%E4",
      "FDPASS_ROUTE=/cgi",
      "FDPASS_SITE=example.com",
      "GATEWAY_INTERFACE=CGI/1.1",
      "HTTP_ACCEPT=*/*",
      "HTTP_COOKIE=a=1; b=2",
      "HTTP_HOST=www.example.com:8080",
      "HTTP_TRACEPARENT=00-hex-hex-01",
      "HTTP_X_REQUEST_ID=hex-hex.1",
      "HTTP_X_TWICE=one, two",
      "LANG=C.UTF-8",
      "PATH=/usr/bin:/bin",
      "PATH_INFO=/a b/\xe4",
      "PROTO=TCP",
      "QUERY_STRING=x=1&y=%20",
      "REMOTE_ADDR=127.0.0.1",
      `REMOTE_PORT=${client.port}`,
      "REQUEST_METHOD=POST",
      "REQUEST_SCHEME=http",
      "REQUEST_URI=/cgi/a%20b/%e4?x=1&y=%20",
      "SCRIPT_NAME=/cgi",
      "SERVER_ADDR=127.0.0.1",
      "SERVER_NAME=www.example.com",
      `SERVER_PORT=${exec.front.port}`,
      "SERVER_PROTOCOL=HTTP/1.1",
      "SERVER_SOFTWARE=test",
      "TCPLOCALIP=127.0.0.1",
      `TCPLOCALPORT=${exec.front.port}`,
      "TCPREMOTEIP=127.0.0.1",
      `TCPREMOTEPORT=${client.port}`,
      "UNIQUE_ID=hex-hex.1",
      "",
    ]);
  },
);

testCgi(
  "4.1.5: where the program's name ends and PATH_INFO begins",
  `${DOCUMENT}; echo "$SCRIPT_NAME|$PATH_INFO"`,
  async (exec) => {
    for (
      const [route, path, expected] of [
        ["/", "/", "|/"],
        ["/", "/a", "|/a"],
        ["/app", "/app", "/app|"],
        ["/app", "/app/", "/app|/"],
        ["/app/", "/app/x/../y", "/app|/y"],
        ["^/(.*)$", "/z", "|/mapped"],
        ["/a%20b", "/a%20b/c", "/a b|/c"],
      ] as const
    ) {
      assert.equal(
        (await ask(exec, last(path), { route, path: "/mapped" })).content,
        `${expected}\n`,
        `${path} below ${route}`,
      );
    }
  },
);

testCgi("a path with an encoded slash reaches no program", `${DOCUMENT}; echo reached`, async (exec) => {
  const { status } = await ask(exec, last("/a/..%2f..%2Fetc/passwd"));
  assert.equal(status, "404 Not Found");
});

testCgi(
  "content of a known length is passed on as the program reads it",
  `${DOCUMENT}; echo $CONTENT_LENGTH; wc -c; cat`,
  async (exec) => {
    const size = 3_000_000;
    const client = exec.give(
      `POST / HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: ${size}\r\n\r\n`,
    );
    let sent = 0;
    await exec.rig.until(() => {
      if (sent < size) sent += Math.max(0, client.send("x".repeat(Math.min(65_536, size - sent))));
      return client.ended !== false;
    }, "the end of the response");
    assert.equal(parse(client.received).content, `${size}\n${size}\n`);
  },
);

testCgi(
  "4.1.2: chunked content has its length told",
  `${DOCUMENT}; echo $CONTENT_LENGTH $HTTP_TRANSFER_ENCODING; cat`,
  async (exec) => {
    const client = exec.give(
      "POST / HTTP/1.1\r\nHost: test\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    );
    await exec.rig.settle();
    assert.deepEqual(exec.children(), [], "the length is not known yet");
    client.send("8;x=y\r\n, world!\r\n0\r\nTrailer: x\r\n\r\n");
    assert.equal(parse(await exec.rig.rest(client)).content, "13\nhello, world!");
  },
);

testCgi(
  "chunked content that is too long to be collected is refused",
  `${DOCUMENT}; echo reached`,
  async (exec) => {
    const client = exec.give("POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n");
    const chunk = `10000\r\n${"x".repeat(65_536)}\r\n`;
    let rest = "";
    for (let chunks = 0; chunks < 129;) {
      if (rest === "") {
        rest = chunk;
        chunks++;
      }
      const sent = client.send(rest);
      if (sent > 0) rest = rest.slice(sent);
      else await exec.rig.turn();
    }
    client.end();
    assert.equal(parse(await exec.rig.rest(client)).status, "413 Content Too Large");
  },
);

testCgi(
  "a request without content finds the end of its input at once",
  `${DOCUMENT}; wc -c; echo "[\${CONTENT_LENGTH-none}]"`,
  async (exec) => {
    assert.equal((await ask(exec, last())).content, "0\n[none]\n");
  },
);

testCgi("a client that waits to be asked for its content is", `${DOCUMENT}; cat`, async (exec) => {
  const client = exec.give(
    "POST / HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n",
  );
  await exec.rig.until(() => client.received.startsWith("HTTP/1.1 100 "), "100 (Continue)");
  client.send("ok");
  assert.match(await exec.rig.rest(client), /\r\n\r\n(2\r\n)?ok/);
});

testCgi(
  "a program may answer without reading its input, and the connection goes on",
  `printf 'Status: 403\\n\\n'`,
  async (exec) => {
    const client = exec.give(
      `POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 200000\r\n\r\n${"x".repeat(100_000)}`,
    );
    await exec.rig.until(() => client.received.startsWith("HTTP/1.1 403 "), "the first response");
    let rest = "x".repeat(100_000) + last();
    await exec.rig.until(() => {
      if (rest !== "") rest = rest.slice(Math.max(0, client.send(rest)));
      return client.ended !== false;
    }, "the end");
    assert.equal(client.received.match(/HTTP\/1\.1 403 /g)?.length, 2);
  },
);
