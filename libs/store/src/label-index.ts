/**
 * The sorted first keys of blocks, searched by number: labels that begin alike are told apart by the six bytes behind what all
 * have in common, as one number each. Comparing strings would be a good part of a lookup.
 *
 * Promise: {@link LabelIndex.floor} is what a binary search over the strings finds. The numbers are computed when they are asked
 * for after a change; 8 bytes per label.
 */
import { lowerBound } from "./key-order.js";

/** Bytes that a number holds exactly. */
const DIGITS = 6;

/** See the module's comment. The first label is below every key. */
export class LabelIndex {
  readonly labels: string[];
  #numbers = new Float64Array(0);
  /** What all labels but the first begin with. */
  #common = "";
  #isStale = true;

  constructor(labels: string[]) {
    this.labels = labels;
  }

  /** Puts `labels` in the place of those from `from` up to, not including, `to`. */
  replace(from: number, to: number, labels: readonly string[]): void {
    if (labels.length === to - from && labels.every((label, at) => label === this.labels[from + at])) return;
    this.labels.splice(from, to - from, ...labels);
    this.#isStale = true;
  }

  /** The last label that is not above `key`. */
  floor(key: string): number {
    if (this.#isStale) this.#number();
    const { labels } = this;
    if (!key.startsWith(this.#common)) return floorOf(labels, key, 0, labels.length);
    const numbers = this.#numbers;
    const number = numberOf(key, this.#common.length);
    let low = 1;
    let high = labels.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((numbers[middle] as number) < number) low = middle + 1;
      else high = middle;
    }
    // Of those that are alike so far the rest decides.
    let end = low;
    while (end < labels.length && numbers[end] === number && (labels[end] as string) <= key) end += 1;
    return end - 1;
  }

  #number(): void {
    const { labels } = this;
    this.#common = labels.length < 2 ? "" : commonPrefix(labels[1] as string, labels[labels.length - 1] as string);
    const numbers = labels.length <= this.#numbers.length ? this.#numbers : new Float64Array(labels.length * 2);
    for (let at = 1; at < labels.length; at += 1) numbers[at] = numberOf(labels[at] as string, this.#common.length);
    this.#numbers = numbers;
    this.#isStale = false;
  }
}

function floorOf(labels: readonly string[], key: string, least: number, end: number): number {
  const at = lowerBound(labels, key);
  return at < end && labels[at] === key ? at : Math.max(least, at - 1);
}

/** The six bytes from `at` on; what is missing counts as zero. */
function numberOf(key: string, at: number): number {
  let high = 0;
  let low = 0;
  const half = DIGITS / 2;
  for (let digit = 0; digit < half; digit += 1) high = (high << 8) | (at + digit < key.length ? key.charCodeAt(at + digit) : 0);
  for (let digit = half; digit < DIGITS; digit += 1) low = (low << 8) | (at + digit < key.length ? key.charCodeAt(at + digit) : 0);
  return high * 2 ** 24 + low;
}

function commonPrefix(a: string, b: string): string {
  const most = Math.min(a.length, b.length);
  let at = 0;
  while (at < most && a.charCodeAt(at) === b.charCodeAt(at)) at += 1;
  return a.slice(0, at);
}
