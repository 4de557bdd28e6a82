import { encodeReadResult, READ_KEY, type ApplyBatch } from "@meridian/mark";
import { decodeSketch, encodeSketch, SKETCH_REGISTERS } from "@meridian/merge";
import { MemoryStore } from "@meridian/store";
import { MutationKind, VersionVector, type Hlc } from "@meridian/words";
import { describe, expect, it } from "vitest";
import { at, EU, recordOf, RegionBed, US } from "../region-bed.js";

const K = MutationKind;
const NO_BYTES = Buffer.alloc(0);

/** The sketch with these registers raised. */
function sketch(...raised: readonly number[]): Buffer {
  const registers = new Uint8Array(SKETCH_REGISTERS);
  for (const index of raised) registers[index] = 1 + (index % 7);
  return encodeSketch(registers);
}

/** Which registers are raised. */
function raisedIn(bytes: Buffer | string | undefined): number[] {
  const registers = decodeSketch(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : (bytes ?? NO_BYTES)) ?? new Uint8Array();
  return [...registers.keys()].filter((index) => registers[index] !== 0);
}

/** A region whose server evicts, and the server's one key `h`, played by hand. */
class EvictingBed {
  readonly bed: RegionBed;
  #read = 0;

  constructor() {
    this.bed = RegionBed.ready(new MemoryStore(), 1, undefined, { evictions: "keep" });
    const { region, nowMs } = this.bed;
    const events = region.evictions?.events;
    events?.expect(true);
    events?.opened("1");
    const key = events?.takeSign(nowMs) ?? "";
    this.bed.feed(["SET", key, ""], ["DEL", key]);
    events?.told(0, key, "del");
  }

  /** A client adds; the server holds these registers afterwards, and is read. */
  add(...raised: readonly number[]): void {
    this.bed.feed(["PFADD", "h", "e"]);
    this.answer(...raised);
  }

