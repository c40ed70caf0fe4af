/** Goals of what a front does besides: TLS, access logs, figures. */

import type { Figure, Goal } from "./goal.ts";

const secure = (variation: string, contender: string, metric = "perSecond"): Figure => ({
  workload: "tls",
  variation,
  contender,
  metric,
});
const logging = (variation: string, contender: string, metric: string): Figure => ({
  workload: "access-log",
  variation,
  contender,
  metric,
});
const counting = (variation: string, contender: string, metric: string): Figure => ({
  workload: "metrics",
  variation,
  contender,
  metric,
});

/** Who answers kept connections. */
const KEPT = [["fetch", "JavaScript handler"], ["static", "files"], ["relay", "relay"]] as const;

export const SERVICES: readonly Goal[] = [
  {
    text: "TLS: full handshakes/s, against nginx → Deno.serve",
    atLeast: 0.9,
    ours: secure("full handshakes", "fdpass"),
    theirs: secure("full handshakes", "nginx"),
  },
  {
    text: "TLS: resumed handshakes/s, against nginx → Deno.serve",
    atLeast: 0.9,
    ours: secure("resumed handshakes", "fdpass"),
    theirs: secure("resumed handshakes", "nginx"),
  },
  {
    text: "TLS: full handshakes and a request each/s, against nginx → Deno.serve",
    atLeast: 0.9,
    ours: secure("full handshakes, a request each", "fdpass"),
    theirs: secure("full handshakes, a request each", "nginx"),
  },
  {
    text: "TLS: resumed handshakes and a request each/s, against nginx → Deno.serve",
    atLeast: 0.9,
    ours: secure("resumed handshakes, a request each", "fdpass"),
    theirs: secure("resumed handshakes, a request each", "nginx"),
  },
  {
    text: "TLS: requests/s, keep-alive, against nginx → Deno.serve",
    atLeast: 1,
    ours: secure("kept requests", "fdpass"),
    theirs: secure("kept requests", "nginx"),
  },
  {
    text: "TLS: requests/s, keep-alive, against Deno.serve with a certificate",
    atLeast: 0.6,
    ours: secure("kept requests", "fdpass"),
    theirs: secure("kept requests", "deno"),
  },
  {
    text: "TLS: front CPU per GiB downloaded, against nginx proxying",
    atMost: 1.2,
    ours: secure("download", "fdpass", "frontPerGiB"),
    theirs: secure("download", "nginx", "frontPerGiB"),
  },
  {
    text: "access log: front CPU per hand-off, against none",
    atMost: 1.02,
    ours: logging("a connection per request", "combined", "front"),
    theirs: logging("a connection per request", "none", "front"),
  },
  ...KEPT.flatMap(([kind, text]) =>
    [["combined", "combined"], ["vhost", "a LogFormat"]].map(([contender, format]): Goal => ({
      text: `access log: requests/s, keep-alive, ${text}, ${format} against none`,
      atLeast: 0.97,
      ours: logging(`kept connections, ${kind}`, contender!, "perSecond"),
      theirs: logging(`kept connections, ${kind}`, "none", "perSecond"),
    }))
  ),
  {
    text: "access log: memory that a million lines leave behind, beyond that of as many requests without",
    atMost: 8,
    ours: logging("many lines", "combined", "grown"),
    theirs: logging("many lines", "none", "grown"),
    unit: "MiB",
  },
  {
    text: "figures: front CPU per hand-off, scraped every 100 ms, against no admin address",
    atMost: 1.02,
    ours: counting("a connection per request", "scraped", "front"),
    theirs: counting("a connection per request", "none", "front"),
  },
  {
    text: "figures: requests/s, keep-alive, scraped every 100 ms, against no admin address",
    atLeast: 0.98,
    ours: counting("kept connections", "scraped", "perSecond"),
    theirs: counting("kept connections", "none", "perSecond"),
  },
  {
    text: "figures: front CPU per hand-off, scraped every 100 ms, against the checkout of FDPASS_BEFORE",
    atMost: 1.02,
    ours: counting("a connection per request", "scraped", "front"),
    theirs: counting("a connection per request", "before", "front"),
    optional: true,
  },
  {
    text: "figures: requests/s, keep-alive, scraped every 100 ms, against the checkout of FDPASS_BEFORE",
    atLeast: 0.98,
    ours: counting("kept connections", "scraped", "perSecond"),
    theirs: counting("kept connections", "before", "perSecond"),
    optional: true,
  },
  {
    text: "figures: a front at rest that is scraped every 100 ms, of a core, beyond one that is not",
    atMost: 1,
    ours: counting("at rest", "scraped", "core"),
    theirs: counting("at rest", "none", "core"),
    unit: "%",
  },
];
