import { decodeMark, encodeMarkHeader, MARK_KEY, type ApplyBatch, type CellName } from "@meridian/mark";
import { MemoryStore } from "@meridian/store";
import { MutationKind, VersionVector, type Hlc, type Mutation } from "@meridian/words";
import { describe, expect, test } from "vitest";
import { BATCH_CELLS, BATCHES_IN_FLIGHT_MAX } from "./applier.js";
import { AP, at, EU, recordOf, RegionBed, US } from "../region-bed.js";

const NEVER = 0 as Hlc;
const none = new VersionVector();
const K = MutationKind;
const cell = (key: string): CellName => ({ db: 0, kind: "s", key, field: "" });

/** Operations of a batch, without its head. */
function ops(bed: RegionBed, index: number): readonly string[] {
  return (bed.batches[index]?.args ?? []).slice(4).map((arg) => arg.toString());
}

/** The header that a batch's mark has. */
function header(bed: RegionBed, index: number): ReturnType<typeof decodeMark> {
  return decodeMark(bed.batches[index]?.args[3] as Buffer);
}

function echo(bed: RegionBed, index: number, skipped: readonly CellName[] = []): void {
  const batch = bed.batches[index];
  if (!batch) throw new Error(`there is no batch ${index}`);
  bed.echo(batch, skipped);
}

/** Hands in records of us, each one mutation behind the other. */
function fromUs(bed: RegionBed, ...mutations: readonly (Partial<Mutation> & { readonly value?: string })[]): void {
  let previous = bed.region.frontier.get(US);
  for (const mutation of mutations) {
    bed.region.onRecord(US, `p${mutation.hlc}`, recordOf(US, previous, none, mutation));
    previous = mutation.hlc ?? previous;
  }
}

function put(key: string, ms: number, value: string): Partial<Mutation> & { value: string } {
  return { kind: K.PutString, hlc: at(ms), key, value };
}

describe("before the fence was seen in the stream", () => {
  test("nothing is applied, and nothing received is lost by that", () => {
    const bed = new RegionBed(new MemoryStore());
    fromUs(bed, put("k", 1, "a"));
    expect(bed.flush().apply).toEqual([]);
    bed.region.onFenced(1);
    expect(bed.flush().apply).toEqual([]);
    const ready = RegionBed.ready(new MemoryStore());
    fromUs(ready, put("k", 1, "a"));
    expect(ready.flush().apply).toHaveLength(1);
  });
});

describe("a frame", () => {
  test("moves the frontier when its mark is read, not before; and the position in the log with its commit", () => {
    const bed = RegionBed.ready(new MemoryStore());
    fromUs(bed, put("k", 1, "a"));
    bed.flush();
    expect(ops(bed, 0)).toEqual(["M-", "1", "k", "a"]);
    expect([bed.region.frontier.get(US), bed.region.positionOf(US)]).toEqual([0, `p${at(1)}`]);
    echo(bed, 0);
    expect(bed.region.frontier.get(US)).toBe(at(1));
    bed.flush();
    expect(bed.isSettled).toBe(true);
  });

  test("received twice is applied once", () => {
    const bed = RegionBed.ready(new MemoryStore());
    const record = recordOf(US, NEVER, none, { kind: K.IncrementString, hlc: at(1), key: "n", birth: at(1), sum: 5n });
    for (const position of ["1", "2", "3"]) bed.region.onRecord(US, position, record);
    bed.flush();
    echo(bed, 0);
    bed.region.onRecord(US, "4", record);
    bed.flush();
    expect(bed.batches.map((_, index) => ops(bed, index))).toEqual([["I~", "n", "5"]]);
    expect([bed.isSettled, bed.region.positionOf(US)]).toEqual([true, "4"]);
  });

  test("waits where enough batches are under way, and comes when one has arrived", () => {
    const bed = RegionBed.ready(new MemoryStore());
    for (let i = 1; i <= BATCHES_IN_FLIGHT_MAX + 2; i += 1) {
      bed.region.onRecord(US, String(i), recordOf(US, i === 1 ? NEVER : at(i - 1), none, put(`k${i}`, i, "v")));
      bed.flush();
    }
    expect(bed.batches).toHaveLength(BATCHES_IN_FLIGHT_MAX);
    echo(bed, 0);
    bed.flush();
    expect(bed.batches).toHaveLength(BATCHES_IN_FLIGHT_MAX + 1);
    expect(ops(bed, BATCHES_IN_FLIGHT_MAX).filter((op) => op.startsWith("k"))).toEqual([`k${BATCHES_IN_FLIGHT_MAX + 1}`, `k${BATCHES_IN_FLIGHT_MAX + 2}`]);
  });
});

