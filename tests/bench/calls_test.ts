/** What strace counts, sorted by what it is for. */

import assert from "node:assert/strict";
import { readCalls } from "../../bench/calls.ts";

/** As strace 6.1 writes it with `-c -U name,calls,errors`. */
const SUMMARY = `syscall              calls    errors
---------------- --------- ---------
recvfrom               420       203
sendto                 200          
sendfile                 7          
epoll_wait              20          
openat2                  1         1
futex                   24         3
bpf                      2          
---------------- --------- ---------
total                  674       207
`;

Deno.test("calls are added up by what they are for", () => {
  assert.deepEqual(readCalls(SUMMARY), {
    all: 674,
    receive: 420,
    inVain: 203,
    send: 207,
    wait: 20,
    files: 1,
    connections: 0,
    threads: 24,
    other: 2,
  });
});

Deno.test("what is no summary counts for nothing", () => {
  assert.equal(readCalls(""), undefined);
  assert.equal(readCalls("strace: Process 12 detached\n"), undefined);
});
