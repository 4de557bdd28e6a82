/** Keys of the LMDB adapter: a latin1 string is its own bytes, so that LMDB's byte order is the port's order. */

interface KeyTarget {
  latin1Write(text: string, at: number): number;
  latin1Slice(start: number, end: number): string;
}

/** The `keyEncoder` of every table. */
export const latin1Key = {
  writeKey(key: string, target: KeyTarget, start: number): number {
    return start + target.latin1Write(key, start);
  },
  readKey(target: KeyTarget, start: number, end: number): string {
    return target.latin1Slice(start, end);
  },
};
