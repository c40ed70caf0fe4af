/**
 * A backend in Deno, with fdpass as a library.
 *
 * deno run --allow-ffi=/lib/x86_64-linux-gnu/libc.so.6 backend.ts /tmp/x.sock
 */
import { serve } from "../../mod.ts";

const server = serve((request, info) => {
  const { hostname, port } = info.remoteAddr;
  const { pathname, search } = new URL(request.url);
  return new Response(`Hello ${hostname}:${port}, this is Deno. You asked for ${pathname}${search}.\n`);
}, { socket: Deno.args[0]! });

Deno.addSignalListener("SIGTERM", () => void server.shutdown());
await server.finished;
