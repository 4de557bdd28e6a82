import { ByteReader, ByteWriter } from "@meridian/wire";
import { VersionVector, writerId, type Dot, type Hlc, type RunningSum } from "@meridian/words";
import type { Cell, CellChange, CellSum, EarlyContext, Sibling } from "@meridian/merge";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isHashedName, NAME_BYTES_MAX } from "./cell-key.js";
import { readEntry, readMember, writeEntry, writeMember } from "./entry-codec.js";
import { CellSlot, KeyEntry } from "./key-entry.js";
import { readSlot, writeSlot } from "./slot-codec.js";
import { WriterTable } from "./writer-table.js";

const writer = fc.constantFrom(writerId("eu", "0"), writerId("us", "0"), writerId("ap", "1"));
const hlc = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })).map((n) => n as Hlc);
const text = (max: number): fc.Arbitrary<string> => fc.uint8Array({ maxLength: max }).map((bytes) => Buffer.from(bytes).toString("latin1"));
const positiveZero = fc.double({ noNaN: true }).map((n) => (n === 0 ? 0 : n));
const number = fc.oneof(fc.constantFrom(0, Infinity, -Infinity, 1_800_000_000_000), positiveZero);
const dot: fc.Arbitrary<Dot> = fc.record({ writer, hlc });
const value = fc.option(fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)), { nil: undefined });
const vector = fc.array(fc.tuple(writer, hlc), { maxLength: 3 }).map((entries) => {
  const made = new VersionVector();
  for (const [who, upTo] of entries) made.raise(who, upTo);
  return made;
});
const sibling: fc.Arbitrary<Sibling> = fc.record({ writer, hlc, print: text(40), number, value });
const sum: fc.Arbitrary<CellSum> = fc.record({ writer, birth: hlc, upTo: hlc, sum: fc.bigInt(), absorbedUpTo: hlc, absorbed: fc.bigInt() });
const early: fc.Arbitrary<EarlyContext> = fc.record({ vector, unseen: fc.array(dot, { maxLength: 3 }) });
const seen: fc.Arbitrary<RunningSum> = fc.record({ writer, birth: hlc, upTo: hlc, sum: fc.bigInt() });
const plainChange = {
  action: fc.constantFrom("put" as const, "increment" as const, "remove" as const),
  writer,
  hlc,
  print: text(40),
  number,
  value,
  birth: hlc,
  sum: fc.bigInt(),
  context: vector,
  ahead: fc.option(vector, { nil: undefined }),
  unseen: fc.array(dot, { maxLength: 3 }),
  absorbed: fc.array(seen, { maxLength: 3 }),
};
const change: fc.Arbitrary<CellChange> = fc.oneof(fc.record(plainChange), fc.record({ ...plainChange, creates: fc.constant(true) }));
const sketchSibling = fc
  .tuple(sibling, fc.option(early, { nil: undefined }))
  .map(([one, heard]) => ({ ...one, print: "%0123456789abcdef", ...(heard ? { seen: heard } : {}) }));
const cell: fc.Arbitrary<Cell> = fc.record({
  siblings: fc.array(fc.oneof({ weight: 4, arbitrary: sibling }, sketchSibling), { maxLength: 9 }),
  wipes: fc.option(fc.array(dot, { minLength: 1, maxLength: 3 }), { nil: undefined }),
  sums: fc.array(sum, { maxLength: 3 }),
  early: fc.array(early, { maxLength: 3 }),
});
const unseenHere = fc.record({ kind: fc.constantFrom("s" as const, "h" as const), field: text(9), writer, hlc });
const keyContext = fc.record({ vector, unseen: fc.array(unseenHere, { maxLength: 3 }) });
const shown = fc.option(fc.record({ print: fc.option(text(40), { nil: undefined }) }), { nil: undefined });
const slotParts = fc.record({ base: cell, pending: fc.array(change, { maxLength: 3 }), shown });
type SlotParts = typeof slotParts extends fc.Arbitrary<infer T> ? T : never;

/** Vectors as text: equal vectors may hold their entries in another order. */
function plain(part: unknown): unknown {
  if (part instanceof VersionVector) return `vector ${part.toString()}`;
  if (Buffer.isBuffer(part)) return `bytes ${part.toString("hex")}`;
  if (Array.isArray(part)) return part.map(plain);
  if (part === null || typeof part !== "object") return part;
  return Object.fromEntries(Object.entries(part).map(([name, inner]) => [name, plain(inner)]));
}

