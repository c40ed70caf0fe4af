/** The peers: nginx, haproxy and Apache with the configurations in bench/peers, each in a directory of its own. */

import type { Certificate } from "./certificate.ts";
import { authorityOf, type Built } from "./contenders.ts";
import { freePort, type Service } from "./processes.ts";
import type { Stage } from "./stage.ts";

/** Whom Apache and nginx become when they are started by root. */
const USER = "nobody";
const GROUP = "nogroup";

/** Clients that a proxy is prepared for, unless there are to be more. */
const CLIENTS = 4_096;

/** What a proxy is asked for, and what it is prepared for. */
export interface ProxyOptions {
  readonly path?: string;
  readonly clients?: number;
  /** Processes of nginx that do the work: one, unless given. */
  readonly workers?: number;
  /** Whether it is for streams of events, which have to be passed on at once. */
  readonly events?: boolean;
  /** What it shows to clients, where they are to speak TLS. */
  readonly certificate?: Certificate;
}

type Values = Readonly<Record<string, string | number>>;

/** Writes a configuration with its blanks filled in. */
function render(template: string, path: string, values: Values): void {
  const text = Deno.readTextFileSync(new URL(`./peers/${template}`, import.meta.url));
  const filled = text.replace(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`Cannot fill "${name}" in ${template}`);
    return String(value);
  });
  Deno.writeTextFileSync(path, filled);
}

async function nginx(
  stage: Stage,
  template: string,
  values: Values,
): Promise<{ service: Service; port: number }> {
  const command = stage.programs.path("nginx");
  const room = stage.room("nginx");
  const port = freePort();
  const config = `${room}/nginx.conf`;
  render(template, config, { ...values, port });
  const user = Deno.uid() === 0 ? ["-g", `user ${USER} ${GROUP};`] : [];
  const args = ["-p", room, "-c", config, "-e", "stderr", ...user];
  return { service: await stage.processes.serve("nginx", { command, args }, { port }), port };
}

/** nginx in front of an HTTP server. */
export async function nginxProxy(
  stage: Stage,
  upstream: Service,
  upstreamPort: number,
  { path = "/", clients = CLIENTS, workers = 1, certificate }: ProxyOptions = {},
): Promise<Built> {
  const { service, port } = await nginx(stage, "nginx.conf", {
    upstream: upstreamPort,
    workers,
    ssl: certificate === undefined ? "" : "ssl",
    certificate: certificate === undefined
      ? ""
      : `ssl_certificate ${certificate.certificate}; ssl_certificate_key ${certificate.key};`,
    // Both sides of a client count, and the idle connections to the server. It drops clients that have not asked yet
    // when less than a sixteenth of its connections is free.
    connections: Math.ceil(2.2 * clients) + 128,
    descriptors: 2 * clients + 192,
  });
  return { port, path, ...authorityOf({ certificate }), front: [service], behind: [upstream] };
}

/** nginx that serves the files of a directory. Those that are in use stay open. */
export async function nginxStatic(stage: Stage, files: string, path: string): Promise<Built> {
  const { service, port } = await nginx(stage, "nginx-static.conf", { files });
  return { port, path, front: [], behind: [service] };
}

/** haproxy in front of an HTTP server. */
export async function haproxy(
  stage: Stage,
  upstream: Service,
  upstreamPort: number,
  { path = "/", clients = CLIENTS, events = false, certificate }: ProxyOptions = {},
): Promise<Built> {
  const command = stage.programs.path("haproxy");
  const port = freePort();
  const config = `${stage.room("haproxy")}/haproxy.cfg`;
  render("haproxy.cfg", config, {
    port,
    upstream: upstreamPort,
    // One more than the streams has to come in.
    clients: clients + 16,
    delay: events ? "option http-no-delay" : "",
    ssl: certificate === undefined ? "" : `ssl crt ${certificate.both}`,
  });
  // -db: one process, in the foreground.
  const service = await stage.processes.serve("haproxy", { command, args: ["-db", "-f", config] }, { port });
  return { port, path, ...authorityOf({ certificate }), front: [service], behind: [upstream] };
}

async function apache(
  stage: Stage,
  template: string,
  module: string,
  values: Values & { readonly threads: number },
): Promise<{ service: Service; port: number; room: string }> {
  const command = stage.programs.path("apache2");
  const modules = stage.programs.apacheModules(module);
  const room = stage.room("apache");
  const port = freePort();
  const all = { ...values, port, prefix: room, modules, user: USER, group: GROUP };
  render("apache-common.conf", `${room}/common.conf`, all);
  render(template, `${room}/httpd.conf`, all);
  Deno.mkdirSync(`${room}/run`);
  const args = ["-d", room, "-f", `${room}/httpd.conf`, "-D", "FOREGROUND"];
  return { service: await stage.processes.serve("Apache", { command, args }, { port }), port, room };
}

/** Apache in front of an HTTP server. */
export async function apacheProxy(
  stage: Stage,
  upstream: Service,
  upstreamPort: number,
  { path = "/", clients = 64 }: ProxyOptions = {},
): Promise<Built> {
  const { service, port } = await apache(stage, "apache-http.conf", "mod_proxy_http", {
    upstream: upstreamPort,
    threads: 2 * clients,
  });
  return { port, path, front: [service], behind: [upstream] };
}

/** Apache that hands connections over to a receiver in C. */
export async function apacheFdpass(stage: Stage): Promise<Built> {
  const receiver = stage.programs.floor("apache_backend");
  const { service, port, room } = await apache(stage, "apache-fdpass.conf", "mod_proxy_fdpass", {
    threads: 64,
  });
  const backend = await stage.processes.serve(
    "Apache's backend",
    { command: receiver, args: [`${room}/run/app.sock`] },
    { line: /^ready$/m },
  );
  return { port, front: [service], behind: [backend] };
}
