/**
 * What a proxied response of 100 KiB of JSON costs with gzip at level 6, beside nginx at the same level:
 * `deno run -A bench/compression.ts`. Processor time of all processes of the proxy, for the same requests in turns.
 */

import { fileURLToPath } from "node:url";
import { readCpu } from "./cpu.ts";

const ROUNDS = 5;
const REQUESTS = 1_500;
const CLIENTS = 8;

const encoder = new TextEncoder();
const say = (text: string) => Deno.stdout.writeSync(encoder.encode(`${text}\n`));
const directory = Deno.makeTempDirSync({ prefix: "fdpass-bench-" });
Deno.chmodSync(directory, 0o755);

function freePort(): number {
  using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  return (listener.addr as Deno.NetAddr).port;
}

const [origin, nginxPlain, nginxCoded, own] = [freePort(), freePort(), freePort(), freePort()];
const items = Array.from({ length: 1_130 }, (_, id) => ({
  id,
  name: `item ${id * 7_919 % 10_007}`,
  price: id * 104_729 % 99_991 / 100,
  tags: ["new", "sale", "blue"].slice(id % 3),
}));
let json = JSON.stringify(items);
json = json.repeat(Math.ceil(102_400 / json.length)).slice(0, 102_400);
Deno.writeTextFileSync(`${directory}/a.json`, json);
Deno.writeTextFileSync(
  `${directory}/nginx.conf`,
  `daemon off; worker_processes 1; pid ${directory}/pid; error_log stderr crit;
events {} http { access_log off; default_type application/json; keepalive_requests 1000000;
server { listen 127.0.0.1:${origin}; root ${directory}; }
upstream o { server 127.0.0.1:${origin}; keepalive 32; keepalive_requests 1000000; }
}`,
);
const proxy = (port: number, more: string) =>
  `server { listen 127.0.0.1:${port}; location / { proxy_pass http://o; proxy_http_version 1.1;
proxy_set_header Connection ""; ${more} } }`;
Deno.writeTextFileSync(
  `${directory}/proxy.conf`,
  `daemon off; worker_processes 1; pid ${directory}/proxy.pid; error_log stderr crit;
events {} http { access_log off; keepalive_requests 1000000;
upstream o { server 127.0.0.1:${origin}; keepalive 32; keepalive_requests 1000000; }
${proxy(nginxPlain, "")}
${
    proxy(
      nginxCoded,
      "gzip on; gzip_http_version 1.0; gzip_comp_level 6; gzip_types application/json; gzip_proxied any;",
    )
  } }`,
);
const backend = (name: string, more: object) => ({
  [name]: { socket: `${directory}/${name}.sock`, upstream: `http://127.0.0.1:${origin}`, ...more },
});
Deno.writeTextFileSync(
  `${directory}/fdpass.json`,
  JSON.stringify({
    listen: `127.0.0.1:${own}`,
    maxRequests: 0,
    sites: [{ routes: [{ path: "/", to: "plain" }, { path: "/z/", to: "coded" }] }],
    backends: { ...backend("plain", {}), ...backend("coded", { compress: { codings: ["gzip"] } }) },
  }),
);

const cli = fileURLToPath(new URL("../cli.ts", import.meta.url));
const start = (command: string, ...args: string[]) =>
  new Deno.Command(command, { args, stdout: "null", stderr: "null" }).spawn();
const running = [
  start("nginx", "-c", `${directory}/nginx.conf`),
  start("nginx", "-c", `${directory}/proxy.conf`),
  start(Deno.execPath(), "run", "-A", cli, "up", `${directory}/fdpass.json`),
];

async function whenThere(port: number, path: string): Promise<string> {
  for (let tries = 0;; tries++) {
    try {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        headers: { "accept-encoding": "gzip" },
      });
      const text = await response.text();
      if (response.ok && text === json) return response.headers.get("vary") ?? "";
      throw new Error(`Cannot measure: it answers ${response.status}`);
    } catch (error) {
      if (tries > 150) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

/** Microseconds of processor time for a request. */
async function cost(root: number, port: number, path: string): Promise<number> {
  const before = readCpu([root]).ticks;
  const { success } = await new Deno.Command("ab", {
    args: [
      "-q",
      "-k",
      "-n",
      `${REQUESTS}`,
      "-c",
      `${CLIENTS}`,
      "-H",
      "Accept-Encoding: gzip",
      `http://127.0.0.1:${port}${path}`,
    ],
    stdout: "null",
    stderr: "null",
  }).output();
  if (!success) throw new Error("Cannot measure: ab failed");
  // Ticks are of 10 ms.
  return (readCpu([root]).ticks - before) * 10_000 / REQUESTS;
}

const ways = [
  ["nginx, as it is", running[1]!.pid, nginxPlain, "/a.json"],
  ["nginx, gzip 6", running[1]!.pid, nginxCoded, "/a.json"],
  ["fdpass, as it is", running[2]!.pid, own, "/a.json"],
  ["fdpass, gzip 6", running[2]!.pid, own, "/z/a.json"],
] as const;
try {
  for (const [, , port, path] of ways) await whenThere(port, path);
  const costs = ways.map((): number[] => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, [, root, port, path]] of ways.entries()) {
      costs[index]!.push(await cost(root, port, path));
    }
  }
  const medians = costs.map((list) => list.toSorted((a, b) => a - b)[ROUNDS >> 1]!);
  say("                    µs of processor time per request");
  ways.forEach(([name], index) => say(`${name.padEnd(20)}${medians[index]!.toFixed(0)}`));
  say(`fdpass with gzip takes ${(medians[3]! / medians[1]!).toFixed(2)} times what nginx takes`);
} finally {
  for (const process of running) process.kill("SIGTERM");
  for (const process of running) await process.status;
  Deno.removeSync(directory, { recursive: true });
}
