/** Ports for programs that do not take one that the kernel chooses, and for what nobody is to listen on. */

/**
 * Below those that the kernel gives to whoever asks for any: nobody gets one of them in between, and nobody who connects to
 * one comes from that very port, which would be a connection to itself.
 */
const PORTS = [10_000, 32_000] as const;

let last = PORTS[0] + Math.floor(Math.random() * (PORTS[1] - PORTS[0]));

/** A port that nobody listens on, at any address of this host; another one each time. */
export function freePort(): number {
  do last = last < PORTS[1] ? last + 1 : PORTS[0]; while (!isFree(last));
  return last;
}

function isFree(port: number): boolean {
  try {
    Deno.listen({ hostname: "0.0.0.0", port }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}
