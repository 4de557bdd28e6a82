/**
 * What a received mutation of a stream changes: an entry's cell by itself, for an entry replaces none and its removal names
 * it, and beside it the stream, which exists wherever something is added to it.
 */
import { BESIDE, decodeRemoval, GROUP_REMOVED, groupPrint, idOfField, printOf, streamPrint, type CellChange } from "@meridian/merge";
import { MutationKind, VersionVector, type Dot, type Mutation, type ReadonlyVector } from "@meridian/words";

const K = MutationKind;
const NO_CONTEXT: ReadonlyVector = new VersionVector();

/** A change and the cell that it concerns. */
export interface StreamChange {
  readonly of: "x" | "g";
  readonly field: string;
  readonly change: CellChange;
}

/** The changes of one mutation. `base` says what they have in common: writer, version, the frame's context. */
export function streamChanges(m: Mutation, base: CellChange, ahead: ReadonlyVector | undefined): StreamChange[] {
  const { field } = m;
  switch (m.kind) {
    case K.PutEntry:
      return [{ of: "x", field, change: putOf(m, base) }, stream(base, ahead, idOfField(field))];
    case K.RemoveEntry:
      return [{ of: "x", field, change: removalOf(m, base, ahead) }];
    case K.PutStream:
      return [stream(base, ahead, textOf(m))];
    case K.PutGroup: {
      const [start = "", last = ""] = textOf(m).split(" ");
      return [{ of: "g", field, change: { ...base, ahead, print: groupPrint(start) } }, stream(base, ahead, last)];
    }
    default:
      return [{ of: "g", field, change: { ...base, ahead, print: GROUP_REMOVED } }];
  }
}

function stream(base: CellChange, ahead: ReadonlyVector | undefined, lastId: string): StreamChange {
  return { of: "x", field: "", change: { ...base, action: "put", ahead, print: streamPrint(lastId), number: 0, value: undefined } };
}

function putOf(m: Mutation, base: CellChange): CellChange {
  const print = printOf(m.bytes, m.valueStart, m.valueEnd);
  // A short value stands in its print; a longer one is a view into the record, kept until the cell is settled.
  const value = print.charCodeAt(0) === 0x23 ? m.bytes.subarray(m.valueStart, m.valueEnd) : undefined;
  return { ...base, context: NO_CONTEXT, ahead: undefined, print, value, number: m.number };
}

function removalOf(m: Mutation, base: CellChange, ahead: ReadonlyVector | undefined): CellChange {
  const { removed, beside } = decodeRemoval(m.bytes, m.valueStart, m.valueEnd);
  const all = [...removed, ...beside];
  const missing = ahead ? all.filter(({ writer, hlc }) => ahead.covers(writer, hlc)) : [];
  return {
    ...base,
    action: "remove",
    number: BESIDE,
    context: vectorOf(all),
    ahead: missing.length === 0 ? undefined : vectorOf(missing),
    unseen: beside,
  };
}

function vectorOf(dots: readonly Dot[]): VersionVector {
  return new VersionVector(dots.map(({ writer, hlc }) => [writer, hlc] as const));
}

function textOf(m: Mutation): string {
  return m.bytes.toString("latin1", m.valueStart, m.valueEnd);
}
