/**
 * The acceptance suite of the store port: an adapter's test is a set-up and one call.
 *
 * Covers what the port promises and nothing of how. `crash` in the harness drops the owner without a `close`, as far
 * as an adapter can do that inside one process.
 */
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { KEY_BYTES_MAX, STORE_TABLES, type IsPlain, type Store, type StoreTable, type StoreWrite } from "./port.js";

/** What a test of an adapter provides. */
export interface StoreHarness {
  /** A new, empty store. */
  open(): Promise<Store>;
  /** Closes the store, or crashes its owner, and opens it again. */
  reopen(store: Store, how: "close" | "crash"): Promise<Store>;
  /** Removes what the test left. */
  clean(store: Store): Promise<void>;
}

/** What stores under this suite are to take for plain. */
export const isEvenLength: IsPlain = (_bytes, start, end) => (end - start) % 2 === 0;

type Model = Map<string, Buffer>;

const FIRST = "\0";
const LAST = "\xff".repeat(KEY_BYTES_MAX);

/** Declares the suite for one adapter. */
export function storeAcceptance(name: string, harness: StoreHarness): void {
  describe(`${name} as a store`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await harness.open();
    });
    afterEach(() => harness.clean(store));

    const text = (table: StoreTable, key: string): string | undefined => store.get(table, key)?.toString();

    it("gives back what was committed, per table", () => {
      store.commit(STORE_TABLES.map((table) => put(table, "k", table)));
      for (const table of STORE_TABLES) expect(text(table, "k")).toBe(table);
      expect(text("cell", "other")).toBeUndefined();
    });

    it("lets the last write of a key in a commit win, deletes included", () => {
      store.commit([put("cell", "a", "1"), put("cell", "a", "2"), del("cell", "b"), put("cell", "c", "3"), del("cell", "c")]);
      expect(text("cell", "a")).toBe("2");
      expect(text("cell", "c")).toBeUndefined();
    });

    it("says of plain and absent cells that they are plain, and never of others", async () => {
      store.commit([put("cell", "even", "12"), put("cell", "odd", "123"), put("cell", "was odd", "1"), put("out", "free", "123")]);
      store.commit([put("cell", "even", "1234")]);
      const plain = (): boolean[] => ["even", "odd", "free"].map((key) => store.isPlain(key));
      expect(plain()).toEqual([true, false, true]);
      store = await harness.reopen(store, "close");
      expect(plain()).toEqual([true, false, true]);
    });

    it("keeps empty values apart from absent ones, and long values whole", () => {
      const long = Buffer.alloc(3_000_000, 7);
      store.commit([{ table: "out", key: "empty", value: Buffer.alloc(0) }, { table: "out", key: "long", value: long }]);
      expect(store.get("out", "empty")?.length).toBe(0);
      expect(store.get("out", "long")?.equals(long)).toBe(true);
    });

    it("copies values, so that the caller may reuse its buffer", () => {
      const scratch = Buffer.from("first");
      store.commit([{ table: "cell", key: "k", value: scratch }]);
      scratch.fill("x");
      expect(text("cell", "k")).toBe("first");
    });

    it("orders keys bytewise and ranges from inclusive to exclusive", () => {
      const keys = ["\0", "\0\0", "a", "a\0", "ab", "b", "\x7f", "\x80", "\xe9", "\xff", "\xff\xff"];
      store.commit([...keys].reverse().map((key) => put("in", key, key)));
      expect(keysOf(store, "in", FIRST, LAST)).toEqual(keys);
      expect(keysOf(store, "in", "a", "b")).toEqual(["a", "a\0", "ab"]);
      expect(keysOf(store, "in", "a", "a")).toEqual([]);
      expect(keysOf(store, "in", "b", "a")).toEqual([]);
      expect(keysOf(store, "in", "", "a")).toEqual(["\0", "\0\0"]);
    });

    it("takes keys of 1 to the longest length and refuses others, without writing anything", () => {
      store.commit([put("cell", "x".repeat(KEY_BYTES_MAX), "long")]);
      expect(text("cell", "x".repeat(KEY_BYTES_MAX))).toBe("long");
      for (const bad of ["", "x".repeat(KEY_BYTES_MAX + 1), "wide\u0100"]) {
        expect(() => store.commit([put("cell", "good", "1"), put("cell", bad, "2")])).toThrow(RangeError);
        expect(text("cell", "good")).toBeUndefined();
      }
    });

    it("refuses to read on in a range after a later commit", () => {
      store.commit([put("cell", "a", "1"), put("cell", "b", "2")]);
      const steps = store.range("cell", "a", "z")[Symbol.iterator]();
      expect(steps.next().done).toBe(false);
      store.commit([put("cell", "c", "3")]);
      expect(() => steps.next()).toThrow(/after a later commit/);
    });

    it("reports a size that grows with its content", () => {
      const before = store.sizeBytes();
      for (let at = 0; at < 20; at += 1) store.commit([{ table: "out", key: `k${at}`, value: Buffer.alloc(100_000, at) }]);
      expect(store.sizeBytes()).toBeGreaterThan(before + 1_000_000);
    });

    it("refuses every call after close", async () => {
      await store.close();
      expect(() => store.get("cell", "a")).toThrow(/closed/);
      expect(() => store.commit([])).toThrow(/closed/);
      expect(() => [...store.range("cell", "a", "b")]).toThrow(/closed/);
    });

    it.each(["close", "crash"] as const)("has every commit after a %s", async (how) => {
      for (let at = 0; at < 50; at += 1) store.commit([put("cell", `k${at % 7}`, `${at}`), put("state", "last", `${at}`)]);
      store.commit([del("cell", "k3")]);
      store = await harness.reopen(store, how);
      expect(text("state", "last")).toBe("49");
      expect(keysOf(store, "cell", FIRST, LAST)).toEqual(["k0", "k1", "k2", "k4", "k5", "k6"]);
      expect(text("cell", "k0")).toBe("49");
    });

    it("equals a plain map under random commits, ranges, closes and crashes", async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step(), { maxLength: 60 }), async (steps) => {
          await harness.clean(store);
          store = await harness.open();
          const model: Model = new Map();
          for (const next of steps) {
            if (next.kind === "reopen") store = await harness.reopen(store, next.how);
            else if (next.kind === "commit") applyBoth(store, model, next.writes);
            else expect(readStore(store, next.from, next.to)).toEqual(readModel(model, next.from, next.to));
            expectPlain(store, model);
          }
          expect(readStore(store, FIRST, LAST)).toEqual(readModel(model, FIRST, LAST));
          store = await harness.reopen(store, "close");
          expect(store.cellCount()).toBe([...model.keys()].filter((name) => name.startsWith("cell ")).length);
          for (const [at, value] of model) expect(store.get(...splitName(at))?.equals(value)).toBe(true);
        }),
        { numRuns: 40 },
      );
    });
  });
}

