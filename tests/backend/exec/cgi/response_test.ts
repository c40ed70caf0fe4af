/** What becomes of what CGI programs write (RFC 3875, 6). */

import assert from "node:assert/strict";
import { SCOPE_CONNECTION, SCOPE_REQUEST } from "../../../../src/protocol/messages.ts";
import { testCgi } from "../support.ts";
import { ask, DOCUMENT, get, last, parse } from "./requests.ts";

testCgi(
  "6.3.1: a document is passed on, and the connection goes on",
  `${DOCUMENT}; echo $REQUEST_URI`,
  async ({ rig, give }) => {
    const client = give(get("/one"));
    await rig.until(
      () => /one\n/.test(client.received) && /(\r\n\r\n\/one\n|0\r\n\r\n)$/.test(client.received),
      "a response",
    );
    const before = client.received.length;
    client.send(last("/two?x"));
    const { status, fields, content } = parse((await rig.rest(client)).slice(before));
    assert.equal(status, "200 OK");
    assert.ok(fields.includes("Content-Type: text/plain"));
    assert.equal(content, "/two?x\n");
  },
);

testCgi(
  "output that is all there has its length told",
  `printf 'Content-Type: a/b\\n\\n12345'`,
  async (exec) => {
    // How fast a program ends is its own matter: one of a few is fast enough.
    await exec.rig.until(() => true, "nothing");
    for (let tries = 0; tries < 50; tries++) {
      const { fields, content } = await ask(exec, last());
      assert.equal(content, "12345");
      if (fields.includes("Content-Length: 5")) return;
      assert.ok(fields.includes("Transfer-Encoding: chunked"));
    }
  },
);

testCgi(
  "6.2.2: a local redirect is answered here, as if the client had asked",
  `
  case $PATH_INFO in
    /start) cat >/dev/null; printf 'Location: /app/end?q=1\\n\\n' ;;
    /loop) printf 'Location: /app/loop\\n\\n' ;;
    /away) printf 'Location: /other\\n\\n' ;;
    *) printf 'Content-Type: a/b\\n\\n'; echo $REQUEST_METHOD $REQUEST_URI "$QUERY_STRING" "[\${CONTENT_LENGTH-none}]" ;;
  esac`,
  async (exec) => {
    const change = { route: "/app", detail: SCOPE_CONNECTION };
    const post = "POST /app/start HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: 2\r\n\r\nab";
    assert.equal((await ask(exec, post, change)).content, "GET /app/end?q=1 q=1 [none]\n");
    assert.equal((await ask(exec, last("/app/loop"), change)).status, "502 Bad Gateway");
    const away = await ask(exec, last("/app/away"), change);
    assert.equal(away.status, "302 Found", "the path is somebody else's");
    assert.ok(away.fields.includes("Location: /other"));
    const unknown = await ask(exec, post, { ...change, detail: SCOPE_REQUEST });
    assert.equal(unknown.status, "302 Found", "whose the path is, is not known here");
  },
);

testCgi("6.2.3: a client redirect", "printf 'Location: http://example.com/\\n\\n'", async (exec) => {
  const { status, fields } = await ask(exec, last());
  assert.equal(status, "302 Found");
  assert.ok(fields.includes("Location: http://example.com/"));
});

testCgi(
  "a status with its own phrase, and no content",
  "printf 'Status: 204 Nothing\\n\\n'",
  async (exec) => {
    const { status, content } = await ask(exec, last());
    assert.equal(status, "204 Nothing");
    assert.equal(content, "");
  },
);

