/** Streams in the parity test: commands of clients, and edits of a batch. Ids are few, so that late entries and moves meet. */
import { PRINT_LIMIT_BYTES, type EntryStep, type StreamEdit } from "@meridian/mark";
import { createHash } from "node:crypto";
import fc from "fast-check";

const IDS = ["1-1", "2-0", "2-5", "3-0", "10-0", "9-18446744073709551615"];
const VALUES = ["v", "bin\0\xff\r\n", "a value of more than thirty-two bytes"];
const GROUPS = ["g", "h"];

/** A step; `right`: its print is that of the entry that stands there. */
interface ParityEntryStep {
  readonly does: EntryStep["does"];
  readonly id: string;
  readonly to: string;
  readonly value: string;
  readonly right: boolean;
}

/** What an edit is made of. */
export interface ParityStreamEdit {
  readonly creates: boolean;
  readonly keeps: boolean;
  readonly lastId: string;
  readonly lateToGroups: boolean;
  readonly cells: readonly (readonly ParityEntryStep[])[];
  readonly groups: readonly { readonly name: string; readonly start: string | undefined }[];
}

const id = fc.constantFrom(...IDS);
const group = fc.constantFrom(...GROUPS);

/** Commands that the model knows, on keys that `key` gives. */
export function streamCommand(key: fc.Arbitrary<string>): fc.Arbitrary<string[]> {
  const value = fc.constantFrom(...VALUES);
  return fc.oneof(
    { weight: 5, arbitrary: fc.tuple(key, id, value).map(([name, at, text]) => ["XADD", name, at, "f", text]) },
    fc.tuple(key, id, id).map(([name, one, other]) => ["XDEL", name, one, other]),
    fc.tuple(key, id).map(([name, at]) => ["XTRIM", name, "MINID", "=", at]),
    fc.tuple(key, id).map(([name, at]) => ["XSETID", name, at]),
    fc.tuple(key, group, id).map(([name, of, at]) => ["XGROUP", "CREATE", name, of, at, "MKSTREAM"]),
    fc.tuple(key, group).map(([name, of]) => ["XGROUP", "DESTROY", name, of]),
    key.map((name) => ["XLEN", name]),
    key.map((name) => ["XRANGE", name, "-", "+"]),
  );
}

/** Edits whose cells name each id once, as those of a region do. */
export const streamEdit: fc.Arbitrary<ParityStreamEdit> = fc.record({
  creates: fc.boolean(),
  keeps: fc.boolean(),
  lastId: fc.constantFrom("0-0", ...IDS),
  lateToGroups: fc.boolean(),
  cells: fc.uniqueArray(
    fc.record<ParityEntryStep>({
      does: fc.constantFrom("add", "add", "add", "remove", "keep", "move"),
      id,
      to: id,
      value: fc.constantFrom(...VALUES),
      right: fc.boolean(),
    }),
    { maxLength: 4, selector: ({ id: at }) => at },
  ).map((steps) => {
    const named = new Set(steps.map((step) => step.id));
    return steps.filter((step) => step.does !== "move" || (!named.has(step.to) && named.add(step.to))).map((step) => [step]);
  }),
  groups: fc.uniqueArray(fc.record({ name: group, start: fc.option(id, { nil: undefined }) }), {
    maxLength: 2,
    selector: ({ name }) => name,
  }),
});

/** The edit for a stream that holds `entries`: ids with their fields and values. */
export function streamEditOf(edit: ParityStreamEdit, entries: ReadonlyMap<string, readonly string[]>): StreamEdit {
  const stepOf = ({ does, id: at, to, value, right }: ParityEntryStep): EntryStep => {
    const held = entries.get(at);
    if (does === "add") return { does, id: at, pairs: packed(right && held ? held : ["f", value]) };
    const print = printOf(right && held ? held : ["f", value]);
    return does === "move" ? { does, id: at, print, to } : { does, id: at, print };
  };
  return { ...edit, cells: edit.cells.map((steps) => ({ field: steps[0]?.id ?? "", steps: steps.map(stepOf) })) };
}

function packed(texts: readonly string[]): Buffer {
  return Buffer.concat(texts.map((text) => {
    const bytes = Buffer.alloc(4 + text.length);
    bytes.writeUInt32BE(text.length);
    bytes.write(text, 4, "latin1");
    return bytes;
  }));
}

function printOf(texts: readonly string[]): string {
  const bytes = packed(texts);
  if (bytes.length <= PRINT_LIMIT_BYTES) return `=${bytes.toString("latin1")}`;
  return `#${createHash("sha1").update(bytes).digest("hex").slice(0, 16)}`;
}
