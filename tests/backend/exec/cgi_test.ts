import assert from "node:assert/strict";
import { NACK_FULL, SCOPE_CONNECTION, SCOPE_REQUEST } from "../../../src/protocol/messages.ts";
import { openDescriptors } from "../../support/descriptors.ts";
import { isRunning } from "../../support/proc.ts";
import { type ExecRig, testCgi } from "./support.ts";

const get = (path = "/", more = "") => `GET ${path} HTTP/1.1\r\nHost: test\r\n${more}\r\n`;
const last = (path = "/", more = "") => get(path, `Connection: close\r\n${more}`);

/** A response's head and content, the chunks of the latter joined. */
function parse(
  text: string,
): { readonly status: string; readonly fields: string[]; readonly content: string } {
  const end = text.indexOf("\r\n\r\n");
  const [status, ...fields] = text.slice(0, end).split("\r\n");
  let content = text.slice(end + 4);
  if (fields.includes("Transfer-Encoding: chunked")) {
    let joined = "";
    for (let rest = content;;) {
      const line = rest.indexOf("\r\n");
      const size = parseInt(rest.slice(0, line), 16);
      if (Number.isNaN(size)) throw new Error(`The chunks break off: ${JSON.stringify(rest.slice(0, 100))}`);
      if (size === 0) break;
      joined += rest.slice(line + 2, line + 2 + size);
      rest = rest.slice(line + 4 + size);
    }
    content = joined;
  }
  return {
    status: status!.slice("HTTP/1.1 ".length),
    fields: fields.filter((field) => !/^Date:/.test(field)),
    content,
  };
}

/** The response to one request, after which the connection ends. */
async function ask({ rig, give }: ExecRig, request: string, change = {}): Promise<ReturnType<typeof parse>> {
  return parse(await rig.rest(give(request, change)));
}

