/**
 * The tables behind both lookups, of a site by its host name and of a route by its path. Host names and paths
 * are trees: `example.com` has `www.example.com` below it, `/a` has `/a/b`. A node has at most two answers, one
 * for itself and one for everything below it, and the deepest node that has an answer wins.
 *
 * Each tree is a hash table of whole names, not a trie: the caller walks a name once, byte by byte, and the
 * running hash at each boundary is already the key of that ancestor. So a boundary costs one probe whatever the
 * number of nodes, where a trie costs a dependent memory access per segment, each one a likely cache miss in a
 * big tree. A probe reads one slot of eight bytes; only a slot with the very same 32-bit hash makes it read the
 * node (length, answers and name, side by side).
 *
 * All trees are in one array, and all of one tree is in one place: with 10,000 sites of one route each, what a
 * request needs of its site is two or three cache lines. Measured on one core, a request to one of 10,000 sites or
 * routes takes 110 to 125 ns where a request to the only one takes 100; the difference is cache misses.
 *
 * Nobody can make it slow from outside: the nodes come from the configuration alone, at least half of the slots
 * are empty, and a client that guesses a hash gets a comparison of bytes and then the next slot.
 */

/** There is no answer. */
export const NONE = -1;

/** One name of a {@linkcode NameTree}. */
export interface NameNode {
  /** The whole name, in bytes that the folding leaves as they are; not empty. */
  readonly name: Uint8Array;
  /** The {@linkcode hashStep}s over `name`, from {@linkcode HASH_START}, in the order that the caller walks in. */
  readonly hash: number;
  /** The answer for the name itself, not negative, or {@linkcode NONE}. */
  readonly at: number;
  /** The answer for everything below the name, not negative, or {@linkcode NONE}. */
  readonly below: number;
}

/** Names to build from. */
export interface NameTree {
  /** The answer where no name has one: not negative, or {@linkcode NONE}. */
  readonly root: number;
  /** The names, each once. */
  readonly nodes: readonly NameNode[];
}

/** Bytes as they are: the folding that respects case. */
export const SAME_CASE: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => byte);

/** Bytes with A–Z as a–z: the folding that ignores ASCII case. */
export const LOWER_CASE: Uint8Array = SAME_CASE.map((byte) =>
  byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte
);

/** The hash before the first byte: FNV-1a of 32 bits, as a step needs nothing but the last hash and a byte. */
export const HASH_START = 0x811c9dc5 | 0;

/**
 * Adds one byte to a hash.
 *
 * @param hash The hash so far.
 * @param byte The next byte, folded.
 * @returns The new hash, a signed 32-bit integer.
 */
export function hashStep(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, 0x01000193);
}

// Words of a tree in the directory, which the array starts with. Each tree's slots follow, then its nodes. A slot
// is a hash and the offset of a node, or 0 if it is empty: in the directory there are no nodes.
const SLOTS = 0; // offset of the slots
const SHIFT = 1; // brings a product of 32 bits down to the number of a slot
const ROOT = 2;
const LONGEST = 3;
const TREE_WORDS = 4;

// Words of a node; its name follows them.
const LENGTH = 0;
const AT = 1;
const BELOW = 2;
const NAME = 3;

/** Trees of names in one typed array that never changes. A lookup allocates nothing. */
export class NameTrees {
  readonly #words: Int32Array;
  /** The same memory as #words, for the names. */
  readonly #bytes: Uint8Array;
  readonly #fold: Uint8Array;

  /**
   * @param trees The trees, to be asked for by their index.
   * @param fold 256 bytes that say what each byte of a looked-up name counts as.
   */
  constructor(trees: readonly NameTree[], fold: Uint8Array) {
    this.#fold = fold;
    let size = trees.length * TREE_WORDS;
    for (const { nodes } of trees) size += nodes.reduce((sum, node) => sum + sizeOf(node), slotWords(nodes));
    this.#words = new Int32Array(size);
    this.#bytes = new Uint8Array(this.#words.buffer);
    let offset = trees.length * TREE_WORDS;
    for (const [index, tree] of trees.entries()) offset = this.#write(index, tree, offset);
  }

  /**
   * The answer where no name has one.
   *
   * @param tree Index of the tree.
   * @returns The answer, or {@linkcode NONE}.
   */
  root(tree: number): number {
    return this.#words[tree * TREE_WORDS + ROOT]!;
  }

