import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ERROR_CODES, MeridianError } from "./error.js";
import { COUNTER_LIMIT, formatHlc, HLC_BYTES, HLC_EPOCH_MS, HLC_LAST_MS, HLC_ZERO, hlcCounter, hlcMs, hlcOf, readHlc, writeHlc, type Hlc } from "./hlc.js";
import { groupOf, groupWriter, mainWriter, parseWriterId, regionId, regionOf, serverOf, writerId, type WriterId } from "./region-id.js";
import { VersionVector } from "./vector.js";

const ms = fc.integer({ min: HLC_EPOCH_MS, max: HLC_LAST_MS });
const counter = fc.integer({ min: 0, max: COUNTER_LIMIT - 1 });
const reading = fc.oneof(fc.constant(HLC_ZERO), fc.tuple(ms, counter).map(([at, count]) => hlcOf(at, count)));

function bytesOf(value: Hlc): Buffer {
  const bytes = Buffer.alloc(HLC_BYTES);
  writeHlc(bytes, value, 0);
  return bytes;
}

describe("readings", () => {
  test("hold their milliseconds and counter exactly, until 2089", () => {
    fc.assert(
      fc.property(ms, counter, (at, count) => {
        const made = hlcOf(at, count);
        expect([hlcMs(made), hlcCounter(made), Number.isSafeInteger(made)]).toEqual([at, count, true]);
      }),
    );
    expect(new Date(HLC_LAST_MS).getUTCFullYear()).toBe(2089);
    expect(hlcOf(HLC_LAST_MS, COUNTER_LIMIT - 1)).toBe(Number.MAX_SAFE_INTEGER);
  });

  test("come back from their 64 bits, whose byte order is time order", () => {
    fc.assert(
      fc.property(reading, reading, (a, b) => {
        expect(readHlc(bytesOf(a), 0)).toBe(a);
        expect(Math.sign(bytesOf(a).compare(bytesOf(b)))).toBe(Math.sign(a - b));
      }),
    );
  });

  test("carry into the next millisecond behind the last tick of one", () => {
    expect(hlcOf(HLC_EPOCH_MS, COUNTER_LIMIT - 1) + 1).toBe(hlcOf(HLC_EPOCH_MS + 1));
  });

  test("can be read by people", () => {
    expect([formatHlc(hlcOf(Date.UTC(2026, 0, 2, 3, 4, 5, 6), 7)), formatHlc(HLC_ZERO)]).toEqual(["2026-01-02T03:04:05.006Z+7", "never"]);
  });
});

describe("names", () => {
  test("of writers are a region and a server, and come apart again", () => {
    const made = writerId("eu-west", "0");
    expect([made, regionOf(made), serverOf(made), parseWriterId(made)]).toEqual(["eu-west/0", "eu-west", "0", made]);
  });

  test("of groups stand behind the server's, are of the same region and server, and sort by their region", () => {
    const eu = writerId("eu", "0");
    const made = groupWriter(eu, "eu+us");
    expect([made, parseWriterId(made), regionOf(made), serverOf(made), groupOf(made), mainWriter(made)]).toEqual(["eu/0~eu+us", made, "eu", "0", "eu+us", eu]);
    expect([groupWriter(eu, ""), groupOf(eu), mainWriter(eu)]).toEqual([eu, "", eu]);
    const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,3}$/);
    fc.assert(
      fc.property(name, name, (a, b) => {
        const [one, other] = [writerId(a, "0"), writerId(b, "0")];
        expect(groupWriter(one, "x+y") < groupWriter(other, "x+y")).toBe(one < other);
      }),
    );
    for (const text of ["eu/0~", "eu/0~EU", "eu/~eu+us", "eu~eu+us", "eu/0~a~b"]) expect(() => parseWriterId(text)).toThrow(MeridianError);
  });

  test("that could be misread are refused, with what is allowed", () => {
    for (const name of ["", "EU", "0eu", "eu/1", "eu west", "é", "a".repeat(33), "-eu"]) {
      expect(() => regionId(name)).toThrow(expect.objectContaining({ code: "BAD_NAME", retryable: false }) as Error);
    }
    for (const text of ["eu", "/0", "eu/", "eu/0/1", "eu/A", "eu//0"]) expect(() => parseWriterId(text)).toThrow(MeridianError);
  });
});

describe("version vectors", () => {
  const writers = ["eu/0", "us/0", "ap/0"] as WriterId[];
  const entry = fc.tuple(fc.constantFrom(...writers), fc.nat({ max: 5 }).map((n) => n as Hlc));
  const vector = fc.array(entry, { maxLength: 5 }).map((entries) => {
    const made = new VersionVector();
    for (const [writer, hlc] of entries) made.raise(writer, hlc);
    return made;
  });
  const joined = (a: VersionVector, b: VersionVector): VersionVector => {
    const made = a.clone();
    made.join(b);
    return made;
  };

  test("join to their least upper bound", () => {
    fc.assert(
      fc.property(vector, vector, vector, (a, b, c) => {
        expect(joined(a, b).toString()).toBe(joined(b, a).toString());
        expect(joined(joined(a, b), c).toString()).toBe(joined(a, joined(b, c)).toString());
        expect(joined(a, a).toString()).toBe(a.toString());
        expect(joined(a, b).includes(a) && joined(a, b).includes(b)).toBe(true);
        if (c.includes(a) && c.includes(b)) expect(c.includes(joined(a, b))).toBe(true);
      }),
    );
  });

  test("say whether they moved, never go back, and cover what is not after their entry", () => {
    const made = new VersionVector([["eu/0" as WriterId, 5 as Hlc]]);
    expect([made.raise("eu/0" as WriterId, 5 as Hlc), made.raise("eu/0" as WriterId, 3 as Hlc), made.raise("eu/0" as WriterId, 6 as Hlc)]).toEqual([false, false, true]);
    expect([made.covers("eu/0" as WriterId, 6 as Hlc), made.covers("eu/0" as WriterId, 7 as Hlc), made.covers("us/0" as WriterId, 1 as Hlc)]).toEqual([true, false, false]);
    expect([made.join(new VersionVector([["eu/0" as WriterId, 6 as Hlc]])), made.join(new VersionVector([["us/0" as WriterId, 1 as Hlc]])), made.size]).toEqual([false, true, 2]);
  });

  test("are copied by value", () => {
    const made = new VersionVector();
    const copy = made.clone();
    copy.raise("eu/0" as WriterId, 1 as Hlc);
    expect([made.size, copy.size]).toEqual([0, 1]);
  });
});

describe("errors", () => {
  test("carry code, advice, cause, and whether a retry can help; never by default", () => {
    const cause = new Error("below");
    const error = new MeridianError("LOG_UNAVAILABLE", "the log is away", { advice: "wait", cause });
    expect(error).toMatchObject({ name: "MeridianError", code: "LOG_UNAVAILABLE", message: "the log is away", advice: "wait", retryable: false, cause });
    expect(new MeridianError("LOG_UNAVAILABLE", "x", { advice: "", retryable: true }).retryable).toBe(true);
    expect("cause" in new MeridianError("LOG_UNAVAILABLE", "x", { advice: "" })).toBe(false);
  });

  test("have codes that say what they mean", () => {
    for (const [code, meaning] of Object.entries(ERROR_CODES)) expect([code, /^[A-Z]+(_[A-Z]+)*$/.test(code), meaning.length > 10]).toEqual([code, true, true]);
  });
});