testCgi(
  "4.3.3: HEAD has no content, whatever the program writes",
  `${DOCUMENT}; echo $REQUEST_METHOD; yes | head -c 100000`,
  async ({ rig, give }) => {
    const client = give("HEAD / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    const text = await rig.rest(client);
    assert.match(text, /^HTTP\/1\.1 200 OK\r\nContent-Type: text\/plain\r\n/);
    assert.ok(text.endsWith("\r\n\r\n"));
  },
);

testCgi(
  "a length that the program tells is kept to",
  `
  printf 'Content-Type: a/b\\nContent-Length: 5\\n\\n12'; sleep 0.02; printf '345'; [ $PATH_INFO = /long ] && printf 678`,
  async (exec) => {
    for (const path of ["/", "/long"]) {
      const { fields, content } = await ask(exec, last(path));
      assert.ok(fields.includes("Content-Length: 5"));
      assert.equal(content, "12345");
    }
  },
);

testCgi(
  "a response that is shorter than it says breaks off",
  "printf 'Content-Type: a/b\\nContent-Length: 5\\n\\n12'",
  async ({ rig, give }) => {
    const client = give(get());
    assert.match(await rig.rest(client), /Content-Length: 5\r\n(?:.+\r\n)*\r\n12$/);
  },
);

testCgi(
  "a program that is killed in the middle of its content leaves no whole response",
  `${DOCUMENT}; echo begun; read x; kill -SEGV $$`,
  async ({ rig, give, events }) => {
    const content = "Content-Length: 1\r\n\r\n";
    const client = give(`POST / HTTP/1.1\r\nHost: test\r\n${content}`);
    await rig.until(() => client.received.includes("begun\n"), "its begin");
    client.send("\n");
    assert.throws(() => parse(client.received), /break off/);
    const text = await rig.rest(client);
    assert.throws(() => parse(text), /break off/);
    // With HTTP/1.0 the end of the connection would be the end of the content.
    const old = give(`POST / HTTP/1.0\r\n${content}`);
    await rig.until(() => old.received.includes("begun\n"), "its begin");
    old.send("\n");
    await rig.rest(old);
    assert.equal(old.ended, "reset");
    assert.deepEqual(events.map((event) => event.type === "ended" && event.how), ["SIGSEGV", "SIGSEGV"]);
  },
);

testCgi(
  "how a program ended that has not responded is told, also when its output ends first",
  "exec >&-; sleep 0.05; kill -SEGV $$",
  async (exec) => {
    assert.equal((await ask(exec, last())).status, "502 Bad Gateway");
    assert.deepEqual(exec.events.map((event) => event.type === "ended" && event.how), ["SIGSEGV"]);
  },
);

testCgi("an exit code is told, and changes nothing", `${DOCUMENT}; echo fine; exit 3`, async (exec) => {
  assert.equal((await ask(exec, last())).content, "fine\n");
  await exec.rig.until(() => exec.events.length > 0, "a report");
  assert.deepEqual(exec.events.map((event) => event.type === "ended" && event.how), ["exit code 3"]);
});

for (
  const [name, script, why] of [
    ["nothing", "exit 0", /its output ends before its head does/],
    ["half a head", "printf 'Content-Type: a/b'", /its output ends before its head does/],
    ["content alone", "echo '<html>'; echo", /no header field/],
    ["NPH output", "printf 'HTTP/1.1 200 OK\\r\\n\\r\\n'; sleep 100", /non-parsed-header/],
    ["a head, and dies of it", "printf 'Content-Type: a/b\\n\\nx'; kill -KILL $$", undefined],
  ] as const
) {
  testCgi(`a program that writes ${name} is answered for with 502`, script, async (exec) => {
    const { status, content } = await ask(exec, last()).catch(() => ({ status: "broken off", content: "" }));
    if (why === undefined) return assert.ok(["502 Bad Gateway", "broken off"].includes(status), status);
    assert.equal(status, "502 Bad Gateway");
    assert.doesNotMatch(content, /html|Content-Type|head/);
    assert.match(exec.faults.join(), why);
  });
}

testCgi("a CGI script in Python", [
  "python3",
  "-c",
  `
import os, sys, urllib.parse
name = urllib.parse.parse_qs(os.environ["QUERY_STRING"])["name"][0]
body = sys.stdin.buffer.read(int(os.environ["CONTENT_LENGTH"]))
print("Content-Type: text/plain; charset=utf-8")
print("Set-Cookie: seen=1")
print()
print(f"{name} sent {len(body)} bytes")
`,
], async (exec) => {
  const { fields, content } = await ask(
    exec,
    "POST /?name=J%C3%BCrgen HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: 4\r\n\r\nabcd",
  );
  assert.ok(fields.includes("Set-Cookie: seen=1"));
  assert.equal(content, "JÃ¼rgen sent 4 bytes\n");
});
