import { VersionVector } from "@meridian/words";
import { describe, expect, test } from "vitest";
import { ApplyBatch, BATCH_HEAD_ARGS, encodeMarkHeader, RUN_LIMIT } from "./index.js";

function batch(): ApplyBatch {
  return new ApplyBatch(4, 7, 8, encodeMarkHeader({ epoch: 4, seq: 8, vector: new VersionVector(), deferred: [], settled: [] }));
}

function ops(of: ApplyBatch): readonly unknown[] {
  return of.args.slice(BATCH_HEAD_ARGS);
}

describe("apply batch", () => {
  test("begins with epoch, predecessor, sequence number and header", () => {
    expect(batch().args.slice(0, 3)).toEqual(["4", "7", "8"]);
    expect(Buffer.isBuffer(batch().args[3])).toBe(true);
  });

  test("gathers strings of the same expectation into one run", () => {
    const b = batch();
    b.setString(0, "a", "=", "1", "2", -1);
    b.setString(0, "b", "=", "3", "4", -1);
    b.setString(0, "c", "-", "", "5", -1);
    b.setString(0, "d", "~", "", "6", 99);
    expect(ops(b)).toEqual(["M=", "2", "a", "2", "b", "4", "1", "3", "M-", "1", "c", "5", "P~", "d", "", "6", "99", ""]);
    expect(b.cells).toBe(4);
  });

  test("splits runs at the limit that Lua's unpack has", () => {
    const b = batch();
    for (let i = 0; i <= RUN_LIMIT; i++) b.setString(0, `k${i}`, "-", "", "v", -1);
    const found = ops(b);
    expect(found.filter((arg) => arg === "M-").length).toBe(2);
    expect([found[1], found[2 + 2 * RUN_LIMIT + 1]]).toEqual([String(RUN_LIMIT), "1"]);
  });

  test("names a database only where it changes, runs included", () => {
    const b = batch();
    b.setString(1, "a", "-", "", "1", -1);
    b.setString(1, "b", "-", "", "1", -1);
    b.setString(2, "c", "-", "", "1", -1);
    b.addMember(2, "s", "m");
    b.addMember(0, "s", "m");
    expect(ops(b)).toEqual(["B", "1", "M-", "2", "a", "1", "b", "1", "B", "2", "M-", "1", "c", "1", "A-", "s", "m", "B", "0", "A-", "s", "m"]);
  });

  test("what follows an unlink of the same key in the same database hangs on the unlink", () => {
    const b = batch();
    b.unlinkKey(0, "k", "hash");
    b.setString(0, "k", "-", "", "v", -1);
    b.setString(0, "other", "-", "", "v", -1);
    b.setString(1, "k", "-", "", "v", -1);
    expect(ops(b)).toEqual(["U=", "k", "hash", "", "0", "Mu", "1", "k", "v", "M-", "1", "other", "v", "B", "1", "M-", "1", "k", "v"]);
  });

  test("that a key must be there is said once, in its database, before what hangs on it; it is no cell", () => {
    const b = batch();
    b.setString(0, "a", "-", "", "1", -1);
    b.requireKey(1, "h");
    b.addMember(1, "h", "m");
    b.requireKey(1, "h");
    b.requireKey(0, "h");
    expect(ops(b)).toEqual(["M-", "1", "a", "1", "B", "1", "V~", "h", "A-", "h", "m", "B", "0", "V~", "h"]);
    expect(b.cells).toBe(2);
  });

  test("reading the arguments twice, or between additions, changes nothing", () => {
    const b = batch();
    b.setString(0, "a", "-", "", "1", -1);
    const first = [...ops(b)];
    expect(ops(b)).toEqual(first);
    b.setString(0, "b", "-", "", "1", -1);
    expect(ops(b)).toEqual([...first, "M-", "1", "b", "1"]);
  });
});
