/**
 * A Bloom filter over keys that grows: "certainly absent", or "perhaps present" (about 1 in 100 absent keys).
 *
 * Most lookups of cells are for keys that were never written; this answers them without touching a page. Keys are
 * never taken out. When a layer is full a larger one is added, and lookups ask every layer; a reopened store begins
 * anew, so layers stay few.
 */

import { mixHash } from "./key-hash.js";

/** Keys of the first layer; each further layer holds {@link LAYER_GROWTH} times more. */
const FIRST_LAYER_KEYS = 1 << 16;
const LAYER_GROWTH = 4;
const BITS_PER_KEY = 10;
const PROBES = 5;

interface Layer {
  readonly words: Int32Array;
  /** Number of bits, a power of two, less one. */
  readonly mask: number;
  readonly keysMax: number;
}

/** A growing Bloom filter of keys' hashes. */
export class KeyFilter {
  readonly #layers: Layer[] = [layerOf(FIRST_LAYER_KEYS)];
  #keys = 0;

  /** Adds the key of which `hash` is the {@link hashKey}. */
  add(hash: number): void {
    if (this.has(hash)) return;
    let layer = this.#layers[this.#layers.length - 1] as Layer;
    if (this.#keys >= layer.keysMax) {
      layer = layerOf(layer.keysMax * LAYER_GROWTH);
      this.#layers.push(layer);
      this.#keys = 0;
    }
    this.#keys += 1;
    const step = stepOf(hash);
    for (let probe = 0, bit = hash; probe < PROBES; probe += 1, bit = (bit + step) | 0) {
      const place = bit & layer.mask;
      layer.words[place >>> 5] = (layer.words[place >>> 5] as number) | (1 << (place & 31));
    }
  }

  /** False where no key of this hash was added. */
  has(hash: number): boolean {
    const step = stepOf(hash);
    // Most keys stand in the largest layer, which is the last.
    for (let at = this.#layers.length - 1; at >= 0; at -= 1) if (layerHas(this.#layers[at] as Layer, hash, step)) return true;
    return false;
  }
}

function layerOf(keysMax: number): Layer {
  const bits = 2 ** Math.ceil(Math.log2(keysMax * BITS_PER_KEY));
  return { words: new Int32Array(bits / 32), mask: bits - 1, keysMax };
}

function layerHas(layer: Layer, hash: number, step: number): boolean {
  for (let probe = 0, bit = hash; probe < PROBES; probe += 1, bit = (bit + step) | 0) {
    const place = bit & layer.mask;
    if (((layer.words[place >>> 5] as number) & (1 << (place & 31))) === 0) return false;
  }
  return true;
}

/** The distance of a hash's probes: odd, so that they differ. */
function stepOf(hash: number): number {
  return mixHash(hash ^ 0x5bd1e995) | 1;
}
