/** Telling promises that wait for something from those that do not. */

/** Microtasks after which a promise counts as one that really waits. */
const PATIENCE = 4;

/** Whether a promise settles without waiting for anything but other promises. */
export async function settlesAtOnce(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const note = () => {
    settled = true;
  };
  promise.then(note, note);
  for (let i = 0; i < PATIENCE && !settled; i++) await undefined;
  return settled;
}
