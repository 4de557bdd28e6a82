import { describe, expect, it } from "vitest";
import { isEvenLength, storeAcceptance } from "./acceptance.js";
import { MemoryStore } from "./memory-store.js";

storeAcceptance("MemoryStore", {
  open: () => Promise.resolve(new MemoryStore(undefined, isEvenLength)),
  reopen: (store) => Promise.resolve((store as MemoryStore).crash()),
  clean: () => Promise.resolve(),
});

describe("MemoryStore", () => {
  const value = (text: string) => Buffer.from(text);

  it("goes back to a snapshot, which later commits do not change", () => {
    const store = new MemoryStore();
    store.commit([{ table: "cell", key: "a", value: value("1") }]);
    const snapshot = store.snapshot();
    store.commit([{ table: "cell", key: "a", value: value("2") }, { table: "cell", key: "b", value: value("3") }]);
    expect(new MemoryStore(snapshot).get("cell", "a")?.toString()).toBe("1");
    store.restore(snapshot);
    expect(Array.from(store.range("cell", "a", "z"), ([key]) => key)).toEqual(["a"]);
    expect(store.get("cell", "a")?.toString()).toBe("1");
  });

  it("kills the old owner at a crash", () => {
    const store = new MemoryStore();
    store.commit([{ table: "state", key: "offset", value: value("9") }]);
    const heir = store.crash();
    expect(heir.get("state", "offset")?.toString()).toBe("9");
    expect(() => store.commit([])).toThrow(/closed/);
    expect(() => store.get("state", "offset")).toThrow(/closed/);
  });

  it("orders rightly through many deletions and late small keys", () => {
    const store = new MemoryStore();
    const keys = Array.from({ length: 1000 }, (_, at) => `k${String(at).padStart(4, "0")}`);
    store.commit(keys.map((key) => ({ table: "cell", key, value: value(key) })));
    store.commit(keys.filter((_, at) => at % 10 !== 0).map((key) => ({ table: "cell", key, value: undefined })));
    store.commit([{ table: "cell", key: "a", value: value("a") }, { table: "cell", key: "k0001", value: value("back") }]);
    const left = Array.from(store.range("cell", "\0", "z"), ([key]) => key);
    expect(left).toEqual(["a", "k0000", "k0001", ...keys.filter((_, at) => at % 10 === 0 && at > 0)]);
    expect(store.sizeBytes()).toBe(2 + 99 * 10 + 10 + 9);
  });
});