describe("a cell whose apply is under way", () => {
  test("is named as deferred by the next mark, and as settled by the one that brings it", () => {
    const bed = RegionBed.ready(new MemoryStore());
    fromUs(bed, put("k", 1, "a"));
    bed.flush();
    bed.region.onRecord(US, "2", recordOf(US, at(1), none, put("k", 2, "b"), put("l", 3, "c")));
    bed.flush();
    expect([ops(bed, 1), header(bed, 1).deferred]).toEqual([["M-", "1", "l", "c"], [cell("k")]]);
    echo(bed, 0);
    echo(bed, 1);
    // The frontier covers what is deferred; a local write now must not claim to have seen it.
    expect(bed.region.frontier.get(US)).toBe(at(3));
    bed.feed(["SET", "k", "mine"]);
    bed.flush();
    expect(bed.mutations().at(-1)?.detail?.unseen).toEqual([{ kind: "s", field: "", writer: US, hlc: at(2) }]);
    expect(header(bed, 2).settled).toEqual([cell("k")]);
    echo(bed, 2);
    bed.flush();
    expect(bed.isSettled).toBe(true);
  });

  test("is deferred over a crash too: what the frontier covers and the cell lacks stands in the store", () => {
    const store = new MemoryStore();
    const bed = RegionBed.ready(store);
    fromUs(bed, put("k", 1, "a"));
    bed.flush();
    bed.region.onRecord(US, "2", recordOf(US, at(1), none, put("k", 2, "b")));
    bed.flush();
    echo(bed, 0);
    echo(bed, 1);
    bed.flush();
    const heir = RegionBed.ready(store.crash(), 2, new VersionVector([[US, at(2)]]));
    expect(heir.region.isQuiet).toBe(false);
    // What the server holds is read, because the last apply's fate is not known; then the rest is applied.
    expect(heir.reads.flatMap(({ keys }) => keys)).toEqual([{ db: 0, key: "k" }]);
  });
});

describe("a cell that the server skipped", () => {
  test("because of a local write that was not captured yet is merged with it, and applied again", () => {
    const bed = RegionBed.ready(new MemoryStore());
    fromUs(bed, put("k", 1, "a"));
    bed.flush();
    // Executed before the apply, captured after it was issued.
    bed.nowMs += 50;
    bed.feed(["SET", "k", "mine"]);
    echo(bed, 0, [cell("k")]);
    bed.flush();
    expect(bed.region.counters.skipped).toBe(1);
    // The local write is later: the target is what the server holds. The mark of an empty batch says so.
    expect([ops(bed, 1), header(bed, 1).settled]).toEqual([[], [cell("k")]]);
    echo(bed, 1);
    bed.flush();
    expect(bed.isSettled).toBe(true);
    expect(bed.region.counters.conflicts).toBe(1);
  });

  test("because of an older local write is applied over it", () => {
    const bed = RegionBed.ready(new MemoryStore());
    fromUs(bed, put("k", 400, "theirs"));
    bed.flush();
    bed.feed(["SET", "k", "mine"]);
    echo(bed, 0, [cell("k")]);
    bed.flush();
    expect(ops(bed, 1)).toEqual(["M=", "1", "k", "theirs", "mine"]);
  });

  test("though no local write explains it, is read and taken for what a client wrote", () => {
    const bed = RegionBed.ready(new MemoryStore());
    fromUs(bed, put("k", 1, "a"));
    bed.flush();
    echo(bed, 0, [cell("k")]);
    bed.flush();
    expect(bed.reads.map(({ keys }) => keys)).toEqual([[{ db: 0, key: "k" }]]);
    expect(bed.batches).toHaveLength(1);
  });
});