  /**
   * How long a name can be and still be found.
   *
   * @param tree Index of the tree.
   * @returns Bytes of the longest name; 0 if there are no names.
   */
  longest(tree: number): number {
    return this.#words[tree * TREE_WORDS + LONGEST]!;
  }

  /**
   * The answer for a name itself.
   *
   * @param tree Index of the tree.
   * @param hash The hash of the name.
   * @param bytes Where the name is.
   * @param start Offset of its first byte.
   * @param end Offset after its last byte.
   * @returns The answer, or {@linkcode NONE}.
   */
  at(tree: number, hash: number, bytes: Uint8Array, start: number, end: number): number {
    const node = this.#find(tree, hash, bytes, start, end);
    return node === 0 ? NONE : this.#words[node + AT]!;
  }

  /**
   * The answer for everything below a name.
   *
   * @param tree Index of the tree.
   * @param hash The hash of the name.
   * @param bytes Where the name is.
   * @param start Offset of its first byte.
   * @param end Offset after its last byte.
   * @returns The answer, or {@linkcode NONE}.
   */
  below(tree: number, hash: number, bytes: Uint8Array, start: number, end: number): number {
    const node = this.#find(tree, hash, bytes, start, end);
    return node === 0 ? NONE : this.#words[node + BELOW]!;
  }

  /** Linear probing. It ends, because not every slot is taken. */
  #find(tree: number, hash: number, bytes: Uint8Array, start: number, end: number): number {
    const words = this.#words;
    const slots = words[tree * TREE_WORDS + SLOTS]!;
    const shift = words[tree * TREE_WORDS + SHIFT]!;
    let slot = slotOf(hash, shift);
    for (;;) {
      const node = words[slots + slot + 1]!;
      if (node === 0) return 0;
      if (words[slots + slot] === hash && this.#isNamed(node, bytes, start, end)) return node;
      slot = slotAfter(slot, shift);
    }
  }

  #isNamed(node: number, bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#words[node + LENGTH] !== end - start) return false;
    const names = this.#bytes;
    const fold = this.#fold;
    let name = (node + NAME) * 4;
    for (let index = start; index < end; index++, name++) {
      if (fold[bytes[index]!] !== names[name]) return false;
    }
    return true;
  }

  /** Writes a tree whose slots start at `slots`, and returns the offset after it. */
  #write(index: number, { root, nodes }: NameTree, slots: number): number {
    const words = this.#words;
    const shift = 32 - slotBits(nodes);
    words[index * TREE_WORDS + SLOTS] = slots;
    words[index * TREE_WORDS + SHIFT] = shift;
    words[index * TREE_WORDS + ROOT] = root;
    words[index * TREE_WORDS + LONGEST] = nodes.reduce((max, { name }) => Math.max(max, name.length), 0);
    let offset = slots + slotWords(nodes);
    for (const node of nodes) {
      words[offset + LENGTH] = node.name.length;
      words[offset + AT] = node.at;
      words[offset + BELOW] = node.below;
      this.#bytes.set(node.name, (offset + NAME) * 4);
      let slot = slotOf(node.hash, shift);
      while (words[slots + slot + 1] !== 0) slot = slotAfter(slot, shift);
      words[slots + slot] = node.hash;
      words[slots + slot + 1] = offset;
      offset += sizeOf(node);
    }
    return offset;
  }
}

/** Two to the power of this is the number of slots: at least half of them stay empty. */
function slotBits(nodes: readonly NameNode[]): number {
  let bits = 1;
  while ((1 << bits) < nodes.length * 2) bits++;
  return bits;
}

function slotWords(nodes: readonly NameNode[]): number {
  return 2 << slotBits(nodes);
}

function sizeOf({ name }: NameNode): number {
  return NAME + Math.ceil(name.length / 4);
}

/** The low bits of FNV are its good ones. The multiplication carries them up to the high bits, which choose. */
function slotOf(hash: number, shift: number): number {
  return (Math.imul(hash, 0x9e3779b1) >>> shift) * 2;
}

function slotAfter(slot: number, shift: number): number {
  return (slot + 2) & ((2 << (32 - shift)) - 1);
}
