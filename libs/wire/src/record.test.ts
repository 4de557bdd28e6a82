import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hlcOf, MutationKind, VersionVector, writerId, type Hlc, type Mutation, type MutationDetail } from "@meridian/words";
import { blankMutation } from "./row.js";
import { decodeRecord, encodeRecord } from "./record.js";
import { FrameBuilder } from "./frame.js";

const EU = writerId("eu", "0");
const US = writerId("us", "0");
const span = { replicationId: "a".repeat(40), firstOffset: 7, lastOffset: 2 ** 45 };
const START = hlcOf(1_800_000_000_000);

const text = fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes).toString("latin1"));
const version = fc.integer({ min: 0, max: 2 ** 50 }).map((n) => n as Hlc);
const writer = fc.constantFrom(EU, US);
/** Of counters and of scores, which are multiples of 2^-1074. */
const sum = fc.oneof(
  fc.bigInt(),
  fc.tuple(fc.bigInt({ min: -(2n ** 60n), max: 2n ** 60n }), fc.bigInt({ min: 950n, max: 1_080n })).map(([times, bits]) => times << bits),
);
const detail: fc.Arbitrary<MutationDetail> = fc.record({
  context: fc.option(version.map((hlc) => new VersionVector([[US, (hlc + 1) as Hlc]])), { nil: undefined }),
  unseen: fc.array(fc.record({ kind: fc.constantFrom("s" as const, "h" as const, "e" as const), field: text, writer, hlc: version }), { maxLength: 3 }),
  absorbed: fc.array(
    fc.record({ kind: fc.constantFrom("s" as const, "z" as const), field: text, writer, birth: version, upTo: version, sum }),
    { maxLength: 3 },
  ),
});

const NUMBERED: readonly number[] = [MutationKind.PutString, MutationKind.PutWhole, MutationKind.PutExpiry, MutationKind.PutScore];
const VALUED: readonly number[] = [MutationKind.PutString, MutationKind.PutWhole, MutationKind.PutField];
const SUMMED: readonly number[] = [MutationKind.IncrementString, MutationKind.IncrementField, MutationKind.IncrementScore];
const FIELDLESS: readonly number[] = [
  MutationKind.PutString,
  MutationKind.PutWhole,
  MutationKind.PutExpiry,
  MutationKind.IncrementString,
  MutationKind.RemoveKey,
  MutationKind.RemoveExpiry,
];

/** A mutation with only the parts that its kind carries. */
const mutation = fc
  .record({
    kind: fc.integer({ min: 1, max: 14 }),
    step: fc.integer({ min: 0, max: 100_000 }),
    continues: fc.boolean(),
    db: fc.constantFrom(0, 0, 0, 3),
    key: text,
    field: text,
    value: fc.uint8Array({ maxLength: 40 }),
    number: fc.oneof(fc.double({ noNaN: true }), fc.constant(Infinity)),
    birth: version,
    sum,
    detail: fc.option(detail, { nil: undefined }),
  })
  .map((m) => ({
    ...m,
    field: FIELDLESS.includes(m.kind) ? "" : m.field,
    value: VALUED.includes(m.kind) ? Buffer.from(m.value) : Buffer.alloc(0),
    number: NUMBERED.includes(m.kind) ? m.number : 0,
    birth: SUMMED.includes(m.kind) ? m.birth : (0 as Hlc),
    sum: SUMMED.includes(m.kind) ? m.sum : 0n,
  }));

function plain(m: Mutation): unknown {
  const { bytes, valueStart, valueEnd, number, birth, sum, field, detail: extra, ...rest } = m;
  return {
    ...rest,
    field,
    value: VALUED.includes(m.kind) ? bytes.toString("latin1", valueStart, valueEnd) : "",
    number: NUMBERED.includes(m.kind) ? number : 0,
    birth: SUMMED.includes(m.kind) ? birth : 0,
    sum: SUMMED.includes(m.kind) ? sum : 0n,
    detail: extra && { context: [...(extra.context?.entries() ?? [])], unseen: extra.unseen, absorbed: extra.absorbed },
  };
}

describe("record", () => {
  it("carries any frames there and back", () => {
    fc.assert(
      fc.property(fc.array(fc.array(mutation, { minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 4 }), (frames) => {
        const builder = new FrameBuilder();
        let clock = START;
        const sent: unknown[] = [];
        const messages = frames.map((rows) => {
          const previous = clock;
          for (const row of rows) {
            clock = (clock + row.step) as Hlc;
            const m = { ...blankMutation(), ...row, kind: row.kind as Mutation["kind"], hlc: clock, bytes: row.value, valueStart: 0, valueEnd: row.value.length };
            sent.push(plain(m));
            builder.add(m);
          }
          return builder.finish(previous, new VersionVector([[US, START]]));
        });
        const entry = decodeRecord(encodeRecord(EU, span, messages), EU);
        const received: unknown[] = [];
        for (const frame of entry.frames) {
          expect(frame.context.get(US)).toBe(START);
          frame.forEach((m) => received.push(plain(m)));
        }
        expect(received.map(stripStep)).toEqual(sent.map(stripStep));
        expect(entry.span).toEqual(span);
        expect(entry.frames.at(-1)?.last).toBe(clock);
      }),
    );
  });

  it("refuses another writer's record, damaged bytes and newer schemas, naming the remedy", () => {
    const builder = new FrameBuilder();
    builder.add({ ...blankMutation(), key: "k", hlc: START });
    const bytes = encodeRecord(EU, span, [builder.finish(START, new VersionVector())]);
    expect(() => decodeRecord(bytes, US)).toThrow(/holds a record of eu\/0/);
    expect(() => decodeRecord(bytes.subarray(0, bytes.length - 9), EU)).toThrow();
    const flipped = Buffer.from(bytes);
    const at = flipped.indexOf("k", flipped.length - 12, "latin1");
    flipped[at] = 0x6b ^ 1;
    expect(() => decodeRecord(flipped, EU)).toThrow(/checksum|decoded/);
    const newer = Buffer.concat([bytes, Buffer.from([0x08, 9])]);
    expect(() => decodeRecord(newer, EU)).toThrow(/schema 9/);
  });
});

function stripStep(value: unknown): unknown {
  const { step: _step, ...rest } = value as { step?: number };
  return rest;
}
