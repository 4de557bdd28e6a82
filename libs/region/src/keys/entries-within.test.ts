import { MemoryStore } from "@meridian/store";
import { entryPrint } from "@meridian/merge";
import { VersionVector, writerId, type Hlc } from "@meridian/words";
import { describe, expect, test } from "vitest";
import type { StateWrite } from "../effects.js";
import type { CellSlot } from "./key-entry.js";
import { KeySpace } from "./key-space.js";
import { WriterTable } from "./writer-table.js";

const US = writerId("us", "0");
const FIELD = "a5a0";

interface Bed {
  readonly keys: KeySpace;
  readonly slot: CellSlot;
  commit(): void;
}

/** A stream with one cell, of which nothing is known yet. */
function stream(): Bed {
  const store = new MemoryStore();
  const keys = new KeySpace(store, new WriterTable([US]), 100, { bury: () => undefined });
  const commit = (): void => {
    const writes: StateWrite[] = [];
    keys.collect(writes, new VersionVector());
    store.commit(writes);
  };
  return { keys, slot: keys.member(keys.entry(0, "x"), "x", FIELD), commit };
}

function put({ keys, slot }: Bed): void {
  slot.changeBase((cell) => (cell.siblings = [{ writer: US, hlc: 1 as Hlc, print: "=v", number: 0, value: undefined }]));
  keys.touch(slot);
}

function take({ keys, slot }: Bed): void {
  slot.changeBase((cell) => (cell.siblings = []));
  keys.touch(slot);
}

const found = ({ keys }: Bed): unknown[] => keys.entriesWithin(keys.entry(0, "x"), "", undefined).map(({ base }) => entryPrint(base));
const pending = { action: "put", writer: US, hlc: 1 as Hlc, print: "=v", number: 0, birth: 1 as Hlc, sum: 0n, context: new VersionVector(), unseen: [], absorbed: [] } as const;

describe("the entries of a stream are found", () => {
  test("by their records, and before they have one", () => {
    const bed = stream();
    put(bed);
    expect(found(bed)).toEqual(["=v"]);
    bed.commit();
    expect(found(bed)).toEqual(["=v"]);
  });

  test("also one that waits for its mark over a commit that had nothing to store of it", () => {
    const bed = stream();
    bed.slot.addPending({ ...pending, value: undefined, ahead: undefined });
    bed.keys.touch(bed.slot);
    bed.commit();
    bed.slot.pending = [];
    put(bed);
    expect(found(bed)).toEqual(["=v"]);
  });

  test("and one whose record went while another was under way", () => {
    const bed = stream();
    put(bed);
    bed.commit();
    take(bed);
    bed.slot.addPending({ ...pending, hlc: 2 as Hlc, birth: 2 as Hlc, value: undefined, ahead: undefined });
    bed.commit();
    bed.slot.pending = [];
    put(bed);
    expect(found(bed)).toEqual(["=v"]);
  });

  test("once, and not when they are gone", () => {
    const bed = stream();
    put(bed);
    bed.commit();
    put(bed);
    expect(found(bed)).toEqual(["=v"]);
    take(bed);
    bed.commit();
    expect(found(bed)).toEqual([]);
  });
});