  /** The read that is on its way finds these registers; nothing: no key. */
  answer(...raised: readonly number[]): void {
    this.bed.flush();
    const asked = this.bed.reads.slice(this.#read);
    this.#read = this.bed.reads.length;
    for (const { id, keys } of asked) {
      const payload = sketch(...raised);
      const type = raised.length > 0 ? ("string" as const) : ("none" as const);
      const values = keys.map(({ db, key }) => ({ db, key, type, deadlineMs: -1, ...(raised.length > 0 && { payload }) }));
      this.bed.feed(["MULTI"], ["SET", READ_KEY, encodeReadResult({ id, epoch: 1, values })], ["DEL", READ_KEY], ["EXEC"]);
    }
    this.bed.flush();
  }

  evict(): void {
    this.bed.region.evictions?.events.told(0, "h", "evicted");
    this.bed.feed(["DEL", "h"]);
    this.bed.flush();
  }

  /** A peer's sketch, whose writer had seen all that this region has said, or nothing of it. */
  receive(previous: Hlc, hlc: Hlc, hasSeen: boolean, ...raised: readonly number[]): void {
    const { region } = this.bed;
    const context = hasSeen ? new VersionVector([[EU, region.lastVersion]]) : new VersionVector();
    region.onRecord(US, String(hlc), recordOf(US, previous, context, { kind: K.PutSketch, hlc, key: "h", value: sketch(...raised).toString("latin1") }));
    this.bed.flush();
  }

  /** The server runs every batch that it has not run. */
  apply(): void {
    for (const batch of this.bed.batches.splice(0)) this.bed.echo(batch);
    this.bed.flush();
  }

  get published(): { readonly kind: MutationKind; readonly raised: number[] }[] {
    return this.bed.mutations().map(({ kind, value }) => ({ kind, raised: raisedIn(value) }));
  }

  /** What a peer that has heard all of it writes to its server. */
  get heard(): number[] {
    const peer = RegionBed.ready(new MemoryStore(), 1, undefined, { writer: US, peers: [EU] });
    for (const { seq, record } of this.bed.published) peer.region.onRecord(EU, String(seq), record);
    peer.flush();
    return writtenIn(peer.batches.at(-1));
  }
}

/** The registers that a batch writes last. */
function writtenIn(batch: ApplyBatch | undefined): number[] {
  const sketches = (batch?.args.slice(4) ?? []).filter((part): part is Buffer => Buffer.isBuffer(part) && part.toString("latin1", 0, 4) === "HYLL");
  return raisedIn(sketches.at(-1));
}

describe("a sketch of which the server lacks registers", () => {
  it("loses nothing by what its own region's clients add after it was evicted", () => {
    const played = new EvictingBed();
    played.add(1, 2);
    played.evict();
    played.add(3);
    expect(played.published.map(({ raised }) => raised)).toEqual([[1, 2], [3]]);
    expect(played.heard).toEqual([1, 2, 3]);
  });

  it("nor by what they add to that, over another eviction", () => {
    const played = new EvictingBed();
    played.add(1, 2);
    played.evict();
    played.add(3);
    played.apply();
    played.add(3, 4);
    played.evict();
    played.add(5);
    expect(played.heard).toEqual([1, 2, 3, 4, 5]);
  });

  it("nor by what they add to it once another region's was dropped, though they wrote before", () => {
    const played = new EvictingBed();
    played.receive(0 as Hlc, at(9), false, 1, 2);
    played.apply();
    played.evict();
    played.add(3);
    played.add(3, 4);
    const unseen = played.bed.mutations().map(({ detail }) => detail?.unseen.map(({ writer, hlc }) => [writer, hlc]));
    expect(unseen).toEqual([[[US, at(9)]], [[US, at(9)]]]);
  });

  it("keeps what clients have added in the server, and what of peers can be raised is raised", () => {
    const played = new EvictingBed();
    played.add(1, 2);
    played.evict();
    played.add(3);
    played.bed.flush();
    expect([played.bed.batches.map(writtenIn), played.bed.region.counters.valuesMissing]).toEqual([[[]], 1]);
    expect(played.bed.batches.flatMap(({ args }) => args.slice(4))).toEqual([]);
    played.apply();
    played.receive(0 as Hlc, at(9), false, 7);
    expect(writtenIn(played.bed.batches.at(-1))).toEqual([3, 7]);
    played.apply();
    played.add(3, 4, 7);
    expect(played.published.at(-1)?.raised).toEqual([3, 4, 7]);
  });

  it("takes up again what the agent itself holds, and publishes it as one: siblings do not become more with each eviction", () => {
    const played = new EvictingBed();
    played.add(1);
    for (const index of [2, 3, 4, 5]) {
      played.evict();
      played.add(index);
      played.apply();
    }
    expect(played.published.at(-1)?.raised).toEqual([2, 3, 4, 5]);
    expect(played.bed.mutations().at(-1)?.detail?.unseen).toHaveLength(1);
    expect(played.heard).toEqual([1, 2, 3, 4, 5]);
  });

  it("is shown again as far as the agent has it, where it is evicted while it waits to be read", () => {
    const played = new EvictingBed();
    played.add(1);
    played.evict();
    played.receive(0 as Hlc, at(9), false, 7);
    played.apply();
    played.bed.feed(["PFADD", "h", "e"]);
    played.evict();
    played.answer();
    expect(writtenIn(played.bed.batches.at(-1))).toEqual([7]);
  });

  it("is whole again with what a peer writes that had seen all of it", () => {
    const played = new EvictingBed();
    played.add(1, 2);
    played.evict();
    played.add(3);
    played.apply();
    played.receive(0 as Hlc, at(9), true, 1, 2, 3, 9);
    expect(writtenIn(played.bed.batches.at(-1))).toEqual([1, 2, 3, 9]);
    played.apply();
    played.add(1, 2, 3, 4, 9);
    expect(played.bed.mutations().at(-1)?.detail).toBeUndefined();
    expect(played.bed.isSettled).toBe(true);
  });

  it("goes whole where a client deletes it: a sketch cannot be taken apart", () => {
    const played = new EvictingBed();
    played.receive(0 as Hlc, at(9), false, 1, 2);
    played.apply();
    played.evict();
    played.bed.feed(["PFADD", "h", "e"], ["DEL", "h"]);
    played.bed.region.evictions?.events.told(0, "h", "del");
    played.answer();
    expect(played.published).toEqual([{ kind: K.RemoveKey, raised: [] }, { kind: K.PutSketch, raised: [] }]);
    played.receive(at(9), at(10), false, 4);
    expect(played.bed.batches.map(writtenIn)).toEqual([[]]);
    played.apply();
    expect(played.bed.isSettled).toBe(true);
  });
});
