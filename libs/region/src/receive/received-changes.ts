/**
 * Turns a received mutation into pending changes of cells. Some mutations concern more than the cell they name: a SET
 * takes away a hash's fields, a removed key all of its cells.
 */
import {
  MutationKind,
  VersionVector,
  type CellKind,
  type Dot,
  type Mutation,
  type MutationDetail,
  type ReadonlyVector,
  type Unseen,
} from "@meridian/words";
import {
  digestPrintOf,
  isCoveredEarly,
  isDigest,
  isSketchPrint,
  PRINT_INLINE_BYTES_MAX,
  printOf,
  rememberEarly,
  spansOf,
  stringPrintOf,
  type CellChange,
  type ChangeAction,
  type ElementsPart,
  type ListChange,
} from "@meridian/merge";
import { readSpans, readValues, type Frame } from "@meridian/wire";
import { SUPERSEDED } from "../keys/content.js";
import type { CellSlot, KeyEntry } from "../keys/key-entry.js";
import type { KeySpace } from "../keys/key-space.js";
import { mayBePlain, type FlyingFrame } from "../apply/plain-flights.js";
import { streamChanges } from "./received-streams.js";

const K = MutationKind;
const NO_DOTS: readonly Dot[] = [];
const NO_UNSEEN: readonly Unseen[] = [];
const NO_SUMS: CellChange["absorbed"] = [];
const NO_SLOTS: readonly CellSlot[] = [];
const DECIMAL = { decimal: true } as const;

/** The kind of cell that a mutation names; undefined for the whole key. */
export function kindOf(kind: MutationKind): CellKind | undefined {
  switch (kind) {
    case K.PutString:
    case K.IncrementString:
    case K.IncrementDecimal:
    case K.PutSketch:
      return "s";
    case K.PutField:
    case K.IncrementField:
    case K.IncrementDecimalField:
    case K.RemoveField:
      return "h";
    case K.AddMember:
    case K.RemoveMember:
      return "e";
    case K.PutScore:
    case K.IncrementScore:
    case K.RemoveScore:
      return "z";
    case K.PutExpiry:
    case K.RemoveExpiry:
      return "t";
    case K.PutEntry:
    case K.RemoveEntry:
    case K.PutStream:
      return "x";
    case K.PutGroup:
    case K.RemoveGroup:
      return "g";
    case K.PutWhole:
    case K.PutRegister:
      return "w";
    case K.PutElements:
    case K.RemoveElements:
      return "l";
    default:
      return undefined;
  }
}

function actionOf(m: Mutation): ChangeAction {
  const { kind } = m;
  if (kind === K.PutRegister) return m.valueStart === m.valueEnd ? "erase" : "assign";
  if (kind === K.PutSketch) return m.valueStart === m.valueEnd ? "wipe" : "put";
  if (kind === K.IncrementString || kind === K.IncrementField || kind === K.IncrementScore || isDecimal(m)) return "increment";
  const removes = kind === K.RemoveField || kind === K.RemoveMember || kind === K.RemoveScore || kind === K.RemoveElements;
  if (kind === K.RemoveKey) return "delete";
  return removes || kind === K.RemoveExpiry ? "remove" : "put";
}

function isDecimal({ kind }: Mutation): boolean {
  return kind === K.IncrementDecimal || kind === K.IncrementDecimalField;
}

/**
 * Appends the changes of every mutation of a frame to the cells' pending lists, and these cells to those of the frame, some
 * twice; with `mayFly` plain strings begin their flights. Messages have no cell: they go to `onMessage`.
 */
export function receiveFrame(
  into: FlyingFrame,
  ahead: ReadonlyVector | undefined,
  keys: KeySpace,
  mayFly: boolean,
  onMessage: (m: Mutation) => void,
): void {
  const { frame, slots } = into;
  const isPlain = mayFly && !ahead;
  frame.forEach((mutation) => {
    if (isPlain && mayBePlain(mutation) && keys.receivePlain(mutation, into)) return;
    if (mutation.kind === K.Message) onMessage(mutation);
    else receiveMutation(mutation, frame, ahead, keys, slots);
  });
}

