import type { WriterId } from "@meridian/words";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeHeader, encodeHeader, isLastPiece, splitRecord, type EntryHeader, type StoredEntry } from "./entry.js";
import type { LogPosition } from "./port.js";
import { comparePositions, decodePosition, encodePosition } from "./position.js";
import { OPEN_RECORD_PASSED_MAX, Reassembly } from "./reassembly.js";

const WRITER = "eu/0" as WriterId;
const SESSION = 7;

const whole = (raw: number, sequence: number, text: string): StoredEntry => ({
  raw: String(raw),
  header: { session: SESSION, sequence },
  payload: Buffer.from(text),
});
const piece = (raw: number, sequence: number, index: number, count: number, text: string): StoredEntry => ({
  raw: String(raw),
  header: { session: SESSION, sequence, fragment: { index, count } },
  payload: Buffer.from(text),
});

/** A late copy of A and B landed between the pieces of C. */
const INTERLEAVED = [
  whole(1, 1, "A"),
  whole(2, 2, "B"),
  piece(3, 3, 0, 2, "C-"),
  whole(4, 1, "A"),
  whole(5, 2, "B"),
  piece(6, 4, 1, 2, "-C"),
  whole(7, 5, "D"),
];

function read(entries: readonly StoredEntry[], after?: LogPosition): readonly { text: string; position: LogPosition }[] {
  const reassembly = new Reassembly(WRITER, after);
  const from = reassembly.from;
  const rest = entries.filter(({ raw }) => from === undefined || Number(raw) > Number(from));
  return reassembly.push(rest).map(({ bytes, position }) => ({ text: bytes.toString(), position }));
}

describe("putting records together", () => {
  it("keeps pieces apart from what stands between them", () => {
    expect(read(INTERLEAVED).map(({ text }) => text)).toEqual(["A", "B", "A", "B", "C--C", "D"]);
  });

  it("resumes between the pieces of a record with exactly the rest", () => {
    const all = read(INTERLEAVED);
    for (const [index, { position }] of all.entries()) {
      expect(read(INTERLEAVED, position)).toEqual(all.slice(index + 1));
    }
  });

  it("resumes at the very beginning where the open record was the first", () => {
    const entries = [piece(1, 1, 0, 2, "C-"), whole(2, 0, "late"), piece(3, 2, 1, 2, "-C")];
    const [late] = read(entries);
    expect(late?.text).toBe("late");
    expect(read(entries, late?.position).map(({ text }) => text)).toEqual(["C--C"]);
  });

  it("forgets a record whose writer died half-way, so that positions do not stay tied to it", () => {
    const passed = Array.from({ length: OPEN_RECORD_PASSED_MAX + 1 }, (_, index) => whole(index + 2, index + 2, "x"));
    const records = read([piece(1, 1, 0, 2, "C-"), ...passed]);
    expect(decodePosition(records[0]?.position as LogPosition).resume).toBe("start");
    expect(decodePosition(records.at(-1)?.position as LogPosition).resume).toBeUndefined();
  });

  it("tells a gap while going forward, and the first missing entry of a fragmented record too", () => {
    expect(() => read([whole(1, 1, "A"), whole(9, 3, "C")])).toThrow(expect.objectContaining({ code: "RECORD_GAP" }) as Error);
    const [, , open] = read(INTERLEAVED);
    const trimmed = INTERLEAVED.slice(3);
    expect(() => read([...trimmed.filter(({ header }) => header.sequence > 3)], open?.position)).toThrow(
      expect.objectContaining({ code: "RECORD_GAP" }) as Error,
    );
  });
});

describe("what is written beside a record", () => {
  const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
  const sequence = fc.maxSafeNat().map((value) => value % 2 ** 48);
  const headers: fc.Arbitrary<EntryHeader> = fc
    .record({
      session: uint32,
      sequence,
      index: fc.nat(1000),
      count: fc.nat(1000),
      split: fc.boolean(),
      anew: fc.option(fc.nat().map(String)),
    })
    .map(({ session, sequence: number, index, count, split, anew }) => ({
      session,
      sequence: number,
      ...(split && { fragment: { index, count: index + 1 + count } }),
      ...(anew !== null && { anew }),
    }));

  it("is read back as it was written, and refused when cut short", () => {
    fc.assert(
      fc.property(headers, (header) => {
        const bytes = encodeHeader(header);
        expect(decodeHeader(bytes, "it")).toEqual(header);
        const shortest = header.fragment ? 20 : 12;
        for (let length = 0; length < shortest; length += 1) {
          expect(() => decodeHeader(bytes.subarray(0, length), "it")).toThrow(expect.objectContaining({ code: "BAD_RECORD" }) as Error);
        }
      }),
    );
  });

  it("splits any record into pieces within the limit that join to the same bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.integer({ min: 1, max: 40 }), (bytes, limit) => {
        const record = Buffer.from(bytes);
        const pieces = splitRecord(record, limit);
        expect(Buffer.concat(pieces).equals(record)).toBe(true);
        expect(pieces.every(({ length }) => length <= limit)).toBe(true);
        expect(pieces).toHaveLength(Math.max(1, Math.ceil(record.length / limit)));
        const fragment = { index: pieces.length - 1, count: pieces.length };
        expect(isLastPiece({ session: 0, sequence: 0, fragment })).toBe(true);
      }),
    );
  });

  it("gives positions that are read back, and ordered by number and not by text", () => {
    const raws = fc.oneof(fc.nat().map(String), fc.tuple(fc.nat(), fc.nat()).map((parts) => parts.join("-")));
    const points = fc.record({ raw: raws, sequence, session: uint32 });
    const resumes = fc.oneof(fc.constant(undefined), fc.constant("start" as const), points);
    fc.assert(
      fc.property(points, resumes, (point, resume) => {
        expect(decodePosition(encodePosition({ ...point, resume }))).toEqual({ ...point, resume });
      }),
    );
    const at = (raw: string): LogPosition => encodePosition({ raw, sequence: 1, session: 1, resume: undefined });
    expect(comparePositions(at("9"), at("10"))).toBeLessThan(0);
    expect(comparePositions(at("1700000000000-10"), at("1700000000000-9"))).toBeGreaterThan(0);
    expect(comparePositions(at("18446744073709551615-0"), at("18446744073709551615-0"))).toBe(0);
  });

  it("refuses text that is no position", () => {
    for (const text of ["", "1", "1/2", "x/1/1", "1/1/1/", "1/1/1/2/2/2/start", "1/1/1/nowhere"]) {
      expect(() => decodePosition(text as LogPosition), text).toThrow(expect.objectContaining({ code: "BAD_RECORD" }) as Error);
    }
  });
});
