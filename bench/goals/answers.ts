/** Goals of those that answer: handlers, relays, files, WebSockets. */

import type { Figure, Goal } from "./goal.ts";

const kept = (contender: string): Figure => ({
  workload: "keep-alive",
  variation: "64 connections",
  contender,
  metric: "perSecond",
});
const downloaded = (contender: string): Figure => ({
  workload: "download",
  variation: "1 at a time",
  contender,
  metric: "frontPerGiB",
});
const relayed = (variation: string, contender: string, metric: string): Figure => ({
  workload: "relay",
  variation,
  contender,
  metric,
});
const file = (variation: string, contender: string, metric: string): Figure => ({
  workload: "static",
  variation,
  contender,
  metric,
});
const echoed = (variation: string, contender: string, metric = "perSecond"): Figure => ({
  workload: "websockets",
  variation,
  contender,
  metric,
});
const resting = (contender: string, metric: string): Figure => ({
  workload: "idle-clients",
  variation: "idle clients",
  contender,
  metric,
});
const KEPT = "1 KiB, kept, 64 clients";
const EACH = "1 KiB, a connection each, 64 clients";

export const ANSWERS: readonly Goal[] = [
  {
    text: "requests/s, keep-alive, JavaScript handler, against nginx → Deno.serve",
    atLeast: 1.8,
    ours: kept("fdpass"),
    theirs: kept("nginx"),
  },
  {
    text: "requests/s, keep-alive, JavaScript handler, against Deno.serve alone",
    atLeast: 0.8,
    ours: kept("fdpass"),
    theirs: kept("deno"),
  },
  {
    text: "relay, 1 KiB, kept: CPU of everything per request, against nginx",
    atMost: 1.3,
    ours: relayed(KEPT, "fdpass", "all"),
    theirs: relayed(KEPT, "nginx", "all"),
  },
  {
    text: "relay, 1 KiB, kept: requests/s, against nginx",
    atLeast: 0.9,
    ours: relayed(KEPT, "fdpass", "perSecond"),
    theirs: relayed(KEPT, "nginx", "perSecond"),
  },
  {
    text: "relay, 1 KiB, a connection each: CPU of everything per request, against nginx",
    atMost: 1.5,
    ours: relayed(EACH, "fdpass", "all"),
    theirs: relayed(EACH, "nginx", "all"),
  },
  {
    text: "relay, 1 KiB, a connection each: requests/s, against Apache mod_proxy_http",
    atLeast: 2,
    ours: relayed(EACH, "fdpass", "perSecond"),
    theirs: relayed(EACH, "apache-http", "perSecond"),
  },
  {
    text: "relay, 64 KiB, kept: GiB/s, against nginx",
    atLeast: 1,
    ours: relayed("64 KiB, kept, 64 clients", "fdpass", "rate"),
    theirs: relayed("64 KiB, kept, 64 clients", "nginx", "rate"),
  },
  {
    text: "relay, uploads of 1 MiB: GiB/s, against nginx",
    atLeast: 1,
    ours: relayed("upload of 1 MiB, kept, 64 clients", "fdpass", "rate"),
    theirs: relayed("upload of 1 MiB, kept, 64 clients", "nginx", "rate"),
  },
  {
    text: "files, 1 KiB, kept: CPU of everything per request, against nginx",
    atMost: 1.3,
    ours: file(KEPT, "fdpass", "all"),
    theirs: file(KEPT, "nginx", "all"),
  },
  {
    text: "files, 1 KiB, a connection each: CPU of everything per request, against nginx",
    atMost: 1.8,
    ours: file(EACH, "fdpass", "all"),
    theirs: file(EACH, "nginx", "all"),
  },
  {
    text: "WebSocket echo, 1 connection: messages/s, against Deno.serve",
    atLeast: 0.8,
    ours: echoed("echo, 1 connection", "fdpass"),
    theirs: echoed("echo, 1 connection", "deno"),
  },
  {
    text: "WebSocket echo, 1,000 connections: messages/s, against Deno.serve",
    atLeast: 0.8,
    ours: echoed("echo, 1,000 connections", "fdpass"),
    theirs: echoed("echo, 1,000 connections", "deno"),
  },
  {
    text: "memory per idle WebSocket, against Deno.serve",
    atMost: 0.5,
    ours: echoed("idle", "fdpass", "each"),
    theirs: echoed("idle", "deno", "each"),
  },
  {
    text: "memory of a relay process at rest, against nginx with two workers",
    atMost: 4,
    ours: resting("fdpass", "rest"),
    theirs: resting("nginx", "rest"),
  },
  {
    text: "memory of a relay process with idle clients, against nginx with two workers",
    atMost: 4,
    ours: resting("fdpass", "open"),
    theirs: resting("nginx", "open"),
  },
  {
    text: "memory of front and relay per idle client",
    atMost: 4_096,
    ours: resting("fdpass", "each"),
    unit: "B",
  },
  {
    text: "front CPU per GiB downloaded, against nginx proxying",
    atMost: 1 / 1_000,
    ours: downloaded("fdpass"),
    theirs: downloaded("nginx"),
  },
];
