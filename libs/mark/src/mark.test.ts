import { hlcOf, MeridianError, VersionVector, writerId } from "@meridian/words";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeMark, encodeMarkEntry, encodeMarkHeader, type CellKind, type CellName, type Mark } from "./index.js";

const binary = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString("latin1"));
const cellName: fc.Arbitrary<CellName> = fc.record({
  db: fc.integer({ min: 0, max: 65_535 }),
  kind: fc.constantFrom<CellKind[]>("s", "h", "e", "z", "t", "w", "k"),
  key: binary,
  field: binary,
});
const vector = fc
  .array(fc.tuple(fc.constantFrom("eu/0", "us/0", "ap-south/shard-17"), fc.integer({ min: 0, max: 2 ** 20 }), fc.integer({ min: 0, max: 4095 })))
  .map((entries) => {
    const built = new VersionVector();
    for (const [name, ms, counter] of entries) {
      const [region, server] = name.split("/") as [string, string];
      built.raise(writerId(region, server), hlcOf(1_700_000_000_000 + ms, counter));
    }
    return built;
  });

/** What the apply script appends, written independently of the codec's own writer. */
function entry(tag: string, cell: CellName, text?: string): Buffer {
  const u32 = (n: number): Buffer => Buffer.from([n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255]);
  const sized = (s: string): Buffer => Buffer.concat([u32(s.length), Buffer.from(s, "latin1")]);
  const head = Buffer.from([tag.charCodeAt(0), cell.kind.charCodeAt(0), cell.db >> 8, cell.db & 255]);
  return Buffer.concat([head, sized(cell.key), sized(cell.field), text === undefined ? Buffer.alloc(0) : sized(text)]);
}

function plain(mark: Mark): object {
  return { ...mark, vector: mark.vector.toString() };
}

describe("mark codec", () => {
  test("header and entries come back as written, for any bytes in names", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
        vector,
        fc.array(cellName, { maxLength: 4 }),
        fc.array(cellName, { maxLength: 4 }),
        fc.array(cellName, { maxLength: 4 }),
        (epoch, seq, vector, deferred, settled, skipped) => {
          const header = encodeMarkHeader({ epoch, seq, vector, deferred, settled });
          const mark = decodeMark(Buffer.concat([header, ...skipped.map((cell) => entry("s", cell))]));
          const entries = { notes: [], removed: [], refused: [], told: undefined, silenced: [] };
          expect(plain(mark)).toEqual({ epoch, seq, vector: vector.toString(), deferred, settled, skipped, ...entries });
        },
      ),
    );
  });

  test("a header alone is a mark that skipped nothing", () => {
    const header = encodeMarkHeader({ epoch: 3, seq: 2 ** 40, vector: new VersionVector(), deferred: [], settled: [] });
    expect(header.length).toBe(27);
    expect(plain(decodeMark(header))).toMatchObject({ epoch: 3, seq: 2 ** 40, vector: "", skipped: [] });
  });

  test("notes and refusals name their cell, and a refused cell is a skipped one", () => {
    const header = encodeMarkHeader({ epoch: 1, seq: 1, vector: new VersionVector(), deferred: [], settled: [] });
    const cell: CellName = { db: 2, kind: "w", key: "l", field: "" };
    const other: CellName = { ...cell, key: "m" };
    const mark = decodeMark(Buffer.concat([header, entry("n", cell, "0123456789abcdef"), entry("r", other, "ERR no")]));
    expect(mark.notes).toEqual([{ cell, digest: "0123456789abcdef" }]);
    expect(mark.skipped).toEqual([other]);
    expect(mark.refused).toEqual([{ cell: other, reason: "ERR no" }]);
  });

  test("an encoded entry is what the script would append", () => {
    fc.assert(
      fc.property(cellName, binary, (cell, text) => {
        expect(encodeMarkEntry("s", cell)).toEqual(entry("s", cell));
        expect(encodeMarkEntry("r", cell, text)).toEqual(entry("r", cell, text));
      }),
    );
  });

  test("every truncation is refused with BAD_MARK, unless it ends between entries", () => {
    const cell: CellName = { db: 0, kind: "h", key: "key", field: "f" };
    const vector = new VersionVector([[writerId("eu", "0"), hlcOf(1_700_000_000_000)]]);
    const header = encodeMarkHeader({ epoch: 1, seq: 9, vector, deferred: [cell], settled: [cell] });
    const whole = Buffer.concat([header, entry("s", cell)]);
    for (let length = 0; length < whole.length; length++) {
      if (length === header.length) continue;
      expect(() => decodeMark(whole.subarray(0, length)), `cut at ${length}`).toThrow(MeridianError);
    }
  });

  test.each([
    ["another version", (b: Buffer) => b.writeUInt8(2, 0)],
    ["a sequence number that is no whole number", (b: Buffer) => b.writeDoubleBE(1.5, 5)],
    ["a writer that is no name", (b: Buffer) => b.write("E", 20, "latin1")],
    ["an unknown cell kind", (b: Buffer) => b.write("?", 36, "latin1")],
  ])("refuses %s", (_what, damage) => {
    const vector = new VersionVector([[writerId("eu", "0"), hlcOf(1_700_000_000_000)]]);
    const bytes = encodeMarkHeader({ epoch: 1, seq: 9, vector, deferred: [{ db: 0, kind: "h", key: "k", field: "f" }], settled: [] });
    decodeMark(bytes);
    damage(bytes);
    expect(() => decodeMark(bytes)).toThrow(expect.objectContaining({ code: "BAD_MARK" }) as Error);
  });
});
