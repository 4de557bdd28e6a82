/**
 * Lists as records of the store: a header at the end of the key's own record, and one record for each block of elements,
 * under the key's prefix, the kind and the block's name. Blocks are loaded when they are looked into.
 */
import { Block, forgetEarly, OpenRuns, Sequence, type Element, type ElementsPart, type ListChange, type SequenceContext, type Sibling } from "@meridian/merge";
import { ByteReader, type ByteWriter } from "@meridian/wire";
import type { ReadonlyVector } from "@meridian/words";
import { memberPrefix, prefixEnd } from "./cell-key.js";
import type { StateReader, StateWrite } from "../effects.js";
import type { CellSlot } from "./key-entry.js";
import { doubtOf, listOf } from "./list-content.js";
import { LIST_PRINT } from "./list-state.js";
import { readChange, readEarly, readList, readSibling, writeChange, writeEarly, writeList, writeSibling } from "./slot-codec.js";
import type { WriterTable } from "./writer-table.js";

const SHOWN_NOT = 0;
const SHOWN_NOTHING = 1;
const SHOWN_OTHER = 2;
/** Twice the number of siblings, or this: one sibling with the dot of the element before. */
const SAME_DOT = 1;

/** What writing a list needs to know. */
export interface ListRecords {
  readonly frontier: ReadonlyVector;
  readonly durable: (slot: CellSlot) => readonly ListChange[];
  readonly bytes: ByteWriter;
  readonly writers: WriterTable;
}

/** Appends the records of the blocks that changed. */
export function collectList(writes: StateWrite[], slot: CellSlot, { frontier, durable, bytes, writers }: ListRecords): void {
  const { sequence } = listOf(slot);
  if (slot.pending.length === 0) sequence.early = forgetEarly(sequence.early, frontier) as readonly SequenceContext[];
  const { changed, dropped } = sequence.takeChanges();
  const prefix = blockPrefix(slot.entry.db, slot.entry.key);
  for (const name of dropped) writes.push({ table: "cell", key: prefix + name, value: undefined });
  for (const { name, elements } of changed) {
    writeBlock(bytes, elements, writers);
    writes.push({ table: "cell", key: prefix + name, value: bytes.take() });
  }
  if (sequence.isForgettable && durable(slot).length === 0 && !slot.shown && !slot.pinned) slot.entry.list = undefined;
}

/** Finds the blocks of a list whose header was read. */
export function loadBlocks(slot: CellSlot, store: StateReader, writers: WriterTable): void {
  const state = listOf(slot);
  const prefix = blockPrefix(slot.entry.db, slot.entry.key);
  const blocks: Block[] = [];
  for (const [name, bytes] of store.range("cell", prefix, prefixEnd(prefix))) {
    const load = (): Element[] => {
      const found = store.get("cell", name);
      return found ? readBlock(found, writers) : [];
    };
    blocks.push(new Block(name.slice(prefix.length), undefined, new ByteReader(bytes).varint(), load));
  }
  const sequence = new Sequence(blocks);
  sequence.runs = state.sequence.runs;
  sequence.early = state.sequence.early;
  state.sequence = sequence;
}

function blockPrefix(db: number, key: string): string {
  return `${memberPrefix(db, key)}l=`;
}

/** Writes one block: each position by what it shares with the one before. */
export function writeBlock(out: ByteWriter, elements: readonly Element[], writers: WriterTable): void {
  out.varint(elements.length);
  let before = "";
  let last: Sibling | undefined;
  for (const { position, siblings } of elements) {
    const shared = sharedLength(before, position);
    out.varint(shared);
    out.text(position.slice(shared));
    before = position;
    const [only] = siblings as [Sibling];
    if (siblings.length === 1 && !only.value && last?.hlc === only.hlc && last.writer === only.writer) {
      out.varint(SAME_DOT);
      out.text(only.print);
    } else {
      out.varint(2 * siblings.length);
      for (const sibling of siblings) writeSibling(out, sibling, writers);
    }
    last = only;
  }
}