function filled(slot: CellSlot, { base, pending, shown: what }: SlotParts): CellSlot {
  slot.base = base;
  slot.pending = [...pending];
  slot.shown = what;
  return slot;
}

function durableOf(slot: CellSlot): unknown {
  return plain({ base: slot.base, pending: slot.pending, shown: slot.shown });
}

describe("a cell's record", () => {
  test("comes back as it was written: siblings, sums, early contexts, what is pending, what the server holds", () => {
    fc.assert(
      fc.property(slotParts, (parts) => {
        const writers = new WriterTable();
        const out = new ByteWriter();
        const slot = filled(new CellSlot(new KeyEntry(0, "k"), "h", "f"), parts);
        writeSlot(out, slot, slot.pending, writers);
        const reader = new ByteReader(out.take());
        const read = new CellSlot(slot.entry, "h", "f");
        readSlot(reader, read, writers);
        expect(durableOf(read)).toEqual(durableOf(slot));
        expect(reader.done).toBe(true);
        expect(read.excepted).toBe(parts.pending.length > 0);
      }),
      { numRuns: 500 },
    );
  });

  test("of a plain string is small: 16 bytes beside a value of 3", () => {
    const slot = filled(new CellSlot(new KeyEntry(0, "k"), "s", ""), {
      base: { siblings: [{ writer: writerId("eu", "0"), hlc: 1 as Hlc, print: "=abc", number: Infinity, value: undefined }], sums: [], early: [] },
      pending: [],
      shown: undefined,
    });
    const out = new ByteWriter();
    writeSlot(out, slot, [], new WriterTable());
    expect(out.length).toBeLessThanOrEqual(16);
  });
});

describe("a key's record", () => {
  const parts = fc.record({
    key: fc.oneof(text(20), fc.constant("k".repeat(NAME_BYTES_MAX)), fc.constant("k".repeat(NAME_BYTES_MAX + 1))),
    string: fc.option(slotParts, { nil: undefined }),
    whole: fc.option(slotParts, { nil: undefined }),
    expiry: fc.option(slotParts, { nil: undefined }),
    members: fc.nat({ max: 300 }),
    early: fc.array(keyContext, { maxLength: 2 }),
    blind: fc.boolean(),
    expired: fc.boolean(),
  });

  test("comes back as it was written", () => {
    fc.assert(
      fc.property(parts, (made) => {
        const entry = new KeyEntry(3, made.key);
        if (made.string) entry.string = filled(new CellSlot(entry, "s", ""), made.string);
        if (made.whole) entry.whole = filled(new CellSlot(entry, "w", ""), made.whole);
        if (made.expiry) entry.expiry = filled(new CellSlot(entry, "t", ""), made.expiry);
        entry.memberRecords = made.members;
        if (made.members > 0) entry.present = { h: made.members, e: 1, z: 2, x: 3, g: 4 };
        entry.early = made.early;
        entry.blind = made.blind;
        entry.expired = made.expired;
        const writers = new WriterTable();
        const out = new ByteWriter();
        writeEntry(out, entry, writers, (slot) => slot.pending);
        const read = readEntry(out.take(), 3, made.key, writers);
        for (const which of ["string", "whole", "expiry"] as const) {
          expect(read[which] && durableOf(read[which])).toEqual(entry[which] && durableOf(entry[which]));
        }
        const rest = (of: KeyEntry): unknown => plain([of.memberRecords, of.present, of.early, of.blind, of.expired]);
        expect(rest(read)).toEqual(rest(entry));
      }),
      { numRuns: 200 },
    );
  });
});

describe("a member's record", () => {
  test("holds the name exactly where the record's own name is a hash", () => {
    fc.assert(
      fc.property(fc.integer({ min: NAME_BYTES_MAX - 2, max: NAME_BYTES_MAX + 2 }), slotParts, (length, made) => {
        const entry = new KeyEntry(0, "k");
        const field = "f".repeat(length);
        const slot = filled(new CellSlot(entry, "z", field), made);
        const writers = new WriterTable();
        const out = new ByteWriter();
        writeMember(out, slot, writers, () => slot.pending);
        const bytes = out.take();
        const read = readMember(bytes, entry, "z", isHashedName(field) ? "the hash" : field, writers);
        expect([read.field, durableOf(read)]).toEqual([field, durableOf(slot)]);
      }),
      { numRuns: 60 },
    );
  });
});
