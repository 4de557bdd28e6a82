import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hlcOf, VersionVector, writerId, type Hlc } from "@meridian/words";
import { emptyCell, type Cell, type CellChange } from "./cell.js";
import { registerContent } from "./content.js";
import { decimalOf, decimalText, isPlainDecimal } from "./decimal.js";
import { mergeChange } from "./merge.js";

const scaled = fc.bigInt({ min: -(10n ** 41n), max: 10n ** 41n });

describe("decimals", () => {
  it.each([
    ["0", 0n], ["-0", 0n], ["1", 10n ** 17n], ["-1.5", -15n * 10n ** 16n], ["+.25", 25n * 10n ** 15n], ["5.0e3", 5n * 10n ** 20n], ["2.", 2n * 10n ** 17n],
    ["1e-17", 1n], ["0.000000000000000005", 1n], ["-0.000000000000000005", -1n], ["0.0000000000000000049", 0n], ["1E+2", 10n ** 19n],
  ])("%s is read as INCRBYFLOAT reads it, rounded to 17 digits behind the point", (text, value) => {
    expect(decimalOf(text)).toBe(value);
  });

  it.each(["", ".", "-", "abc", "1.2.3", "0x10", "inf", "nan", " 1", "1 ", "1e", "1e99", "--1"])("%j is no number", (text) => {
    expect(decimalOf(text)).toBeUndefined();
  });

  it("are printed in one way only, which is read as what was printed", () => {
    fc.assert(
      fc.property(scaled, (value) => {
        const text = decimalText(value);
        expect(decimalOf(text)).toBe(value);
        expect(text).toMatch(/^(0|-?(0\.\d*[1-9]|[1-9]\d*(\.\d*[1-9])?))$/);
        expect(isPlainDecimal(text)).toBe(true);
      }),
    );
  });
});

/** A version `ms` after the tests' beginning. */
const at = (ms: number): Hlc => hlcOf(1_800_000_000_000 + ms);

const [EU, US] = [writerId("eu", "0"), writerId("us", "0")];

function change(part: Partial<CellChange>): CellChange {
  const hlc = part.hlc ?? at(1000);
  const none = { print: "", number: 0, value: undefined, sum: 0n, ahead: undefined, unseen: [], absorbed: [] };
  return { action: "increment", writer: EU, ...none, birth: hlc, context: new VersionVector(), ...part, hlc };
}

const put = (text: string): CellChange => change({ action: "put", print: `=${text}`, hlc: at(500) });
const added = (amount: string, ms: number, writer = EU): CellChange =>
  change({ sum: decimalOf(amount) ?? 0n, decimal: true, hlc: at(ms), writer });
const whole = (amount: bigint, ms: number, writer = EU): CellChange => change({ sum: amount, hlc: at(ms), writer });

function content(...changes: readonly CellChange[]): string | undefined {
  const cell = emptyCell();
  for (const one of changes) mergeChange(cell, one);
  return registerContent(cell)?.print;
}

describe("a cell with decimal increments", () => {
  it("adds them to a number, and to increments of integers", () => {
    expect(content(put("1.10"), added("1", 1000), added("1", 1001, US))).toBe("=3.1");
    expect(content(added("0.1", 1000), added("0.2", 1001, US))).toBe("=0.3");
    expect(content(put("5"), added("0.5", 1000), whole(2n, 1001), whole(3n, 1002, US))).toBe("=10.5");
    expect(content(put("2.5"), whole(2n, 1001))).toBe("=4.5");
    expect(content(put("abc"), added("1", 1000))).toBe("=abc");
    expect(content(put("1"), added("1.5", 1000), added("-1.5", 1001, US))).toBe("=1");
  });

  it("has no edge at 64 bits, and prints what is too long to be remembered by its digest, with the value", () => {
    expect(content(put("9223372036854775807"), added("0.5", 1000))).toBe("=9223372036854775807.5");
    const cell = emptyCell();
    for (const one of [put("123456789012345.12345"), added("0.00000000000000001", 1000)]) mergeChange(cell, one);
    const { print = "", value } = registerContent(cell) ?? {};
    expect([print.charAt(0), value?.toString()]).toEqual(["#", "123456789012345.12345000000000001"]);
  });

  it("keeps a writer's two sums apart: what takes one away, or ends it, leaves the other", () => {
    const cell: Cell = emptyCell();
    mergeChange(cell, whole(2n, 1000));
    mergeChange(cell, added("0.5", 1001));
    const upTo = at(1001);
    const taken = { writer: EU, birth: upTo, upTo, sum: decimalOf("0.5") ?? 0n, decimal: true } as const;
    const context = new VersionVector([[EU, upTo]]);
    mergeChange(cell, change({ action: "remove", writer: US, hlc: at(1500), context, absorbed: [taken] }));
    expect(registerContent(cell)?.print).toBe("=2");
    mergeChange(cell, added("0.25", 1600));
    expect(registerContent(cell)?.print).toBe("=2.25");
    expect(cell.sums.map(({ birth, decimal }) => [birth, decimal])).toEqual([[at(1000), undefined], [at(1600), true]]);
  });

  it("is told of a sum that was taken away before it came", () => {
    const birth = at(1000);
    const seen = { writer: EU, birth, upTo: birth, sum: decimalOf("1.5") ?? 0n, decimal: true } as const;
    const removal = change({ action: "remove", writer: US, hlc: at(1500), context: new VersionVector([[EU, birth]]), absorbed: [seen] });
    expect(content(removal, added("1.5", 1000))).toBeUndefined();
    expect(content(added("1.5", 1000), removal)).toBeUndefined();
  });
});
