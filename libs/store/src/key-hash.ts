/** The hash of a key: computed once per call of the store, used by the tables in memory and by the filter. */

/** A 32-bit hash (FNV-1a, then an avalanche: keys differ in few, late chars). */
export function hashKey(key: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at += 1) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return mixHash(hash);
}

/** Spreads every bit of a hash over all bits. */
export function mixHash(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
