/** The same with a certificate of its own. usage: serve_tls.ts PORT CERTIFICATE KEY */

import hello from "./hello.ts";

const [port, certificate, key] = Deno.args;
const identity = { cert: Deno.readTextFileSync(certificate!), key: Deno.readTextFileSync(key!) };
Deno.serve({ hostname: "127.0.0.1", port: Number(port), ...identity, onListen() {} }, hello.fetch);
