/** Balancers, and what is asked of them one after another: a real Apache and fdpass choose the same members. */

/** A request: its target, and fields. */
export type Step = string | readonly [target: string, ...fields: string[]];

/** One balancer. `@a` to `@d` are servers, `@x` and `@y` are none. `/fail/a` is answered with 503 by the server a. */
export interface BalancerCase {
  readonly name: string;
  readonly members: readonly string[];
  /** Of the balancer. */
  readonly set?: string;
  /** Beside ProxyPass. */
  readonly beside?: string;
  readonly steps: readonly Step[];
}

const times = (count: number, step: Step = "/"): Step[] => Array.from({ length: count }, () => step);
const cookie = (text: string): Step => ["/", `Cookie: ${text}`];

const ROUTES = ["@a route=n1", "@b route=n2", "@c route=n3"];
const STICKY = "stickysession=JSESSIONID|jsessionid";

export const BALANCER_CASES: readonly BalancerCase[] = [
  { name: "in turn", members: ["@a", "@b", "@c"], steps: times(7) },
  { name: "by weight", members: ["@a loadfactor=3", "@b", "@c loadfactor=1.5"], steps: times(14) },
  { name: "by busyness", members: ["@a", "@b"], set: "lbmethod=bybusyness", steps: times(4) },
  {
    name: "by traffic, which nothing has had",
    members: ["@a", "@b"],
    set: "lbmethod=bytraffic",
    steps: times(4),
  },
  {
    name: "sessions by a cookie",
    members: ROUTES,
    set: STICKY,
    steps: [
      ...times(2, cookie("JSESSIONID=abc.n1")),
      ...times(2, cookie("JSESSIONID=abc.n2")),
      cookie("a=b; JSESSIONID=x.n3; c=d"),
      cookie("a=b; JSESSIONID = x.n2"),
      cookie("XJSESSIONID=x.n1"),
      cookie("JSESSIONID=abc"),
      cookie("JSESSIONID="),
      cookie("JSESSIONID=a.b.n1"),
      cookie("JSESSIONID=.n3"),
      cookie("JSESSIONID=abc.n9"),
      cookie("jsessionid=abc.n3"),
      cookie("JSESSIONID=,JSESSIONID=abc.n3"),
      ["/", "Cookie: JSESSIONID=x.n2", "Cookie: JSESSIONID=x.n3"],
      ...times(3),
    ],
  },
  {
    // Not `?jsessionid=` at the end of a target: there httpd reads on behind the end, in what an earlier request has left.
    name: "sessions by a parameter",
    members: ROUTES,
    set: STICKY,
    steps: [
      "/page;jsessionid=abc.n2",
      "/page;jsessionid=abc.n2?x=y",
      "/page?jsessionid=abc.n3&x=y",
      "/page;jsessionid=abc.n2;v=1",
      "/page?xjsessionid=abc.n2",
      ["/page?jsessionid=abc.n2", "Cookie: JSESSIONID=abc.n1"],
      ["/page?jsessionid=abc", "Cookie: JSESSIONID=abc.n1"],
    ],
  },
  {
    name: "sessions by a parameter that a semicolon ends",
    members: ROUTES,
    set: `${STICKY} scolonpathdelim=On`,
    steps: ["/page;jsessionid=abc.n2;v=1", "/page;jsessionid=abc.n3;v=1?q", "/page;v=1;jsessionid=abc.n3"],
  },
  {
    name: "another separator",
    members: ROUTES,
    set: "stickysession=S stickysessionsep=!",
    steps: [cookie("S=abc!n2"), cookie("S=abc.n2"), cookie("S=n2"), cookie("S=a!n3!n2"), cookie("S=!n1")],
  },
  {
    name: "no separator",
    members: ROUTES,
    set: "stickysession=S stickysessionsep=Off",
    steps: [cookie("S=n2"), cookie("S=abc.n2"), cookie("S=n3"), cookie("S=.n2")],
  },
  {
    name: "the cookie that everybody's file sets",
    members: ROUTES,
    set: "stickysession=ROUTEID",
    beside:
      'Header add Set-Cookie "ROUTEID=.%{BALANCER_WORKER_ROUTE}e; path=/" env=BALANCER_ROUTE_CHANGED\n' +
      'Header set X-Route "%{BALANCER_WORKER_ROUTE}e by %{BALANCER_SESSION_STICKY}e of %{BALANCER_SESSION_ROUTE}e"\n' +
      'Header set X-Stays "yes" env=!BALANCER_ROUTE_CHANGED\n' +
      'Header set X-Two "two" "expr=%{reqenv:BALANCER_WORKER_ROUTE} == \'n2\'"',
    steps: [
      ...times(4),
      ...times(2, cookie("ROUTEID=.n2")),
      cookie("ROUTEID=.n9"),
      cookie("ROUTEID=.n1"),
      ["/fail/c", "Cookie: ROUTEID=.n3"],
    ],
  },
  {
    name: "a server that cannot be reached",
    members: ["@x", "@a"],
    steps: times(4),
  },
  {
    name: "several that cannot be reached",
    members: ["@x", "@a", "@y", "@b"],
    steps: times(6),
  },
  {
    name: "nobody who can be reached",
    members: ["@x", "@y"],
    steps: times(3),
  },
  {
    name: "fewer attempts than members",
    members: ["@x", "@y", "@a"],
    set: "maxattempts=1",
    steps: times(3),
  },
  {
    name: "sessions of a server that cannot be reached",
    members: ["@x route=n1", "@a route=n2", "@b route=n3"],
    set: STICKY,
    steps: times(3, cookie("JSESSIONID=abc.n1")),
  },
  {
    name: "the same without failover",
    members: ["@x route=n1", "@a route=n2", "@b route=n3"],
    set: `${STICKY} nofailover=On`,
    steps: [
      ...times(3, cookie("JSESSIONID=abc.n1")),
      cookie("JSESSIONID=abc.n2"),
      cookie("JSESSIONID=abc.n7"),
      "/",
    ],
  },
  {
    name: "a redirect to another route",
    members: ["@a route=n1 redirect=n3 status=+D", "@b route=n2", "@c route=n3"],
    set: STICKY,
    beside: 'Header set X-Changed "%{BALANCER_ROUTE_CHANGED}e"',
    steps: [...times(3, cookie("JSESSIONID=abc.n1")), ...times(3)],
  },
  {
    name: "redirects in a circle",
    members: ["@a route=n1 redirect=n2 status=+D", "@b route=n2 redirect=n1 status=+D", "@c route=n3"],
    set: STICKY,
    steps: times(2, cookie("JSESSIONID=abc.n1")),
  },
  { name: "a hot standby that is not needed", members: ["@a", "@b status=+H"], steps: times(3) },
  { name: "a hot standby that is", members: ["@x", "@b status=+H", "@y"], steps: times(4) },
  {
    name: "hot standbys of sessions",
    members: ["@a route=n1", "@b route=n2 status=+H"],
    set: STICKY,
    steps: [cookie("JSESSIONID=abc.n2"), cookie("JSESSIONID=abc.n1"), "/"],
  },
  { name: "spares", members: ["@x", "@a", "@b status=+R", "@c status=+R"], steps: times(6) },
  { name: "spares and standbys", members: ["@x", "@b status=+R", "@c status=+H"], steps: times(4) },
  {
    name: "one that is draining",
    members: ["@a route=n1 status=+N", "@b route=n2", "@c route=n3"],
    set: STICKY,
    steps: [...times(4), ...times(2, cookie("JSESSIONID=abc.n1"))],
  },
  {
    name: "those that are disabled and stopped",
    members: ["@a status=+D", "@b status=+S", "@c"],
    steps: times(3),
  },
  { name: "letters taken back", members: ["@a status=+DH-D-H", "@b status=-E"], steps: times(3) },
  { name: "one that begins in error", members: ["@a status=+E", "@b"], steps: times(3) },
  { name: "one that has no errors", members: ["@x status=+I", "@a"], steps: times(4) },
  { name: "sets", members: ["@a lbset=1", "@b lbset=1", "@c"], steps: times(3) },
  {
    name: "a set that cannot be reached",
    members: ["@x", "@a lbset=1", "@b lbset=1", "@c lbset=2"],
    steps: times(4),
  },
  {
    name: "statuses that are failures",
    members: ["@a", "@b", "@c"],
    set: "failonstatus=503,500",
    steps: ["/fail/a", "/", "/", "/", "/", "/fail/b", "/", "/", "/fail/c", "/", "/"],
  },
  {
    name: "statuses that are failures, of one without errors",
    members: ["@a status=+I", "@b"],
    set: "failonstatus=503",
    steps: ["/fail/a", "/", "/", "/fail/b", "/", "/"],
  },
  {
    name: "statuses that are none",
    members: ["@a", "@b"],
    steps: ["/fail/a", "/", "/fail/a", "/"],
  },
  {
    name: "no forced recovery",
    members: ["@a", "@b"],
    set: "failonstatus=503 forcerecovery=Off",
    steps: ["/fail/a", "/fail/b", "/", "/"],
  },
  {
    name: "no time in error",
    members: ["@a retry=0", "@b"],
    set: "failonstatus=503",
    steps: ["/fail/a", "/fail/a", "/", "/", "/"],
  },
  {
    name: "failures of a standby",
    members: ["@a", "@b status=+H"],
    set: "failonstatus=503 forcerecovery=Off",
    steps: ["/fail/a", "/", "/fail/b", "/"],
  },
];
