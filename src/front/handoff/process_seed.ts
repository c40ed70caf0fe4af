/** What a backend process is to hashing: a number that differs from those of other processes, and is the same at every look. */

/** A hash of bytes or of character codes (FNV-1a), to be mixed before it is used. */
export function hashOf(values: Iterable<number>): number {
  let hash = 0x811c9dc5;
  for (const value of values) hash = Math.imul(hash ^ value, 0x01000193);
  return hash;
}

/** Spreads a hash over all 32 bits (the finalizer of MurmurHash3): what goes in may differ in its low bits only. */
export function mix(hash: number): number {
  let mixed = Math.imul(hash ^ hash >>> 16, 0x85ebca6b);
  mixed = Math.imul(mixed ^ mixed >>> 13, 0xc2b2ae35);
  return (mixed ^ mixed >>> 16) >>> 0;
}

/**
 * The seed of a process: of what it calls itself by chance, where it does, and else of its number and the path that it
 * listens at. Numbers alone would not do: in containers many processes have the same.
 */
export function processSeed(socket: string, process: number, instance?: string): number {
  const text = instance ?? `${process} ${socket}`;
  return mix(hashOf(Array.from(text, (character) => character.charCodeAt(0))));
}