/** Reads what {@link writeBlock} wrote. */
export function readBlock(bytes: Buffer, writers: WriterTable): Element[] {
  const from = new ByteReader(bytes);
  let before = "";
  let last: Sibling | undefined;
  return readList(from, () => {
    const shared = from.varint();
    const position = before.slice(0, shared) + from.text();
    before = position;
    const head = from.varint();
    const siblings =
      head === SAME_DOT
        ? [{ ...(last as Sibling), print: from.text(), value: undefined }]
        : Array.from({ length: head / 2 }, () => readSibling(from, writers));
    last = siblings[0];
    return { position, siblings };
  });
}

function sharedLength(a: string, b: string): number {
  let at = 0;
  while (at < a.length && at < b.length && a.charCodeAt(at) === b.charCodeAt(at)) at += 1;
  return at;
}

/** Writes what a list has beside its elements. `pending`: what must survive a crash. */
export function writeListHeader(out: ByteWriter, slot: CellSlot, pending: readonly ListChange[], writers: WriterTable): void {
  const { sequence } = listOf(slot);
  out.byte(doubtOf(slot) !== "none" ? SHOWN_OTHER : !slot.shown ? SHOWN_NOT : slot.shown.print === undefined ? SHOWN_NOTHING : SHOWN_OTHER);
  writeList(out, sequence.runs.runs, ({ run, low, high }) => {
    out.text(run);
    out.varint(-low);
    out.varint(high);
  });
  writeEarly(out, sequence.early, writers);
  writeList(out, sequence.early, ({ spans }) => writeSpanList(out, spans));
  writeList(out, pending, (change) => {
    writeChange(out, change, writers);
    out.byte(change.elements ? 1 : 0);
    if (change.elements) writePart(out, change.elements);
  });
}

/** Reads what {@link writeListHeader} wrote. What the server holds otherwise does not stand there: it is read at the next start. */
export function readListHeader(from: ByteReader, slot: CellSlot, writers: WriterTable): void {
  const state = listOf(slot);
  const shown = from.byte();
  if (shown !== SHOWN_NOT) slot.shown = { print: shown === SHOWN_NOTHING ? undefined : LIST_PRINT };
  if (shown === SHOWN_OTHER) state.doubt = "content";
  state.sequence.runs = new OpenRuns(
    readList(from, () => {
      const run = from.text();
      return { run, low: -from.varint(), high: from.varint() };
    }),
  );
  const early = readEarly(from, writers);
  const spans = readList(from, () => readSpanList(from));
  state.sequence.early = early.map((context, at) => ({ ...context, spans: spans[at] ?? [] }));
  slot.pending = readList(from, (): ListChange => {
    const change = readChange(from, writers);
    return from.byte() === 1 ? { ...change, elements: readPart(from) } : change;
  });
  slot.excepted = slot.pending.length > 0;
  slot.listed = slot.excepted || slot.shown !== undefined;
}

function writeSpanList(out: ByteWriter, spans: ElementsPart["spans"]): void {
  writeList(out, spans, ({ from, to }) => {
    out.text(from);
    out.text(to);
  });
}

function readSpanList(from: ByteReader): ElementsPart["spans"] {
  return readList(from, () => ({ from: from.text(), to: from.text() }));
}

function writePart(out: ByteWriter, { spans, first, values }: ElementsPart): void {
  writeSpanList(out, spans);
  out.text(first);
  writeList(out, values, ({ print, value }) => {
    out.text(print);
    out.byte(value ? 1 : 0);
    if (value) out.slice(value, 0, value.length);
  });
}

function readPart(from: ByteReader): ElementsPart {
  const spans = readSpanList(from);
  const first = from.text();
  const values = readList(from, () => ({ print: from.text(), value: from.byte() === 1 ? from.copy() : undefined }));
  return { spans, first, values };
}
