/** Goals of handing connections over, and of what is open and idle meanwhile. */

import type { Figure, Goal } from "./goal.ts";

const busy = (contender: string, metric: string): Figure => ({
  workload: "connections",
  variation: "64 clients",
  contender,
  metric,
});
const asSender = (contender: string): Figure => ({
  workload: "apache-sender",
  variation: "64 clients",
  contender,
  metric: "front",
});
const alone = (contender: string): Figure => ({
  workload: "latency",
  variation: "one client",
  contender,
  metric: "p50",
});
const grown = (routes: number): Figure => ({
  workload: "growth",
  variation: "64 clients",
  contender: `routes-${routes}`,
  metric: "front",
});
const streaming = (metric: string): Figure => ({
  workload: "streams",
  variation: "idle streams",
  contender: "fdpass",
  metric,
});
const asked = (manner: string): Figure => ({
  workload: "switching",
  variation: "64 clients",
  contender: manner,
  metric: "all",
});

export const HANDOFFS: readonly Goal[] = [
  {
    text: "front CPU per hand-off, against the C floor",
    atMost: 1.1,
    ours: busy("fdpass-c", "front"),
    theirs: busy("floor", "front"),
  },
  {
    text: "front CPU per hand-off by Apache's protocol, against the C floor",
    atMost: 1.25,
    ours: asSender("fdpass"),
    theirs: asSender("floor"),
  },
  {
    text: "front CPU per hand-off, against Apache mod_proxy_fdpass",
    atMost: 1 / 6,
    ours: busy("fdpass-c", "front"),
    theirs: busy("apache-fdpass", "front"),
  },
  {
    text: "front CPU per hand-off, against nginx proxying",
    atMost: 1 / 2,
    ours: busy("fdpass", "front"),
    theirs: busy("nginx", "front"),
  },
  {
    text: "requests/s, connection per request, C behind both, against Apache mod_proxy_fdpass",
    atLeast: 2,
    ours: busy("fdpass-c", "perSecond"),
    theirs: busy("apache-fdpass", "perSecond"),
  },
  {
    text: "requests/s, connection per request, JavaScript handler, against nginx → Deno.serve",
    atLeast: 1.3,
    ours: busy("fdpass", "perSecond"),
    theirs: busy("nginx", "perSecond"),
  },
  {
    text: "requests/s, connection per request, JavaScript handler, against haproxy → Deno.serve",
    atLeast: 1.1,
    ours: busy("fdpass", "perSecond"),
    theirs: busy("haproxy", "perSecond"),
  },
  {
    text: "front descriptors per idle stream",
    atMost: 0,
    ours: streaming("descriptors"),
  },
  {
    // Nothing, but for what a heap grows or shrinks by anyway.
    text: "front memory per idle stream",
    atMost: 64,
    ours: streaming("memory"),
    unit: "B",
  },
  {
    text: "CPU of everything per request, another site each time, against a new connection each time",
    atMost: 1,
    ours: asked("sites"),
    theirs: asked("close"),
  },
  {
    text: "CPU of everything per request, another route each time, against a new connection each time",
    atMost: 1,
    ours: asked("routes"),
    theirs: asked("close"),
  },
  {
    text: "p50 added at low load, C backend asked directly",
    atMost: 60,
    ours: alone("fdpass-c"),
    theirs: alone("c"),
    unit: "µs",
  },
  {
    text: "p50 added at low load, fetch backend, Deno.serve asked directly",
    atMost: 60,
    ours: alone("fdpass"),
    theirs: alone("deno"),
    unit: "µs",
  },
  {
    text: "front CPU per hand-off at 10,000 routes against 1",
    atMost: 1.2,
    ours: grown(10_000),
    theirs: grown(1),
  },
];
