/**
 * Turns what a client did to a list, by index or by value, into elements: where a pushed value stands, which elements
 * were removed. Indices are those of what the server held when the command ran.
 */
import {
  elementPrint,
  POSITION_BYTES_MAX,
  positionsOf,
  PRINT_INLINE_BYTES_MAX,
  printOf,
  valueOfPrint,
  type Position,
  type Span,
} from "@meridian/merge";
import { ByteWriter, writeSpans, writeValues } from "@meridian/wire";
import { MutationKind } from "@meridian/words";
import type { CellSlot, KeyEntry } from "../keys/key-entry.js";
import type { KeySpace } from "../keys/key-space.js";
import { heldElsewise, listOf, showHeld } from "../keys/list-content.js";
import type { HeldElement } from "../keys/list-state.js";
import type { LocalWrites } from "./local-writes.js";
import type { ValueSlice } from "../keys/value-slice.js";

/** One end of a list. */
export type ListEnd = "left" | "right";

/** What writing lists needs of its region. */
export interface ListWritesContext {
  readonly keys: KeySpace;
  readonly writes: LocalWrites;
  /** The server holds something else than `base` says, and is to be corrected. */
  readonly onDiffers: (slot: CellSlot) => void;
  /** Only reading the key tells what it holds now. */
  readonly onBlind: (entry: KeyEntry) => void;
}

/** See the module's comment. One method per effect; each is one command's or part of one. */
export class ListWrites {
  readonly #context: ListWritesContext;
  #lazyBytes: ByteWriter | undefined;

  constructor(context: ListWritesContext) {
    this.#context = context;
  }

  /** Made when the first list is written. */
  get #bytes(): ByteWriter {
    return (this.#lazyBytes ??= new ByteWriter());
  }

  /** How many elements the server holds. */
  count(slot: CellSlot): number {
    return heldElsewise(slot)?.length ?? listOf(slot).sequence.count;
  }

  /** Values that come to stand before the element at `index`, in their order. */
  insert(entry: KeyEntry, index: number, values: readonly ValueSlice[]): void {
    if (values.length === 0) return;
    const { keys, writes } = this.#context;
    writes.beforeWrite(entry);
    const slot = keys.single(entry, "l");
    const { sequence } = listOf(slot);
    const [left, right] = this.#neighbours(slot, index);
    const first = sequence.runs.between(left, right, values.length, writes.hlc, writes.writerOf(entry.key));
    if (first.length > POSITION_BYTES_MAX) {
      this.#context.onBlind(entry);
      return;
    }
    this.#put(slot, first, values, index, 0);
  }

  /** All values, at new positions behind everything: for a list whose positions have become too long. */
  renew(entry: KeyEntry, values: readonly ValueSlice[]): void {
    const { keys, writes } = this.#context;
    const slot = keys.single(entry, "l");
    const { sequence } = listOf(slot);
    const first = sequence.runs.between(sequence.last?.position, undefined, values.length, writes.hlc, writes.writerOf(entry.key));
    this.removeRange(entry, 0, this.count(slot));
    writes.beforeWrite(entry);
    this.#put(slot, first, values, 0, 0);
  }

  /** LSET. */
  set(entry: KeyEntry, index: number, value: ValueSlice): void {
    const slot = this.#context.keys.single(entry, "l");
    const { position } = this.#at(slot, index) ?? NO_ELEMENT;
    if (listOf(slot).sequence.get(position)) this.#put(slot, position, [value], index, 1);
    else {
      this.insert(entry, index, [value]);
      this.removeRange(entry, index + 1, 1);
    }
  }

  /** Elements that follow each other. */
  removeRange(entry: KeyEntry, index: number, count: number): void {
    const slot = this.#context.keys.single(entry, "l");
    const end = Math.min(index + count, this.count(slot));
    if (end > index) this.#remove(slot, [{ index, end }]);
  }

  /** LREM: `count` elements of this value from the left, from the right where it is negative, all where it is 0. */
  removeEqual(entry: KeyEntry, count: number, print: string): void {
    const slot = this.#context.keys.single(entry, "l");
    const indices: number[] = [];
    const most = count === 0 ? Infinity : Math.abs(count);
    for (const [index, element] of this.#walk(slot, count < 0)) {
      if (element.print !== print) continue;
      indices.push(index);
      if (indices.length >= most) break;
    }
    if (count < 0) indices.reverse();
    const ranges: IndexRange[] = [];
    for (const index of indices) {
      const last = ranges.at(-1);
      if (last?.end === index) last.end += 1;
      else ranges.push({ index, end: index + 1 });
    }
    this.#remove(slot, ranges);
  }

