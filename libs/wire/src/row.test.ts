import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HLC_ZERO, hlcOf, MutationKind, VersionVector, writerId, type Hlc, type Mutation, type WriterId } from "@meridian/words";
import { ByteReader } from "./byte-reader.js";
import { ByteWriter } from "./byte-writer.js";
import { readSpans, readValues, writeSpans, writeValues, type ByteSlice } from "./elements.js";
import { blankMutation, readRow, writeRow, type RowState } from "./row.js";

const EU = writerId("eu", "0");
const US = writerId("us", "0");
const K = MutationKind;
const AT = hlcOf(1_800_000_000_000, 7);

/** Rows as hex, with a blank where the README's layout has a new part. */
function rows(...mutations: readonly (Partial<Mutation> & { value?: string })[]): string {
  const out = new ByteWriter();
  const writers: WriterId[] = [];
  const state: RowState = { db: 0, hlc: AT };
  const table = { indexOf: (writer: WriterId): number => (writers.includes(writer) ? writers.indexOf(writer) : writers.push(writer) - 1) };
  for (const { value = "", ...rest } of mutations) {
    writeRow(out, { ...blankMutation(), hlc: AT, key: "k", ...rest, bytes: Buffer.from(value), valueStart: 0, valueEnd: value.length }, state, table);
  }
  return out.take().toString("hex");
}

const hex = (...parts: readonly string[]): string => parts.join("").replaceAll(" ", "");
/** 48 bits of milliseconds, 16 bits of counter. */
const AT_HEX = "01a3185c5000 0007";

describe("the layout of rows, which stands in logs for days", () => {
  test("a string with its deadline", () => {
    expect(rows({ kind: K.PutString, number: Infinity, value: "abc" })).toBe(hex("41", "01 6b", "7ff0000000000000", "03 616263"));
    expect(rows({ kind: K.PutString, number: 1_800_000_000_000, value: "" })).toBe(hex("41", "01 6b", "427a3185c5000000", "00"));
  });

  test("increments, with the running sum as decimal text", () => {
    expect(rows({ kind: K.IncrementString, birth: AT, sum: -42n })).toBe(hex("42", "01 6b", AT_HEX, "03 2d3432"));
    expect(rows({ kind: K.IncrementField, field: "f", birth: HLC_ZERO, sum: 7n })).toBe(hex("44", "01 6b", "01 66", "0000000000000000", "01 37"));
    expect(rows({ kind: K.IncrementScore, field: "m", birth: AT, sum: 1n })).toBe(hex("49", "01 6b", "01 6d", AT_HEX, "01 31"));
  });

  test("sums of scores, large multiples of 2^960, as how many times that", () => {
    const score = (sum: bigint): string => rows({ kind: K.IncrementScore, field: "m", birth: AT, sum });
    expect(score(3n << 960n)).toBe(hex("49", "01 6b", "01 6d", AT_HEX, "02 332a"));
    expect(score(-(3n << 960n))).toBe(hex("49", "01 6b", "01 6d", AT_HEX, "03 2d332a"));
    for (const odd of [(3n << 960n) + 1n, 1n << 959n, -1n, -(1n << 959n)]) expect(Buffer.from(score(odd), "hex").toString("latin1")).not.toContain("*");
  });

  test("fields, members, scores", () => {
    expect(rows({ kind: K.PutField, field: "f", value: "v" })).toBe(hex("43", "01 6b", "01 66", "01 76"));
    expect(rows({ kind: K.PutScore, field: "m", number: 1.5 })).toBe(hex("48", "01 6b", "01 6d", "3ff8000000000000"));
    for (const kind of [K.RemoveField, K.AddMember, K.RemoveMember, K.RemoveScore]) {
      expect(rows({ kind, field: "m" })).toBe(hex((0x40 + kind).toString(16), "01 6b", "01 6d"));
    }
  });

  test("whole values, deadlines and removals", () => {
    expect(rows({ kind: K.PutWhole, number: Infinity, value: "d" })).toBe(hex("4c", "01 6b", "7ff0000000000000", "01 64"));
    expect(rows({ kind: K.PutExpiry, number: Infinity })).toBe(hex("4b", "01 6b", "7ff0000000000000"));
    expect(rows({ kind: K.RemoveKey })).toBe(hex("4d", "01 6b"));
    expect(rows({ kind: K.RemoveExpiry })).toBe(hex("4e", "01 6b"));
  });

  test("elements of lists: values one after the other, spans of positions", () => {
    const values = new ByteWriter();
    const slice = (text: string): ByteSlice => ({ bytes: Buffer.from(text), start: 0, end: text.length });
    writeValues(values, [slice("ab"), slice("")]);
    const put = values.take();
    expect(rows({ kind: K.PutElements, field: "p", value: put.toString("latin1") })).toBe(hex("50", "01 6b", "01 70", "04", "02 6162", "00"));
    expect(readValues({ bytes: put, start: 0, end: put.length }).map(String)).toEqual(["ab", ""]);
    const spans = [{ from: "p", to: "p" }, { from: "a", to: "b" }, { from: "", to: "c" }, { from: "", to: "" }];
    writeSpans(values, spans);
    const removed = values.take();
    expect(rows({ kind: K.RemoveElements, value: removed.toString("latin1") })).toBe(
      hex("51", "01 6b", "0f", "00 01 70", "01 01 61 01 62", "01 00 01 63", "01 00 00"),
    );
    expect(readSpans({ bytes: removed, start: 0, end: removed.length })).toEqual(spans);
    for (const end of [1, 2, 4, 7]) {
      expect(() => readSpans({ bytes: removed, start: 0, end })).toThrow(expect.objectContaining({ code: "BAD_RECORD" }) as Error);
    }
  });

  test("a row says its version only where it moves, and its database where that changes", () => {
    const later = (AT + 300) as Hlc;
    const kind = K.RemoveKey;
    const four = rows({ kind }, { kind, hlc: later, db: 3 }, { kind, hlc: later, db: 3, continues: true }, { kind, hlc: later });
    expect(four).toBe(hex("4d", "01 6b", "00 03", "0d", "ac 02", "01 6b", "6d", "01 6b", "00 00", "4d", "01 6b"));
  });

  test("a row that creates its key says so in a byte of its own, behind the database", () => {
    const created = rows({ kind: K.AddMember, field: "m", creates: true, db: 2 }, { kind: K.AddMember, field: "n", db: 2 });
    expect(created).toBe(hex("00 02", "0f", "46", "01 6b", "01 6d", "46", "01 6b", "01 6e"));
  });

  test("the rare part, where the kind's high bit says so", () => {
    const detail = {
      context: new VersionVector([[US, AT]]),
      unseen: [{ kind: "z" as const, field: "m", writer: EU, hlc: AT }],
      absorbed: [{ kind: "s" as const, field: "", writer: US, birth: AT, upTo: AT, sum: 5n }],
    };
    expect(rows({ kind: K.RemoveKey, detail })).toBe(
      hex("cd", "01 6b", "01", "00", AT_HEX, "01", "03", "01 6d", "01", AT_HEX, "01", "00", "00", "00", AT_HEX, AT_HEX, "01 35"),
    );
  });
});

