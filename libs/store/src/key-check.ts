/**
 * The key rule of the port, as an assertion: adapters call it on every write, so that no key is accepted by one
 * adapter and refused by another.
 */
import { KEY_BYTES_MAX } from "./port.js";

const WIDE = /[^\0-\xff]/;

/** Throws where a key is empty, too long, or holds a char above 255. */
export function assertKey(key: string): void {
  if (key.length === 0 || key.length > KEY_BYTES_MAX) {
    throw new RangeError(`a store key has ${key.length} bytes; 1 to ${KEY_BYTES_MAX} are allowed`);
  }
  if (WIDE.test(key)) throw new RangeError("a store key must be a latin1 string: one char, one byte");
}