type Step =
  | { readonly kind: "commit"; readonly writes: StoreWrite[] }
  | { readonly kind: "reopen"; readonly how: "close" | "crash" }
  | { readonly kind: "range"; readonly from: string; readonly to: string };

function step(): fc.Arbitrary<Step> {
  const key = fc.oneof(fc.constantFrom("a", "b", "ab", "\xff"), fc.uint8Array({ minLength: 1, maxLength: 3 }).map(latin1));
  const value = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.nat(9000).map((size) => Buffer.alloc(size, size)));
  const table = fc.constantFrom(...STORE_TABLES);
  const whole = fc.record({ table, key, value: fc.option(value.map((bytes) => Buffer.from(bytes)), { nil: undefined, freq: 3 }) });
  const part = fc.tuple(table, key, value, fc.nat(5), fc.nat(5)).map(([table, key, bytes, before, behind]) => {
    const within = Buffer.concat([Buffer.alloc(before, 1), Buffer.from(bytes), Buffer.alloc(behind, 2)]);
    return { table, key, value: within, start: before, end: before + bytes.length };
  });
  const write: fc.Arbitrary<StoreWrite> = fc.oneof({ weight: 3, arbitrary: whole }, part);
  return fc.oneof(
    { weight: 8, arbitrary: fc.record({ kind: fc.constant("commit" as const), writes: fc.array(write, { maxLength: 25 }) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("range" as const), from: key, to: key }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("reopen" as const), how: fc.constantFrom("close", "crash") }) },
  );
}

function applyBoth(store: Store, model: Model, writes: readonly StoreWrite[]): void {
  store.commit(writes);
  for (const { table, key, value, start, end } of writes) {
    if (value === undefined) model.delete(`${table} ${key}`);
    else model.set(`${table} ${key}`, value.subarray(start, end));
  }
}

function expectPlain(store: Store, model: Model): void {
  for (const [name, value] of model) {
    const [table, key] = splitName(name);
    if (table === "cell" && !isEvenLength(value, 0, value.length)) expect(store.isPlain(key)).toBe(false);
  }
}

function readStore(store: Store, from: string, to: string): string[] {
  return STORE_TABLES.flatMap((table) =>
    Array.from(store.range(table, from, to), ([key, value]) => `${table} ${key}=${value.toString("latin1")}`),
  );
}

function readModel(model: Model, from: string, to: string): string[] {
  const order = (name: string): number => STORE_TABLES.indexOf(splitName(name)[0]);
  return [...model]
    .filter(([name]) => splitName(name)[1] >= from && splitName(name)[1] < to)
    .sort(([a], [b]) => order(a) - order(b) || (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value.toString("latin1")}`);
}

function splitName(name: string): [StoreTable, string] {
  const space = name.indexOf(" ");
  return [name.slice(0, space) as StoreTable, name.slice(space + 1)];
}

function keysOf(store: Store, table: StoreTable, from: string, to: string): string[] {
  return Array.from(store.range(table, from, to), ([key]) => key);
}

function put(table: StoreTable, key: string, value: string): StoreWrite {
  return { table, key, value: Buffer.from(value) };
}

function del(table: StoreTable, key: string): StoreWrite {
  return { table, key, value: undefined };
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}