function receiveMutation(m: Mutation, frame: Frame, ahead: ReadonlyVector | undefined, keys: KeySpace, touched: CellSlot[]): void {
  const entry = keys.entry(m.db, m.key);
  const kind = kindOf(m.kind);
  const takesAll = kind === undefined || m.creates || m.kind === K.PutString || m.kind === K.PutWhole;
  const plain = changeOf(m, frame, ahead, takesAll);
  const change: ListChange = kind === "l" ? { elements: elementsOf(m), ...plain } : plain;
  if (takesAll) {
    const taken = m.creates ? createdSlots(entry, m, keys) : takenSlots(entry, kind, m.detail, keys);
    for (const slot of taken) push(slot, restrict(asRemoval(plain), m.detail, slot), touched);
    if (ahead) {
      entry.early = rememberEarly(entry.early, ahead, m.detail?.unseen ?? NO_UNSEEN);
      keys.touchEntry(entry);
    }
  }
  if (kind === undefined) return;
  if (kind === "x" || kind === "g") {
    for (const { field, of, change: own } of streamChanges(m, change, ahead)) {
      const slot = keys.member(entry, of, field);
      push(slot, arriving(entry, slot, m.detail ? restrictStream(own, m.detail, slot) : own), touched);
    }
    return;
  }
  const slot = keys.slot(entry, kind, kind === "l" ? "" : m.field);
  // A sketch itself must know of which deletes to come its writer had seen.
  const own = takesAll && ahead && isSketchPrint(change.print) ? { ...change, ahead } : change;
  push(slot, arriving(entry, slot, m.detail ? restrict(own, m.detail, slot) : own), touched);
}

function push(slot: CellSlot, change: CellChange, touched: CellSlot[]): void {
  slot.addPending(change);
  slot.refused = false;
  touched.push(slot);
}

/** What a mutation of the whole key takes away beside its own cell: all that is there, and increments that are still to come. */
function takenSlots(entry: KeyEntry, own: CellKind | undefined, detail: MutationDetail | undefined, keys: KeySpace): Iterable<CellSlot> {
  const others = otherSlots(entry, own, keys);
  if (!detail || detail.absorbed.length === 0) return others;
  const taken = new Set(others);
  for (const { kind, field } of detail.absorbed) if (kind !== own) taken.add(keys.slot(entry, kind, field));
  return taken;
}

function otherSlots(entry: KeyEntry, own: CellKind | undefined, keys: KeySpace): readonly CellSlot[] {
  if (own === "s" && entry.memberRecords === 0 && entry.members.size === 0 && !entry.whole && !entry.list && !entry.expiry) return [];
  return keys.allSlots(entry).filter((slot) => slot.kind !== own);
}

/** What a mutation that creates its key takes away: all that is still there, but for the cell that it replaces itself. */
function createdSlots(entry: KeyEntry, m: Mutation, keys: KeySpace): Iterable<CellSlot> {
  const kind = kindOf(m.kind);
  const isPlain = entry.memberRecords === 0 && entry.members.size === 0 && !entry.whole && !entry.list && !entry.expiry;
  if (isPlain && !m.detail && (!entry.string || m.kind === K.PutString)) return NO_SLOTS;
  const isOwn = (slot: { readonly kind: CellKind; readonly field: string }): boolean => slot.kind === kind && slot.field === m.field;
  // The put of an entry takes nothing away by itself.
  const replaces = actionOf(m) === "put" && m.kind !== K.PutEntry;
  const taken = new Set(keys.allSlots(entry));
  for (const part of m.detail?.absorbed ?? []) taken.add(keys.slot(entry, part.kind, part.field));
  if (replaces) for (const slot of taken) if (isOwn(slot)) taken.delete(slot);
  return taken;
}

/** A write that something received earlier had already covered arrives dead; a deadline may have been replaced before. */
function arriving(entry: KeyEntry, slot: CellSlot, change: ListChange): ListChange {
  if (change.action !== "put") return change;
  if (entry.early.length > 0 && isTakenEarly(entry, slot, change)) return asRemoval(change);
  if ((slot.kind === "s" || slot.kind === "w") && entry.expiry && isDeadlineReplaced(entry.expiry, change)) {
    return { ...change, number: SUPERSEDED };
  }
  return change;
}

function isTakenEarly({ early }: KeyEntry, { kind, field }: CellSlot, dot: Dot): boolean {
  const here = early.map(({ vector, unseen }) => ({ vector, unseen: unseen.filter((part) => part.kind === kind && part.field === field) }));
  return isCoveredEarly(here, dot);
}

