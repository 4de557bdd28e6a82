/**
 * Elements and the blocks in which a list keeps them. A block is up to {@link BLOCK_ELEMENTS_MAX} neighbouring elements;
 * it is the unit that a store writes, and may be loaded when it is first looked into.
 */
import type { Sibling } from "../cell.js";
import type { Position } from "./position.js";

/** Elements of one block; beyond it is divided. */
export const BLOCK_ELEMENTS_MAX = 128;

/** One element: a register at a position. Its siblings are replaced, never changed in place; there is one at least. */
export interface Element {
  readonly position: Position;
  siblings: readonly Sibling[];
}

/** Neighbouring elements in order. */
export class Block {
  /** Unique in its list: not behind any of its elements, and behind those of the blocks before. */
  readonly name: Position;
  count: number;
  #elements: Element[] | undefined;
  readonly #load: (() => Element[]) | undefined;

  /** `load`: for a block whose elements are still in the store; it is asked again after they were dropped. */
  constructor(name: Position, elements: Element[] | undefined, count: number, load?: () => Element[]) {
    this.name = name;
    this.count = count;
    this.#elements = elements;
    this.#load = load;
  }

  /** The elements, loaded where they are not in memory. Who changes them keeps `count`. */
  get elements(): Element[] {
    return (this.#elements ??= this.#load?.() ?? []);
  }

  get isLoaded(): boolean {
    return this.#elements !== undefined;
  }
}

/** The first place in `elements` whose position is not before `position`. */
export function placeInBlock(elements: readonly Element[], position: Position): number {
  let low = 0;
  let high = elements.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((elements[middle] as Element).position < position) low = middle + 1;
    else high = middle;
  }
  return low;
}