  /** The index of the first element of this value, or -1. */
  indexOf(entry: KeyEntry, print: string): number {
    const slot = this.#context.keys.single(entry, "l");
    for (const [index, element] of this.#walk(slot, false)) if (element.print === print) return index;
    return -1;
  }

  /**
   * LMOVE: the element goes from one end to another. A long value does not stand in the stream: the list that it went to
   * is read.
   */
  move(from: KeyEntry | undefined, to: KeyEntry | undefined, fromEnd: ListEnd, toEnd: ListEnd): void {
    const { keys, onBlind } = this.#context;
    const source = from && keys.single(from, "l");
    const index = source && fromEnd === "right" ? this.count(source) - 1 : 0;
    const moved = source && this.#at(source, index);
    const value = moved && valueOfPrint(moved.print);
    if (from === to && from) {
      if (fromEnd === toEnd) return;
      if (value) this.#turn(from, fromEnd, toEnd, value);
      else onBlind(from);
      return;
    }
    if (from && moved) this.removeRange(from, index, 1);
    if (!to) return;
    if (value) this.insert(to, toEnd === "left" ? 0 : this.count(keys.single(to, "l")), [{ bytes: value, start: 0, end: value.length }]);
    else onBlind(to);
  }

  /** From one end of a list to its other: the list is never empty in between. */
  #turn(entry: KeyEntry, fromEnd: ListEnd, toEnd: ListEnd, value: Buffer): void {
    const count = this.count(this.#context.keys.single(entry, "l"));
    this.insert(entry, toEnd === "left" ? 0 : count, [{ bytes: value, start: 0, end: value.length }]);
    this.removeRange(entry, fromEnd === "left" ? 0 : count, 1);
  }

  #at(slot: CellSlot, index: number): HeldElement | undefined {
    const elsewise = heldElsewise(slot);
    if (elsewise) return elsewise[index];
    for (const [, element] of this.#walk(slot, false, index)) return element;
    return undefined;
  }

  /** What the server holds with its indices, from either end. */
  *#walk(slot: CellSlot, backwards: boolean, from = 0): Generator<readonly [number, HeldElement]> {
    const elsewise = heldElsewise(slot);
    if (elsewise) {
      const indices = backwards ? [...elsewise.keys()].reverse() : [...elsewise.keys()].slice(from);
      for (const index of indices) yield [index, elsewise[index] as HeldElement];
      return;
    }
    const { sequence } = listOf(slot);
    let index = backwards ? sequence.count - 1 : from;
    for (const element of backwards ? sequence.backwards() : sequence.from(from)) {
      yield [index, { position: element.position, print: elementPrint(element) }];
      index += backwards ? -1 : 1;
    }
  }

  /** The elements of `base` between which something goes that stands before what the server holds at `index`. */
  #neighbours(slot: CellSlot, index: number): readonly [Position | undefined, Position | undefined] {
    const { sequence } = listOf(slot);
    const elsewise = heldElsewise(slot);
    if (!elsewise) return [sequence.at(index - 1)?.position, sequence.at(index)?.position];
    if (index >= elsewise.length) return [sequence.last?.position, undefined];
    for (let at = index - 1; at >= 0; at -= 1) {
      const { position } = elsewise[at] as HeldElement;
      if (sequence.get(position)) return [position, sequence.at(sequence.rank(position) + 1)?.position];
    }
    return [undefined, sequence.first?.position];
  }

  #put(slot: CellSlot, first: Position, values: readonly ValueSlice[], index: number, replaced: number): void {
    const { writes } = this.#context;
    const state = listOf(slot);
    const elsewise = heldElsewise(slot);
    const prints = values.map(({ bytes, start, end }) => printOf(bytes, start, end));
    const places = positionsOf({ spans: [], first, values: prints.map((print) => ({ print, value: undefined })) });
    // The value may be hidden or taken out by an apply that is under way: then only we hold it.
    const keeps = slot.pending.length > 0 || slot.issued !== undefined || slot.shown !== undefined;
    writeValues(this.#bytes, values);
    writes.emitElements(MutationKind.PutElements, slot, first, this.#written());
    const writer = writes.writerOf(slot.entry.key);
    for (const [at, position] of places.entries()) {
      const { bytes, start, end } = values[at] as ValueSlice;
      const value = keeps && end - start > PRINT_INLINE_BYTES_MAX ? Buffer.from(bytes.subarray(start, end)) : undefined;
      state.sequence.put(position, [{ writer, hlc: writes.hlc, print: prints[at] as string, number: 0, value }]);
    }
    const inserted = places.map((position, at) => ({ position, print: prints[at] as string }));
    this.#changed(slot, elsewise?.toSpliced(index, replaced, ...inserted));
  }

  #remove(slot: CellSlot, ranges: readonly IndexRange[]): void {
    if (ranges.length === 0) return;
    const { sequence } = listOf(slot);
    const elsewise = heldElsewise(slot);
    const spans = elsewise ? this.#single(slot, elsewise, ranges) : ranges.map((range) => this.#span(slot, range));
    if (spans.length > 0) {
      writeSpans(this.#bytes, spans);
      this.#context.writes.emitElements(MutationKind.RemoveElements, slot, "", this.#written());
    }
    for (const { from, to } of spans) for (const { position } of sequence.within(from, to)) sequence.put(position, []);
    this.#changed(slot, elsewise?.filter((_, at) => !ranges.some(({ index, end }) => at >= index && at < end)));
  }

  #span(slot: CellSlot, { index, end }: IndexRange): Span {
    const { sequence } = listOf(slot);
    return { from: sequence.at(index)?.position ?? "", to: sequence.at(end - 1)?.position ?? "" };
  }

  /** Where the server holds another order, what stands between two elements there may not stand between them in `base`. */
  #single(slot: CellSlot, held: readonly HeldElement[], ranges: readonly IndexRange[]): Span[] {
    const { sequence } = listOf(slot);
    const positions = ranges.flatMap(({ index, end }) => held.slice(index, end)).map(({ position }) => position);
    return positions.filter((position) => sequence.get(position)).map((position) => ({ from: position, to: position }));
  }

  #written(): ValueSlice {
    const bytes = this.#bytes.take();
    return { bytes, start: 0, end: bytes.length };
  }

  /** `held`: what the server holds now, where that was something else than `base` before. */
  #changed(slot: CellSlot, held: readonly HeldElement[] | undefined): void {
    slot.entry.addType("l");
    listOf(slot).isChanged = true;
    if (slot.issued) slot.raced = true;
    slot.refused = false;
    if (held && showHeld(slot, held) === "differs") this.#context.onDiffers(slot);
    this.#context.keys.touch(slot);
  }
}

/** Indices from one to before another. */
interface IndexRange {
  readonly index: number;
  end: number;
}

const NO_ELEMENT: HeldElement = { position: "", print: "" };
