/** Waiting that ends: for a promise, or for a condition, and never longer than said. */

/** Whether this machine is one that another imitates (tests/kernel_tls). */
const IMITATED = Deno.env.get("FDPASS_KERNEL_TLS") !== undefined;

/** Far beyond what a busy machine needs, in milliseconds; one that is imitated needs more. */
export const PATIENCE: number = IMITATED ? 600_000 : 20_000;

/** Between two looks, in milliseconds: where looking costs as much as what is waited for, there are fewer. */
const PAUSE = IMITATED ? 50 : 5;

/**
 * Waits for a promise, but not for ever.
 *
 * @param what is waited for, as the error names it
 */
export async function within<T>(promise: Promise<T>, what: string, milliseconds = PATIENCE): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`Waited ${milliseconds} ms for ${what}`)), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A short pause between two looks at a condition. */
export function pause(milliseconds: number = PAUSE): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/**
 * Looks again and again until there is something to see.
 *
 * @param look returns undefined or false as long as there is not
 * @param what is waited for, as the error names it; a function is asked only when the time is over
 */
export async function until<T>(
  look: () => T | undefined | false | Promise<T | undefined | false>,
  what: string | (() => string),
  milliseconds = PATIENCE,
): Promise<T> {
  const end = performance.now() + milliseconds;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (performance.now() > end) {
      throw new Error(`Waited ${milliseconds} ms for ${typeof what === "string" ? what : what()}`);
    }
    await pause();
  }
}