describe("primitive values", () => {
  test("varints come back, to the last exact integer", () => {
    const edges = [0, 127, 128, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 32 + 127, Number.MAX_SAFE_INTEGER];
    fc.assert(
      fc.property(fc.oneof(fc.maxSafeNat(), fc.constantFrom(...edges)), (value) => {
        const out = new ByteWriter();
        out.varint(value);
        const reader = new ByteReader(out.take());
        expect([reader.varint(), reader.done]).toEqual([value, true]);
      }),
    );
  });

  test("a writer grows to what is written, and begins anew", () => {
    const out = new ByteWriter();
    const large = Buffer.alloc(3_000_000, 7);
    out.byte(1);
    out.raw(large);
    expect(out.take().equals(Buffer.concat([Buffer.from([1]), large]))).toBe(true);
    out.text("\0\xff");
    expect([out.length, out.take().toString("hex")]).toEqual([3, "0200ff"]);
  });
});

describe("streams", () => {
  const read = (row: Partial<Mutation> & { value?: string }): Mutation => {
    const mutation = blankMutation();
    readRow(new ByteReader(Buffer.from(rows(row), "hex")), mutation, { db: 0, hlc: AT }, [EU]);
    return mutation;
  };
  const refused = (says: RegExp): Error =>
    expect.objectContaining({ code: "BAD_RECORD", message: expect.stringMatching(says) as string }) as Error;

  test("carry ids", () => {
    expect(read({ kind: K.PutEntry, field: "m1526919030474b55", value: "v" }).field).toBe("m1526919030474b55");
    expect(read({ kind: K.RemoveEntry, field: "a0a1", value: "v" }).field).toBe("a0a1");
    expect(read({ kind: K.PutStream, value: "18446744073709551615-0" }).valueEnd).toBeGreaterThan(0);
    for (const value of ["0 0-0", "5-1 7-0", "12 7-0"]) expect(read({ kind: K.PutGroup, field: "any name", value }).field).toBe("any name");
  });

  test("are refused where they name what is no id, and say so", () => {
    for (const kind of [K.PutEntry, K.RemoveEntry]) {
      for (const field of ["", "a1", "a1a", "a1b1", "b05a1", "a1a1a1", "1-1", "a1ax", "u123456789012345678901a1", "a-a1"]) {
        expect(() => read({ kind, field, value: "v" }), field).toThrow(refused(/names an entry ".*", which is no id/));
      }
    }
    for (const value of ["", "5", "5-", "05-1", "5-1 ", "$", "123456789012345678901-0"]) {
      expect(() => read({ kind: K.PutStream, value }), value).toThrow(refused(/gives a stream the last id ".*", which is no id/));
    }
    for (const value of ["", "5-1", "$ 5-1", "5-1 5", "5-1 5-1 5-1"]) {
      expect(() => read({ kind: K.PutGroup, field: "g", value }), value).toThrow(refused(/begins a group at ".*", which is no id/));
    }
  });
});

describe("rows that end early", () => {
  test("are refused wherever they end, never read beyond", () => {
    const whole = Buffer.from(
      rows(
        { kind: K.PutString, number: Infinity, value: "a value" },
        { kind: K.IncrementField, db: 5, field: "f", birth: AT, sum: 123456789n },
        { kind: K.RemoveKey, detail: { context: undefined, unseen: [], absorbed: [{ kind: "s", field: "", writer: EU, birth: AT, upTo: AT, sum: 5n }] } },
      ),
      "hex",
    );
    const readAll = (bytes: Buffer): number => {
      const reader = new ByteReader(bytes);
      const state: RowState = { db: 0, hlc: AT };
      for (let count = 0; count < 3; count += 1) readRow(reader, blankMutation(), state, [EU]);
      return reader.at;
    };
    expect(readAll(whole)).toBe(whole.length);
    for (let end = 0; end < whole.length; end += 1) {
      expect(() => readAll(whole.subarray(0, end))).toThrow(expect.objectContaining({ code: "BAD_RECORD" }) as Error);
    }
  });
});