describe("counters", () => {
  test("are raised, never set, while local increments are not captured", () => {
    const bed = RegionBed.ready(new MemoryStore());
    bed.feed(["INCRBY", "n", "10"]);
    fromUs(bed, { kind: K.IncrementString, hlc: at(1), key: "n", birth: at(1), sum: 5n });
    bed.flush();
    bed.feed(["INCRBY", "n", "1"]);
    echo(bed, 0);
    bed.flush();
    fromUs(bed, { kind: K.IncrementString, hlc: at(2), key: "n", birth: at(1), sum: 12n });
    bed.flush();
    expect([ops(bed, 0), ops(bed, 1)]).toEqual([["I~", "n", "5"], ["I~", "n", "7"]]);
    echo(bed, 1);
    bed.flush();
    expect(bed.isSettled).toBe(true);
  });

  test("a SET between issue and effect takes away what its client saw, and that alone", () => {
    const bed = RegionBed.ready(new MemoryStore());
    fromUs(bed, { kind: K.IncrementString, hlc: at(1), key: "n", birth: at(1), sum: 5n });
    bed.flush();
    bed.feed(["SET", "n", "100"]);
    echo(bed, 0);
    bed.flush();
    // The client could not see the increment: nothing of it was absorbed, and the server holds 105 now.
    expect(bed.mutations()[0]?.detail?.absorbed ?? []).toEqual([]);
    bed.feed(["SET", "n", "7"]);
    bed.flush();
    expect(bed.mutations()[1]?.detail?.absorbed).toEqual([{ kind: "s", field: "", writer: US, birth: at(1), upTo: at(1), sum: 5n }]);
  });
});

describe("a crash after an apply was issued", () => {
  const issued = (): { store: MemoryStore; bed: RegionBed } => {
    const store = new MemoryStore();
    const bed = RegionBed.ready(store);
    fromUs(bed, put("k", 1, "a"));
    bed.flush();
    return { store, bed };
  };

  test("that never ran: it is issued again under the new lease", () => {
    const { store } = issued();
    const heir = RegionBed.ready(store.crash(), 2);
    expect([heir.batches[0]?.epoch, heir.batches[0]?.prevSeq, ops(heir, 0)]).toEqual([2, 0, ["M-", "1", "k", "a"]]);
    expect(heir.region.positionOf(US)).toBe(`p${at(1)}`);
  });

  test("that ran, with its mark in the stream: it is settled, not issued again", () => {
    const { store, bed } = issued();
    const heir = new RegionBed(store.crash());
    heir.region.onFenced(2);
    heir.echo(bed.batches[0] as NonNullable<(typeof bed.batches)[0]>);
    expect(heir.region.frontier.get(US)).toBe(at(1));
    heir.feed(["SET", "k", "mine"]);
    heir.flush();
    expect(heir.batches).toEqual([]);
    expect(heir.entries()[0]?.frames[0]?.context.get(US)).toBe(at(1));
  });

  test("that ran, and filled a batch: what comes next finds room all the same", () => {
    const store = new MemoryStore();
    const bed = RegionBed.ready(store);
    fromUs(bed, ...Array.from({ length: BATCH_CELLS }, (_, at) => put(`k${at}`, at + 1, "a")));
    bed.flush();
    expect(bed.batches).toHaveLength(1);
    const heir = new RegionBed(store.crash());
    heir.region.onFenced(2);
    heir.echo(bed.batches[0] as ApplyBatch);
    heir.feed(["SET", MARK_KEY, encodeMarkHeader({ epoch: 2, seq: 0, vector: heir.region.frontier, deferred: [], settled: [] })]);
    heir.flush();
    expect([heir.region.frontier.get(US), heir.batches.length]).toEqual([at(BATCH_CELLS), 0]);
    fromUs(heir, put("next", BATCH_CELLS + 1, "b"));
    heir.flush();
    expect(ops(heir, 0)).toEqual(["M-", "1", "next", "b"]);
  });

  test("whose record is settled keeps nothing of it in the store", () => {
    const { store, bed } = issued();
    expect([...store.range("in", "0", ":")]).toHaveLength(1);
    echo(bed, 0);
    bed.flush();
    expect([...store.range("in", "0", ":")]).toHaveLength(0);
  });
});

