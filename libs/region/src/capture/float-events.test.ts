import { MemoryStore } from "@meridian/store";
import { MutationKind } from "@meridian/words";
import { describe, expect, it } from "vitest";
import { EVENT_PATIENCE_MS, SYNC_KEY_PREFIX } from "./float-events.js";
import { RegionBed } from "../region-bed.js";

const K = MutationKind;
const UNIT = 10n ** 17n;

function bed(prefixes: readonly string[] = [""]): RegionBed {
  return new RegionBed(new MemoryStore(), {}, { floats: { prefixes } });
}

/** A bed that follows events. */
function following(prefixes?: readonly string[]): RegionBed {
  const made = bed(prefixes);
  made.region.floats?.opened("1");
  made.feed(["SET", `${SYNC_KEY_PREFIX}1`, ""]);
  made.region.floats?.told(0, `${SYNC_KEY_PREFIX}1`, "set");
  return made;
}

const told = (of: RegionBed, ...events: readonly (readonly [key: string, event: string])[]): void => {
  for (const [key, event] of events) of.region.floats?.told(0, key, event);
};

function published(of: RegionBed): unknown[] {
  of.flush();
  return of.mutations().map(({ kind, key, field, value, sum }) => {
    const isDecimal = kind === K.IncrementDecimal || kind === K.IncrementDecimalField;
    return [key, field, isDecimal ? Number(sum) / Number(UNIT) : value];
  });
}

describe("writes with their events", () => {
  it("are increments where these say so, by what they added", () => {
    const b = following();
    told(b, ["k", "set"], ["k", "incrbyfloat"], ["k", "set"], ["h", "hset"], ["h", "hincrbyfloat"]);
    b.feed(["SET", "k", "1.5"], ["SET", "k", "2.75", "KEEPTTL"], ["SET", "k", "9", "KEEPTTL"], ["HSET", "h", "f", "3"], ["HSET", "h", "f", "2.5"]);
    expect(published(b)).toEqual([["k", "", "1.5"], ["k", "", 1.25], ["k", "", "9"], ["h", "f", "3"], ["h", "f", -0.5]]);
    expect(b.region.floats?.status).toEqual({ follows: true });
  });

  it("wait for these, and what follows waits with them, in its order", () => {
    const b = following();
    b.feed(["SET", "k", "1.5"], ["SET", "k", "2", "KEEPTTL"], ["INCRBY", "n", "4"], ["MSET", "a", "1", "b", "2"]);
    expect(published(b)).toEqual([["k", "", "1.5"]]);
    expect(b.region.capturedOffset).toBeLessThan(b.fedOffset);
    told(b, ["k", "set"]);
    expect(published(b)).toEqual([["k", "", "1.5"]]);
    told(b, ["k", "incrbyfloat"], ["a", "set"], ["b", "set"]);
    expect(published(b).slice(1).map((row) => (row as unknown[])[0])).toEqual(["k", "n", "a", "b"]);
    expect([b.region.capturedOffset, b.region.floats?.status]).toEqual([b.fedOffset, { follows: true }]);
  });

  it("stay whole transactions while they wait", () => {
    const b = following();
    b.feed(["MULTI"], ["SET", "a", "1"], ["SET", "k", "0.5", "KEEPTTL"], ["SET", "c", "1"], ["EXEC"]);
    expect(published(b)).toEqual([]);
    told(b, ["a", "set"], ["k", "incrbyfloat"], ["c", "set"]);
    expect(published(b)).toEqual([["a", "", "1"], ["k", "", 0.5], ["c", "", "1"]]);
  });

  it("of other keys than those of the prefixes wait for nothing", () => {
    const b = following(["acct:"]);
    b.feed(["SET", "k", "2", "KEEPTTL"], ["HSET", "h", "f", "1"]);
    expect(published(b)).toHaveLength(2);
    b.feed(["SET", "acct:1", "2", "KEEPTTL"]);
    told(b, ["acct:1", "incrbyfloat"]);
    expect(published(b)[2]).toEqual(["acct:1", "", 2]);
  });
});

describe("the register rule", () => {
  const asValue = ["k", "", "2.5"];
  const write = ["SET", "k", "2.5", "KEEPTTL"];

  it("holds until the stream has come to where events begin", () => {
    const b = bed();
    b.region.floats?.opened("1");
    told(b, ["k", "incrbyfloat"], [`${SYNC_KEY_PREFIX}1`, "set"], ["k", "incrbyfloat"]);
    b.feed(write);
    expect(published(b)).toEqual([asValue]);
    b.feed(["SET", `${SYNC_KEY_PREFIX}1`, ""], ["SET", "k", "3", "KEEPTTL"]);
    expect(published(b)).toEqual([asValue, ["k", "", 0.5]]);
  });

  it("holds for what waits when the events are lost, or do not come in time", () => {
    const lost = following();
    lost.feed(write);
    lost.region.floats?.closed("lost");
    expect(published(lost)).toEqual([asValue]);
    expect(lost.region.floats?.status).toEqual({ follows: false, reason: "lost" });
    const late = following();
    late.feed(write);
    expect(published(late)).toEqual([]);
    late.nowMs += EVENT_PATIENCE_MS + 1;
    expect(published(late)).toEqual([asValue]);
    expect(late.region.floats?.status).toMatchObject({ follows: false, reason: "events of writes did not come" });
  });

  it.each([
    ["another key", ["other", "incrbyfloat"]], ["another type", ["k", "hincrbyfloat"]],
  ] as const)("holds from an event of %s on", (_, event) => {
    const b = following();
    told(b, event);
    b.feed(write);
    expect(published(b)).toEqual([asValue]);
    expect(b.region.floats?.status).toEqual({ follows: false, reason: "events did not fit the stream" });
  });

  it("holds behind commands of which nobody knows whether an event is told", () => {
    const b = following();
    b.feed(["BITOP", "AND", "x", "y"], write);
    expect(published(b)).toEqual([asValue]);
    expect(b.region.floats?.status).toMatchObject({ follows: false, reason: "behind BITOP events cannot be told apart" });
  });

  it("holds for a number that is too long to be remembered, and that is counted", () => {
    const b = following();
    told(b, ["k", "set"], ["k", "incrbyfloat"], ["k", "incrbyfloat"]);
    b.feed(["SET", "k", "123456789012345678901234567890123"], ["SET", "k", "7", "KEEPTTL"], ["SET", "k", "8", "KEEPTTL"]);
    expect(published(b).slice(1)).toEqual([["k", "", "7"], ["k", "", 1]]);
    expect([b.region.counters.floats, b.region.counters.floatsAsValues]).toEqual([2, 1]);
  });
});