const DOCUMENT = "echo Content-Type: text/plain; echo";

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
    assert.deepEqual(content.split("\n"), [
      "CONTENT_LENGTH=3",
      "CONTENT_TYPE=text/x",
      "FDPASS_PATH=/a%20b/%E4",
      "FDPASS_ROUTE=/cgi",
      "FDPASS_SITE=example.com",
      "GATEWAY_INTERFACE=CGI/1.1",
      "HTTP_ACCEPT=*/*",
      "HTTP_COOKIE=a=1; b=2",
      "HTTP_HOST=www.example.com:8080",
      "HTTP_X_TWICE=one, two",
      "LANG=C.UTF-8",
      "PATH=/usr/bin:/bin",
      "PATH_INFO=/a b/\xe4",
      "PROTO=TCP",
      "QUERY_STRING=x=1&y=%20",
      "REMOTE_ADDR=127.0.0.1",
      `REMOTE_PORT=${client.port}`,
      "REQUEST_METHOD=POST",
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
    assert.match(await rig.rest(client), /Content-Length: 5\r\n\r\n12$/);
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

testCgi(
  "a program that does not respond in time is ended, and answered for with 504",
  "sleep 1000 & echo $! >&2; wait",
  async (exec) => {
    const client = exec.give(last());
    const event = await exec.rig.until(() => exec.events[0], "what it has started");
    const other = event.type === "said" ? Number(event.line) : 0;
    await exec.rig.advance(30_000);
    assert.equal(parse(await exec.rig.rest(client)).status, "504 Gateway Timeout");
    await exec.childless();
    await exec.rig.until(() => !isRunning(other), "the end of what it had started");
    assert.deepEqual(exec.events.slice(1).map(({ type }) => type), ["late"]);
  },
  { timeout: 30_000 },
);

testCgi(
  "a program that takes too long in the middle of its content breaks off",
  `${DOCUMENT}; echo begun; exec sleep 1000`,
  async ({ rig, give }) => {
    const client = give(get());
    await rig.until(() => client.received.includes("begun\n"), "its begin");
    await rig.advance(30_000);
    const text = await rig.rest(client);
    assert.throws(() => parse(text), /break off/);
  },
  { timeout: 30_000 },
);

testCgi(
  "a client that leaves takes its program along",
  "sleep 1000 & echo $! >&2; wait",
  async ({ rig, give, events, childless }) => {
    const client = give(get());
    const event = await rig.until(() => events[0], "what it has started");
    client.reset();
    await childless();
    await rig.until(
      () => !isRunning(event.type === "said" ? Number(event.line) : 0),
      "the end of what it had started",
    );
    assert.equal(events.length, 1, "that is no news");
  },
);

testCgi(
  "a client that leaves in the middle of its content, too",
  "cat >/dev/null; sleep 1000",
  async ({ children, rig, give, childless }) => {
    const client = give("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nabc");
    await rig.until(() => children().length === 1, "the program");
    client.end();
    await childless();
    await rig.rest(client);
  },
);

testCgi(
  "a slow reader slows the program down, and loses nothing",
  `${DOCUMENT}; yes 0123456 | head -c 8000000`,
  async (exec) => {
    const client = exec.give(last());
    await exec.rig.until(() => exec.children().length === 1, "the program");
    await exec.rig.settle();
    assert.equal(exec.children().length, 1, "it waits");
    const { content } = parse(await exec.rig.rest(client));
    assert.equal(content, "0123456\n".repeat(1_000_000));
  },
);

testCgi(
  "a program that closes its output and goes on keeps nobody waiting",
  `${DOCUMENT}; echo done; exec >&-; read x </dev/null; sleep 1000`,
  async (exec) => {
    assert.equal((await ask(exec, last())).content, "done\n");
    assert.equal(exec.children().length, 1);
    void exec.rig.backend.abandon(true);
  },
);

testCgi(
  "draining waits for a program that has answered and goes on",
  `${DOCUMENT}; echo done; exec >&-; while [ ! -e "$PATH_INFO" ]; do sleep 0.01; done`,
  async (exec) => {
    const sign = `${exec.rig.directory}/sign`;
    assert.equal((await ask(exec, last(sign))).content, "done\n");
    let drained = false;
    exec.rig.backend.drain().then(() => drained = true);
    await exec.rig.settle();
    assert.equal(exec.rig.backend.active, 0);
    assert.equal(drained, false);
    Deno.writeTextFileSync(sign, "");
    await exec.rig.until(() => drained, "the end of draining");
  },
);

testCgi(
  "what descendants still write belongs to the response; their holding the pipe holds nothing up",
  `
  ${DOCUMENT}; echo first; (sleep 0.05; echo second; sleep 1000) & echo $! >&2`,
  async (exec) => {
    const before = openDescriptors().size;
    const client = exec.give(last());
    await exec.rig.until(() => client.received.includes("second"), "what comes later");
    await exec.childless();
    await exec.rig.advance(2_000);
    assert.equal(parse(await exec.rig.rest(client)).content, "first\nsecond\n");
    client.close();
    assert.equal(openDescriptors().size, before);
    const [event] = exec.events;
    const other = event?.type === "said" ? Number(event.line) : 0;
    assert.ok(isRunning(other));
    Deno.kill(other, "SIGKILL");
    await exec.rig.until(() => !isRunning(other), "the end of the descendant");
  },
);

testCgi(
  "more requests than programs may run wait for their turn, and connections go elsewhere",
  `${DOCUMENT}; cat`,
  async (exec) => {
    const { rig, front, give } = exec;
    const post = "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 1\r\n\r\n";
    const first = give("");
    await rig.settle();
    const second = give("");
    await rig.settle();
    first.send(post);
    await rig.until(() => exec.children().length === 1, "a program");
    second.send(post + "2");
    await rig.settle();
    assert.equal(second.received, "", "it waits");
    const { fd } = front.accept(get());
    front.handOff(fd);
    await rig.until(() => front.refused.length > 0, "a refusal");
    assert.equal(front.refused[0]![1], NACK_FULL);
    first.send("1");
    await rig.until(() => second.received.includes("2"), "the second one's turn");
    // One whose turn does not come in time is told so.
    await exec.childless();
    first.send(post);
    await rig.until(() => exec.children().length === 1, "a program");
    second.send(post + "3");
    await rig.advance(10_000);
    await rig.until(() => second.received.includes("HTTP/1.1 503 "), "a refusal");
    assert.match(second.received, /Retry-After: 1\r\n/);
    first.send("1");
  },
  { most: 1 },
);

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
