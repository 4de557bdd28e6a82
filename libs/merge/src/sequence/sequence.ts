/**
 * The elements of one list in the order of their positions, found by position or by index.
 *
 * Cost: an index is found by adding up the counts of the blocks before it (8,000 blocks for a million elements), a
 * position by halving; a change touches one block.
 */
import type { Sibling } from "../cell.js";
import { Block, BLOCK_ELEMENTS_MAX, placeInBlock, type Element } from "./block.js";
import type { SequenceContext } from "./element-change.js";
import { OpenRuns } from "./open-runs.js";
import type { Position } from "./position.js";

/** The name of the block that begins a list, whatever comes to stand at its beginning. */
const FIRST_NAME = "";

const NO_EARLY: readonly SequenceContext[] = Object.freeze([]);

/** See the module's comment. */
export class Sequence {
  #blocks: Block[];
  #count: number;
  /** Removals that ran ahead of what was received. */
  early: readonly SequenceContext[] = NO_EARLY;
  /** What this region's writer goes on with. */
  runs = new OpenRuns();
  /** Blocks changed since `takeChanges`. */
  readonly #changed = new Set<Block>();
  readonly #dropped = new Set<Position>();

  constructor(blocks: readonly Block[] = []) {
    this.#blocks = [...blocks];
    this.#count = blocks.reduce((sum, { count }) => sum + count, 0);
  }

  get count(): number {
    return this.#count;
  }

  get blocks(): readonly Block[] {
    return this.#blocks;
  }

  /** True where nothing need be remembered. */
  get isForgettable(): boolean {
    return this.#count === 0 && this.early.length === 0;
  }

  /** The blocks changed since the last call, and the names of those that are gone. */
  takeChanges(): { readonly changed: readonly Block[]; readonly dropped: readonly Position[] } {
    const changed = [...this.#changed];
    const dropped = [...this.#dropped];
    this.#changed.clear();
    this.#dropped.clear();
    return { changed, dropped };
  }

  /** The element at an index from the beginning, from 0. */
  at(index: number): Element | undefined {
    if (index < 0 || index >= this.#count) return undefined;
    const { block, place } = this.#placeAt(index);
    return block.elements[place];
  }

  get first(): Element | undefined {
    return this.#blocks[0]?.elements[0];
  }

  get last(): Element | undefined {
    return this.#blocks.at(-1)?.elements.at(-1);
  }

  /** The element at exactly this position. */
  get(position: Position): Element | undefined {
    const block = this.#blocks[this.#blockOf(position)];
    if (!block) return undefined;
    const found = block.elements[placeInBlock(block.elements, position)];
    return found?.position === position ? found : undefined;
  }

  /** How many elements stand before a position. */
  rank(position: Position): number {
    const at = this.#blockOf(position);
    let before = 0;
    for (let i = 0; i < at; i += 1) before += (this.#blocks[i] as Block).count;
    const block = this.#blocks[at];
    return block ? before + placeInBlock(block.elements, position) : before;
  }

  /** Writes an element's siblings; none: the element goes. */
  put(position: Position, siblings: readonly Sibling[]): void {
    const at = this.#blockOf(position);
    const block = this.#blocks[at];
    if (!block) {
      if (siblings.length > 0) this.#add(0, new Block(FIRST_NAME, [{ position, siblings }], 1));
      return;
    }
    const place = placeInBlock(block.elements, position);
    const found = block.elements[place];
    if (found?.position !== position) {
      if (siblings.length > 0) this.#insert(at, block, place, { position, siblings });
    } else if (siblings.length === 0) this.#remove(at, block, place);
    else {
      found.siblings = siblings;
      this.#changed.add(block);
    }
  }

  /** Takes every element out. */
  clear(): void {
    for (const { position } of this.within("", "")) this.put(position, []);
  }

  #insert(at: number, block: Block, place: number, element: Element): void {
    const isFull = block.count >= BLOCK_ELEMENTS_MAX;
    if (isFull && at === this.#blocks.length - 1 && place === block.count) {
      this.#add(at + 1, new Block(element.position, [element], 1));
      return;
    }
    if (at === 0 && place === 0 && isFull) {
      if (block.name === FIRST_NAME) this.#rename(block, (block.elements[0] as Element).position);
      this.#add(0, new Block(FIRST_NAME, [element], 1));
      return;
    }
    block.elements.splice(place, 0, element);
    block.count += 1;
    this.#count += 1;
    // A block that has come first begins before its name.
    const own = at === 0 && element.position < block.name ? this.#rename(block, FIRST_NAME) : block;
    this.#changed.add(own);
    if (own.count > BLOCK_ELEMENTS_MAX) this.#divide(at, own);
  }

  /** The first block, under another name. */
  #rename(block: Block, name: Position): Block {
    const renamed = new Block(name, block.elements, block.count);
    this.#blocks[0] = renamed;
    this.#changed.delete(block);
    this.#dropped.add(block.name);
    this.#dropped.delete(name);
    this.#changed.add(renamed);
    return renamed;
  }

  #divide(at: number, block: Block): void {
    const moved = block.elements.splice(block.count >>> 1);
    block.count -= moved.length;
    this.#count -= moved.length;
    this.#add(at + 1, new Block((moved[0] as Element).position, moved, moved.length));
  }

  #add(at: number, block: Block): void {
    this.#blocks.splice(at, 0, block);
    this.#count += block.count;
    this.#dropped.delete(block.name);
    this.#changed.add(block);
  }