describe("three regions", () => {
  test("a write that comes after the one that replaced it, through another log, is dead on arrival", () => {
    const bed = RegionBed.ready(new MemoryStore());
    const seen = new VersionVector([[US, at(1)]]);
    bed.region.onRecord(AP, "1", recordOf(AP, NEVER, seen, put("k", 0, "newer")));
    bed.flush();
    echo(bed, 0);
    fromUs(bed, put("k", 1, "older"));
    bed.flush();
    expect(ops(bed, 1)).toEqual([]);
    echo(bed, 1);
    bed.flush();
    expect([bed.isSettled, bed.region.counters.conflicts]).toEqual([true, 0]);
  });

  test("and so is a field of a hash that was deleted as a whole before it came", () => {
    const bed = RegionBed.ready(new MemoryStore());
    bed.region.onRecord(AP, "1", recordOf(AP, NEVER, new VersionVector([[US, at(1)]]), { kind: K.RemoveKey, hlc: at(5), key: "h" }));
    bed.flush();
    if (bed.batches[0]) echo(bed, 0);
    fromUs(bed, { kind: K.PutField, hlc: at(1), key: "h", field: "f", value: "v" }, { kind: K.PutField, hlc: at(2), key: "h", field: "g", value: "v" });
    bed.flush();
    expect(ops(bed, bed.batches.length - 1)).toEqual(["H-", "h", "g", "", "v"]);
  });
});

describe("one command that wrote two fields, of which a later delete of the key had seen one", () => {
  const seen = new VersionVector([[US, at(1)]]);
  const detail = { context: undefined, unseen: [{ kind: "h" as const, field: "unseen", writer: US, hlc: at(1) }], absorbed: [] };
  const remove = recordOf(AP, NEVER, seen, { kind: K.RemoveKey, hlc: at(5), key: "h", detail });
  const fields = recordOf(US, NEVER, none, { kind: K.PutField, hlc: at(1), key: "h", field: "seen", value: "v" }, { kind: K.PutField, hlc: at(1), key: "h", field: "unseen", value: "v" });

  test("loses that one, though the delete came first", () => {
    const bed = RegionBed.ready(new MemoryStore());
    bed.region.onRecord(AP, "1", remove);
    bed.flush();
    echo(bed, 0);
    bed.region.onRecord(US, "1", fields);
    bed.flush();
    expect(ops(bed, 1)).toEqual(["H-", "h", "unseen", "", "v"]);
  });

  test("and though the region was started anew in between", () => {
    const store = new MemoryStore();
    const bed = RegionBed.ready(store);
    bed.region.onRecord(AP, "1", remove);
    bed.flush();
    echo(bed, 0);
    bed.flush();
    const heir = RegionBed.ready(store.crash(), 2, new VersionVector([[AP, at(5)]]));
    heir.region.onRecord(US, "1", fields);
    heir.flush();
    expect(ops(heir, 0)).toEqual(["H-", "h", "unseen", "", "v"]);
  });

  test("as where the delete came last", () => {
    const bed = RegionBed.ready(new MemoryStore());
    bed.region.onRecord(US, "1", fields);
    bed.flush();
    echo(bed, 0);
    bed.region.onRecord(AP, "1", remove);
    bed.flush();
    expect(ops(bed, 1)).toEqual(["F=", "h", "seen", "v"]);
  });
});

