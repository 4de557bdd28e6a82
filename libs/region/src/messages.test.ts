import { encodeMarkHeader, MARK_KEY, OP, type ApplyBatch } from "@meridian/mark";
import { MemoryStore } from "@meridian/store";
import { HLC_ZERO, MutationKind, VersionVector } from "@meridian/words";
import { describe, expect, test } from "vitest";
import { ChannelPatterns } from "./capture/channel-patterns.js";
import { PATIENCE_MS } from "./apply/message-relay.js";
import { at, NOW_MS, recordOf, RegionBed, US, type BedStore } from "./region-bed.js";

const K = MutationKind;
const MESSAGES = { messages: { channels: new ChannelPatterns(["orders.*"]), ageMsMax: 60_000, bytesMax: 40 } };

/** A life that may apply. */
function ready(store: BedStore = new MemoryStore(), epoch = 1): RegionBed {
  const bed = new RegionBed(store, {}, MESSAGES);
  begin(bed, epoch);
  return bed;
}

function begin(bed: RegionBed, epoch: number): void {
  bed.region.onFenced(epoch);
  bed.feed(["SET", MARK_KEY, encodeMarkHeader({ epoch, seq: 0, vector: new VersionVector(), deferred: [], settled: [] })]);
  bed.flush();
}

/** What a batch tells, as `channel message`. */
function told({ args }: ApplyBatch): string[] {
  const texts = args.map(String);
  return texts.flatMap((text, index) => (text === `${OP.publish}~` ? [`${texts[index + 1]} ${texts[index + 2]}`] : []));
}

const put = (ms: number, key: string, value: string): object => ({ kind: K.PutString, hlc: at(ms), key, value });
const message = (ms: number, value: string, channel = "orders.us"): object => ({ kind: K.Message, hlc: at(ms), key: channel, value });
const NO_CONTEXT = new VersionVector();

describe("messages of clients", () => {
  test("stand in the log between the writes around them, with a version each", () => {
    const bed = ready();
    bed.feed(["SET", "a", "1"], ["PUBLISH", "orders.eu", "m1"], ["SET", "b", "2"], ["MULTI"], ["publish", "orders.eu", "m2"], ["SET", "c", "3"], ["EXEC"]);
    bed.flush();
    const seen = bed.mutations();
    expect(seen.map(({ kind, key, continues }) => [kind, key, continues])).toEqual([
      [K.PutString, "a", false], [K.Message, "orders.eu", false], [K.PutString, "b", false], [K.Message, "orders.eu", false], [K.PutString, "c", true],
    ]);
    expect(new Set(seen.map(({ hlc }) => hlc)).size).toBe(5);
    expect(bed.region.counters.messages.relayed).toBe(2);
  });

  test("on other channels, sharded ones and our own stay; what is too long is counted by its channel", () => {
    const bed = ready();
    bed.feed(["PUBLISH", "other", "m"], ["SPUBLISH", "orders.eu", "m"], ["PUBLISH", "meridian:x", "m"], ["PUBLISH", "orders.eu", "x".repeat(40)]);
    bed.flush();
    expect(bed.published).toEqual([]);
    expect([...bed.region.counters.messages.silenced]).toEqual([["orders.eu", { count: 1, reason: "49 bytes are too long to be relayed" }]]);
  });

  test("stay where nothing is relayed", () => {
    const bed = RegionBed.ready(new MemoryStore());
    bed.feed(["PUBLISH", "orders.eu", "m"]);
    bed.flush();
    expect(bed.published).toEqual([]);
  });

  test("that we publish ourselves are not captured", () => {
    const bed = ready();
    bed.region.onRecord(US, "1", recordOf(US, HLC_ZERO, NO_CONTEXT, message(1, "m")));
    const [frame] = bed.flush().apply;
    bed.echo(frame as ApplyBatch);
    const [batch] = bed.flush().apply;
    bed.feed(["MULTI"], ["SET", MARK_KEY, batch?.args[3] as Buffer], ["PUBLISH", "orders.us", "m"], ["EXEC"]);
    expect(bed.isSettled).toBe(true);
    expect(bed.published).toEqual([]);
    expect(bed.region.counters.messages).toMatchObject({ delivered: 1, relayed: 0, waiting: 0 });
  });
});

