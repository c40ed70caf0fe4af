import assert from "node:assert/strict";
import { head, testRelay } from "./rig.ts";

testRelay("a trace that the client has begun goes on", async (it) => {
  const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
  it.give(head("GET / HTTP/1.1", `traceparent: ${traceparent}`, "tracestate: a=b"));
  const { received } = await it.request();
  assert.match(received, /^Traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00\r$/m);
  assert.match(received, /^tracestate: a=b\r$/m);
});

testRelay("what is no trace, or is said by somebody who is not trusted, is said anew", async (it) => {
  const nothing = "00-00000000000000000000000000000000-0000000000000001-01";
  it.give(head("GET / HTTP/1.1", `traceparent: ${nothing}`, "Tracestate: a=b", "X-Request-Id: forged"));
  const { received } = await it.request();
  assert.match(received, /^Traceparent: 00-(?!0{32})[\da-f]{32}-[\da-f]{16}-01\r$/m);
  assert.match(received, /^X-Request-Id: [\da-f]{4}-[\da-f]+\.1\r$/m);
  assert.doesNotMatch(received, /forged|tracestate|00000000000000000000000000000000/i);
});
