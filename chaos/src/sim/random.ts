/**
 * The simulator's only source of chance: sfc32 (Doty-Humphrey's PractRand), seeded with one number. The same seed gives
 * the same sequence on every machine.
 */

/** See the module's comment. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number) {
    this.#a = seed | 0;
    this.#b = Math.floor(seed / 0x1_0000_0000) | 0;
    this.#c = 0x9e3779b9;
    for (let round = 0; round < 12; round += 1) this.#next();
  }

  /** An integer, at least 0 and below `limit`. */
  below(limit: number): number {
    return Math.floor((this.#next() / 0x1_0000_0000) * limit);
  }

  /** An integer from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** True in `share` of all cases. */
  chance(share: number): boolean {
    return this.#next() < share * 0x1_0000_0000;
  }

  /** One of the items, each as likely. The list must not be empty. */
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  /** An index below `count`, each as likely as its weight says; -1 where all weights are 0. */
  weighted(weights: readonly number[], count = weights.length): number {
    let total = 0;
    for (let index = 0; index < count; index += 1) total += weights[index] as number;
    let left = (this.#next() / 0x1_0000_0000) * total;
    let last = -1;
    for (let index = 0; index < count; index += 1) {
      const weight = weights[index] as number;
      if (weight <= 0) continue;
      last = index;
      left -= weight;
      if (left < 0) return index;
    }
    return last;
  }

  #next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }
}