describe("messages of peers", () => {
  test("go when the frame before them was settled, in their order, once", () => {
    const bed = ready();
    bed.region.onRecord(US, "1", recordOf(US, HLC_ZERO, NO_CONTEXT, put(1, "a", "1"), message(2, "m1"), message(3, "m2"), message(4, "no", "other")));
    const [frame] = bed.flush().apply;
    expect(told(frame as ApplyBatch)).toEqual([]);
    bed.echo(frame as ApplyBatch);
    const [batch, ...more] = bed.flush().apply;
    expect([told(batch as ApplyBatch), more]).toEqual([["orders.us m1", "orders.us m2"], []]);
    expect([bed.flush().apply, bed.isSettled]).toEqual([[], false]);
    bed.echo(batch as ApplyBatch);
    expect([bed.flush().apply, bed.isSettled]).toEqual([[], true]);
    expect(bed.region.counters.messages).toMatchObject({ delivered: 2, unwanted: 1 });
  });

  test("wait for a write before them that was left out, but not for ever", () => {
    const bed = ready();
    bed.region.onRecord(US, "1", recordOf(US, HLC_ZERO, NO_CONTEXT, put(1, "a", "1"), message(2, "m1")));
    const [frame] = bed.flush().apply;
    bed.echo(frame as ApplyBatch, [{ db: 0, kind: "s", key: "a", field: "" }]);
    bed.region.onRecord(US, "2", recordOf(US, at(2), NO_CONTEXT, message(3, "m2")));
    const [second] = bed.flush().apply;
    expect(told(second as ApplyBatch)).toEqual([]);
    bed.echo(second as ApplyBatch);
    expect(bed.flush().apply.flatMap(told)).toEqual([]);
    bed.nowMs += PATIENCE_MS + 1;
    expect(bed.flush().apply.flatMap(told)).toEqual(["orders.us m1", "orders.us m2"]);
    expect(bed.region.counters.messages.early).toBe(2);
  });

  test("that are too old are dropped, and those behind them go", () => {
    const bed = ready();
    bed.region.onRecord(US, "1", recordOf(US, HLC_ZERO, NO_CONTEXT, message(1, "m1"), message(50_000, "m2")));
    bed.nowMs = NOW_MS + 50_000;
    const [frame] = bed.flush().apply;
    bed.nowMs = NOW_MS + 60_002;
    bed.echo(frame as ApplyBatch);
    expect(bed.flush().apply.flatMap(told)).toEqual(["orders.us m2"]);
    expect(bed.region.counters.messages).toMatchObject({ expired: 1, waiting: 1 });
  });

  test("are told after a restart where no mark says that they were, and not where one does", () => {
    const store = new MemoryStore();
    const bed = ready(store);
    bed.region.onRecord(US, "1", recordOf(US, HLC_ZERO, NO_CONTEXT, put(1, "a", "1"), message(2, "m1"), message(3, "m2")));
    const [frame] = bed.flush().apply;
    bed.echo(frame as ApplyBatch);
    const [batch] = bed.flush().apply;
    const again = new RegionBed(store, {}, MESSAGES);
    expect(again.flush().apply).toEqual([]);
    begin(again, 2);
    expect(again.batches.flatMap(told)).toEqual(["orders.us m1", "orders.us m2"]);
    const executed = new RegionBed(store, {}, MESSAGES);
    executed.echo(batch as ApplyBatch);
    begin(executed, 2);
    expect([executed.batches.flatMap(told), executed.isSettled]).toEqual([[], true]);
    expect([...store.range("in", "0", ":")], "the record is forgotten").toEqual([]);
  });

  test("are left alone where nothing is accepted, and make nothing of a key", () => {
    const bed = RegionBed.ready(new MemoryStore());
    bed.region.onRecord(US, "1", recordOf(US, HLC_ZERO, NO_CONTEXT, message(1, "m1")));
    const [frame] = bed.flush().apply;
    bed.echo(frame as ApplyBatch);
    expect([bed.isSettled, bed.region.counters.messages.unwanted, [...bed.store.range("cell", "", "\uffff")]]).toEqual([true, 1, []]);
  });
});
