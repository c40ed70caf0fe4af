import assert from "node:assert/strict";
import type { Relay } from "../../../src/config/config.ts";
import { parse } from "./parsing.ts";

Deno.test("balancers: HTTP servers are members of one relay, with what is said of them", () => {
  const text = `Listen 80
ProxyHCExpr fine {%{REQUEST_STATUS} =~ /^2/ && hc('body') !~ /maintenance/}
ProxyHCTemplate often hcmethod=GET hcinterval=5 hcuri=/well
<Proxy "balancer://Pool">
BalancerMember http://a:1 loadfactor=1.5 route=x redirect=y lbset=1 retry=5 hctemplate=often hcexpr=fine hcfails=3
BalancerMember http://b:2/base timeout=5 max=7 status=+H-D hcmethod=TCP
BalancerMember unix:/c.sock|http://c/ status=+D
ProxySet lbmethod=bybusyness stickysession=ID|id stickysessionsep=! scolonpathdelim=On nofailover=On
ProxySet failonstatus=500,503 maxattempts=1 forcerecovery=Off timeout=3 failontimeout=On
</Proxy>
ProxyPass /app/ balancer://pool/`;
  const config = parse(text);
  assert.equal(config.backends.length, 1);
  const { balancing, timeout } = config.backends[0]!.runs as Relay;
  const { members: [first, second, third], ...rest } = balancing!;
  assert.deepEqual(rest, {
    method: "busyness",
    sticky: { cookie: "ID", parameter: "id", separator: "!", semicolonEnds: true, strict: true },
    failOnStatus: [500, 503],
    attempts: 1,
    forceRecovery: false,
    failOnTimeout: true,
    wait: 3_000,
  });
  assert.equal(timeout, undefined);
  const { check: { condition, ...asked } = {}, ...own } = first!;
  assert.deepEqual(own, {
    upstream: "http://a:1",
    route: "x",
    redirect: "y",
    set: 1,
    retryAfter: 5_000,
    weight: 1.5,
  });
  assert.equal(condition!.kind, "and");
  const common = { minor: 0, timeout: 60_000, rise: 1 };
  assert.deepEqual(asked, { ...common, method: "GET", path: "/well", interval: 5_000, fall: 3 });
  assert.deepEqual(second, {
    upstream: "http://b:2/base",
    role: "standby",
    disabled: false,
    timeout: 5_000,
    maxUpstream: 7,
    check: { ...common, method: "TCP", path: "", interval: 30_000, timeout: 5_000, fall: 1 },
  });
  assert.deepEqual(third, { upstream: "unix:/c.sock|http://c", disabled: true });
});