  #remove(at: number, block: Block, place: number): void {
    block.elements.splice(place, 1);
    block.count -= 1;
    this.#count -= 1;
    this.#changed.add(block);
    if (block.count > 0) return;
    this.#blocks.splice(at, 1);
    this.#changed.delete(block);
    this.#dropped.add(block.name);
  }

  /** Every element from an index on, in order. Not to be changed meanwhile. */
  *from(index: number): Generator<Element> {
    let rest = Math.max(index, 0);
    for (const block of this.#blocks) {
      if (rest >= block.count) {
        rest -= block.count;
        continue;
      }
      for (let place = rest; place < block.count; place += 1) yield block.elements[place] as Element;
      rest = 0;
    }
  }

  /** Every element from the end, the last one first. Not to be changed meanwhile. */
  *backwards(): Generator<Element> {
    for (let at = this.#blocks.length - 1; at >= 0; at -= 1) {
      const { elements } = this.#blocks[at] as Block;
      for (let place = elements.length - 1; place >= 0; place -= 1) yield elements[place] as Element;
    }
  }

  /** The elements from one position to another, both included; empty texts: the list's ends. */
  within(from: Position, to: Position): Element[] {
    const found: Element[] = [];
    const start = from === "" ? 0 : Math.max(this.#blockOf(from), 0);
    for (let at = start; at < this.#blocks.length; at += 1) {
      const { elements } = this.#blocks[at] as Block;
      for (let place = at === start ? placeInBlock(elements, from) : 0; place < elements.length; place += 1) {
        const element = elements[place] as Element;
        if (to !== "" && element.position > to) return found;
        found.push(element);
      }
    }
    return found;
  }

  #placeAt(index: number): { block: Block; place: number } {
    // Most lists are used at their ends.
    if (index >= this.#count >>> 1) {
      let from = this.#count;
      for (let at = this.#blocks.length - 1; ; at -= 1) {
        const block = this.#blocks[at] as Block;
        from -= block.count;
        if (index >= from) return { block, place: index - from };
      }
    }
    let rest = index;
    for (let at = 0; ; at += 1) {
      const block = this.#blocks[at] as Block;
      if (rest < block.count) return { block, place: rest };
      rest -= block.count;
    }
  }

  /** The block in which a position stands or would stand. -1 where there is none. */
  #blockOf(position: Position): number {
    let low = 0;
    let high = this.#blocks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#blocks[middle] as Block).name <= position) low = middle + 1;
      else high = middle;
    }
    return low === 0 && this.#blocks.length > 0 ? 0 : low - 1;
  }
}