describe("a delete of a key that comes before the increments that it took away", () => {
  for (const [what, kind, field] of [["a string", "s", ""], ["a field", "h", "f"], ["a score", "z", "m"]] as const) {
    const increment = kind === "s" ? K.IncrementString : kind === "h" ? K.IncrementField : K.IncrementScore;
    const counted = { kind: increment, hlc: at(1), key: "k", field, birth: at(1), sum: 5n };
    const detail = { context: undefined, unseen: [], absorbed: [{ kind, field, writer: US, birth: at(1), upTo: at(1), sum: 5n }] };
    const seen = new VersionVector([[US, at(1)]]);

    test(`takes them away: ${what}`, () => {
      for (const mutation of [{ kind: K.RemoveKey, detail }, { kind: K.PutString, value: "v", detail }]) {
        const bed = RegionBed.ready(new MemoryStore());
        bed.region.onRecord(AP, "1", recordOf(AP, NEVER, seen, { ...mutation, hlc: at(5), key: "k" }));
        bed.flush();
        echo(bed, 0);
        fromUs(bed, counted);
        bed.flush();
        echo(bed, 1);
        expect([ops(bed, 1), bed.isSettled]).toEqual([[], true]);
      }
    });
  }
});

describe("what is removed leaves nothing behind in the store", () => {
  const cells = (store: MemoryStore): string[] => [...store.range("cell", "A", "\xff")].map(([key]) => key);

  test("where there was nothing: a field, a member or a key that this region never had", () => {
    const store = new MemoryStore();
    const bed = RegionBed.ready(store);
    fromUs(bed, { kind: K.RemoveField, hlc: at(1), key: "h", field: "f" });
    bed.flush();
    echo(bed, 0);
    bed.region.onRecord(US, "2", recordOf(US, at(1), none, { kind: K.RemoveKey, hlc: at(2), key: "k" }, removed("s", 3)));
    bed.flush();
    echo(bed, 1);
    expect([bed.isSettled, cells(store)]).toEqual([true, []]);
  });

  test("where there was something: written here, removed by a peer that had seen it", () => {
    const store = new MemoryStore();
    const bed = RegionBed.ready(store);
    bed.feed(["SADD", "s", "m"], ["SET", "k", "v"]);
    bed.flush();
    const seen = new VersionVector([[EU, bed.region.lastVersion]]);
    bed.region.onRecord(US, "1", recordOf(US, NEVER, seen, removed("s", 3), { kind: K.RemoveKey, hlc: at(4), key: "k" }));
    bed.flush();
    expect(ops(bed, 0)).toEqual(["R=", "s", "m", "D=", "k", "v"]);
    echo(bed, 0);
    expect([bed.isSettled, cells(store)]).toEqual([true, []]);
  });

  test("where it comes later: the context stays until it has come, and no longer than the next write", () => {
    const store = new MemoryStore();
    const bed = RegionBed.ready(store);
    const ahead = new VersionVector([[US, at(1)]]);
    bed.region.onRecord(AP, "1", recordOf(AP, NEVER, ahead, { kind: K.RemoveKey, hlc: at(5), key: "k" }, removed("s", 6)));
    bed.flush();
    echo(bed, 0);
    expect([bed.isSettled, cells(store).length > 0]).toEqual([true, true]);
    bed.region.onRecord(US, "1", recordOf(US, NEVER, none, put("k", 0, "v"), { kind: K.AddMember, hlc: at(1), key: "s", field: "m" }));
    bed.flush();
    expect(ops(bed, 1)).toEqual([]);
    echo(bed, 1);
    expect([bed.isSettled, cells(store)]).toEqual([true, []]);
  });
});

function removed(key: string, ms: number): Partial<Mutation> {
  return { kind: K.RemoveMember, hlc: at(ms), key, field: "m" };
}
