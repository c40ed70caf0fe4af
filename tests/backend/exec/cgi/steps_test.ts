/** Requests to CGI programs from end to end while promises have no turn: nothing of theirs is done by one. */

import assert from "node:assert/strict";
import { Slots } from "../../../../src/backend/exec/cgi/slots.ts";
import { DeadlineSet } from "../../../../src/loop/deadlines.ts";
import type { Client } from "../../../front/clients.ts";
import { type ExecRig, testCgi } from "../support.ts";
import { DOCUMENT, get, parse } from "./requests.ts";

/** What the programs do, by the last part of the path. */
const SCRIPT = `case "$PATH_INFO" in
  */plain) ${DOCUMENT}; echo plain;;
  */told) ${DOCUMENT}; cat; echo " $CONTENT_LENGTH";;
  */long) ${DOCUMENT}; head -c 3000000 /dev/zero | tr '\\0' x; echo end;;
  */counted) echo Content-Type: a/b; echo Content-Length: 5; echo; echo coun; sleep 0.02; echo too much;;
  */elsewhere) echo Location: /plain; echo;;
  */wrong) echo no head;;
  */killed) echo Content-Type: a/b; kill -9 $$;;
  */leaving) ${DOCUMENT}; exec >&-; sleep 0.05;;
esac`;

const post = (path: string, fields: string, content = "") =>
  `POST ${path} HTTP/1.1\r\nHost: test\r\n${fields}\r\n${content}`;

const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";
/** How much of what has come was looked at. */
const seen = new WeakMap<Client, number>();

/** Whether a response is all there. */
function isWhole(text: string, isHead: boolean): boolean {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0 || isHead) return end >= 0;
  if (text.includes("Transfer-Encoding: chunked")) return text.endsWith("\r\n0\r\n\r\n");
  return text.length === end + 4 + Number(/Content-Length: (\d+)/.exec(text)?.[1] ?? 0);
}

/** The response to a request whose last bytes these are: status and content. Waits for the programs' ends, too. */
function asked({ rig, children }: ExecRig, client: Client, bytes: string): readonly [string, string] {
  client.send(bytes);
  const isHead = bytes.startsWith("HEAD ");
  const response = () => client.received.slice(seen.get(client)).replace(CONTINUE, "");
  rig.untilBlocking(() => isWhole(response(), isHead), `the response to ${bytes}`);
  rig.untilBlocking(() => children().length === 0, "the end of all programs");
  const text = response();
  seen.set(client, client.received.length);
  if (isHead) return [text.slice(9, 12), text.slice(text.indexOf("\r\n\r\n") + 4)];
  const { status, content } = parse(text);
  return [status.slice(0, 3), content];
}

/** A few turns, for what is there to be taken. */
function turns({ rig }: ExecRig): void {
  let turns = 0;
  rig.untilBlocking(() => ++turns > 5, "turns");
}

/** A connection that is handed over before anything is asked on it. */
function given({ rig, give }: ExecRig): Client {
  const before = rig.backend.active;
  const client = give();
  rig.untilBlocking(() => rig.backend.active > before, "the connection");
  return client;
}

testCgi("requests are answered by programs without a promise on the way", SCRIPT, (exec) => {
  const { rig } = exec;
  const client = given(exec);
  const ask = (bytes: string) => asked(exec, client, bytes);
  assert.deepEqual(ask(get("/plain")), ["200", "plain\n"]);
  assert.deepEqual(ask(post("/told", "Content-Length: 4\r\n", "told")), ["200", "told 4\n"]);
  // Content that is waited for: while a program runs, by a client that waits to be asked for it, and before a program runs.
  client.send(post("/told", "Content-Length: 12\r\n", "in "));
  rig.untilBlocking(() => exec.children().length === 1, "the program");
  client.send("pieces");
  turns(exec);
  assert.deepEqual(ask("..."), ["200", "in pieces... 12\n"]);
  client.send(post("/told", "Content-Length: 5\r\nExpect: 100-continue\r\n"));
  // The head of the response may be there already: the program writes it before it reads.
  rig.untilBlocking(() => client.received.includes(CONTINUE), "100");
  assert.deepEqual(ask("asked"), ["200", "asked 5\n"]);
  client.send(post("/told", "Transfer-Encoding: chunked\r\n", "2\r\nch\r\n"));
  turns(exec);
  assert.deepEqual(ask("4\r\nunks\r\n0\r\n\r\n"), ["200", "chunks 6\n"]);
  // Responses of each sort.
  assert.deepEqual(ask("HEAD /plain HTTP/1.1\r\nHost: test\r\n\r\n"), ["200", ""]);
  const [status, long] = ask(get("/long"));
  assert.equal(status, "200");
  assert.ok(long === `${"x".repeat(3_000_000)}end\n`);
  assert.deepEqual(ask(get("/counted")), ["200", "coun\n"]);
  assert.deepEqual(ask(get("/elsewhere")), ["200", "plain\n"]);
  assert.equal(ask(get("/wrong"))[0], "502");
  assert.equal(ask(get("/killed"))[0], "502");
  assert.deepEqual(ask(get("/leaving")), ["200", ""]);
  assert.equal(exec.faults.length, 2);
  return Promise.resolve();
});

testCgi(
  "whoever waits for a program's place has it without a promise, and so does the one behind",
  "exec cat",
  (exec) => {
    const { rig, children } = exec;
    const request = post("/", "Content-Length: 15\r\n");
    // Handed over while nobody asks anything: later they would be refused as too many.
    const clients = Array.from({ length: 20 }, () => given(exec));
    for (const client of clients) client.send(request);
    rig.untilBlocking(() => children().length > 0, "a program");
    for (const client of clients) client.send("Status: 204\r\n\r\n");
    let most = 0;
    rig.untilBlocking(() => {
      most = Math.max(most, children().length);
      return clients.every(({ received }) => received.startsWith("HTTP/1.1 204 "));
    }, "all answers");
    assert.equal(most, 1);
    return Promise.resolve();
  },
  { most: 1 },
);

Deno.test("those who wait for slots are not called from within each other, however many give theirs back at once", () => {
  const slots = new Slots(1, new DeadlineSet().list(1_000));
  const order: number[] = [];
  assert.equal(slots.take(() => assert.fail()), true);
  const waiting = 20_000;
  for (let at = 0; at < waiting; at++) {
    const gone = slots.take((came) => {
      assert.ok(came);
      order.push(at);
      slots.free();
    });
    assert.equal(gone, false);
  }
  slots.free();
  assert.deepEqual(order, Array.from({ length: waiting }, (_, at) => at));
  assert.equal(slots.wanted, 0);
});