function isDeadlineReplaced(expiry: CellSlot, dot: Dot): boolean {
  if (isCoveredEarly(expiry.base.early, dot)) return true;
  return expiry.pending.some(
    (change) => change.action === "put" && change.ahead?.covers(dot.writer, dot.hlc) === true && !change.unseen.some((u) => u.hlc === dot.hlc && u.writer === dot.writer),
  );
}

function changeOf(m: Mutation, frame: Frame, ahead: ReadonlyVector | undefined, keyLevel: boolean): CellChange {
  const print = receivedPrint(m);
  const isWhole = m.kind === K.PutString || m.kind === K.PutWhole || m.kind === K.PutRegister;
  const numbered = isWhole || m.kind === K.PutScore || m.kind === K.PutExpiry;
  const action = actionOf(m);
  const change: CellChange = {
    action,
    writer: frame.writer,
    hlc: m.hlc,
    print,
    // A sketch never brings a deadline along: adding to one leaves the key's own as it is.
    number: numbered ? m.number : m.kind === K.PutSketch ? SUPERSEDED : 0,
    // A short value stands in its print; a longer one is a view into the record, kept until the cell is settled.
    value: isDigest(print) ? m.bytes.subarray(m.valueStart, m.valueEnd) : undefined,
    birth: action === "increment" || m.kind === K.PutRegister ? m.birth : m.hlc,
    sum: action === "increment" ? m.sum : 0n,
    context: frame.context,
    // What a removal of the whole key covers ahead of its arrival is remembered with the key, not with one cell.
    ahead: keyLevel ? undefined : ahead,
    unseen: NO_DOTS,
    absorbed: NO_SUMS,
    // Said of all: changes of one shape are handled faster.
    creates: m.creates,
  };
  return isDecimal(m) ? { ...change, ...DECIMAL } : change;
}

function receivedPrint({ kind, bytes, valueStart, valueEnd }: Mutation): string {
  switch (kind) {
    case K.PutString:
      return stringPrintOf(bytes, valueStart, valueEnd);
    case K.PutSketch:
      return valueStart === valueEnd ? "" : stringPrintOf(bytes, valueStart, valueEnd);
    case K.PutField:
      return printOf(bytes, valueStart, valueEnd);
    case K.PutWhole:
      return digestPrintOf(bytes, valueStart, valueEnd);
    case K.PutRegister:
      return valueStart === valueEnd ? "" : digestPrintOf(bytes, valueStart, valueEnd);
    default:
      return "";
  }
}

/** Of a change of a list, what it had seen at its places. */
function asRemoval(change: ListChange): ListChange {
  const elements = change.elements && { spans: spansOf(change), first: "", values: [] };
  return { ...change, action: change.action === "delete" ? "delete" : "take", print: "", number: 0, value: undefined, elements };
}

/** What a mutation does to a list. A short value stands in its print; a longer one is a view into the record. */
function elementsOf(m: Mutation): ElementsPart {
  const slice = { bytes: m.bytes, start: m.valueStart, end: m.valueEnd };
  if (m.kind === K.RemoveElements) return { spans: readSpans(slice), first: "", values: [] };
  const values = readValues(slice).map((value) => {
    return { print: printOf(value), value: value.length > PRINT_INLINE_BYTES_MAX ? value : undefined };
  });
  return { spans: [], first: m.field, values };
}

/** An entry's own change carries its context itself: only what it says of the stream or a group can be unseen. */
function restrictStream(change: CellChange, detail: MutationDetail, slot: CellSlot): CellChange {
  return slot.kind === "x" && slot.field !== "" ? change : restrict(change, detail, slot);
}

/** The part of a mutation's detail that concerns one cell. */
function restrict(change: ListChange, detail: MutationDetail | undefined, slot: CellSlot): ListChange {
  if (!detail) return change;
  const here = (part: { kind: CellKind; field: string }): boolean => part.kind === slot.kind && part.field === slot.field;
  // An expiry also replaces the deadlines that strings brought along: those that its writer had not seen stand beside its own.
  const deadlines = (part: { kind: CellKind }): boolean => part.kind === "t" || part.kind === "s" || part.kind === "w";
  return {
    ...change,
    context: detail.context ? joined(change.context, detail.context) : change.context,
    unseen: detail.unseen.filter(slot.kind === "t" ? deadlines : here),
    absorbed: detail.absorbed.filter(here),
  };
}

function joined(a: ReadonlyVector, b: ReadonlyVector): ReadonlyVector {
  const vector = new VersionVector(a.entries());
  vector.join(b);
  return vector;
}
