/**
 * What differs inside one key, as lines for people: the first {@link LINES_MAX} of them and the number of the rest.
 */
import { printable } from "../printable.js";

/** Lines kept per key. */
export const LINES_MAX = 5;

/** Collects lines; never grows beyond its limit. */
export class DifferenceLines {
  readonly #lines: string[] = [];
  #left = 0;

  /** How many differences were added. */
  get count(): number {
    return this.#lines.length + this.#left;
  }

  /** Adds one difference; the text is only made where it is kept. */
  add(line: () => string): void {
    if (this.#lines.length < LINES_MAX) this.#lines.push(line());
    else this.#left += 1;
  }

  /** Adds "what: a has x, b has y", where undefined means that it is not there. */
  addPair(what: () => string, names: PairNames, a: Buffer | undefined, b: Buffer | undefined): void {
    this.add(() => {
      if (b === undefined) return `${what()} ${onlyIn(names.a, names.b)}${a && a.length > 0 ? `: ${printable(a)}` : ""}`;
      if (a === undefined) return `${what()} ${onlyIn(names.b, names.a)}${b.length > 0 ? `: ${printable(b)}` : ""}`;
      return `${what()}: ${names.a} ${printable(a)}, ${names.b} ${printable(b)}`;
    });
  }

  /** The lines, the last one saying how many more there are. */
  lines(): string[] {
    return this.#left === 0 ? this.#lines : [...this.#lines, `and ${this.#left} more`];
  }
}

/** `in eu, not in us`. */
export function onlyIn(has: string, misses: string): string {
  return `in ${has}, not in ${misses}`;
}

/** The names of the two servers of a comparison. */
export interface PairNames {
  readonly a: string;
  readonly b: string;
}
