import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MeridianError } from "@meridian/words";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isEvenLength, storeAcceptance } from "./acceptance.js";
import { openLmdbStore, type LmdbStore, type LmdbStoreOptions } from "./lmdb-store.js";
import type { StoreWrite } from "./port.js";
import { LOCK_FILE } from "./store-lock.js";

const OWNER = "eu/0";
let folders: string[] = [];

function newFolder(): string {
  const path = mkdtempSync(join(tmpdir(), "meridian-store-"));
  folders.push(path);
  return path;
}

function removeFolders(): void {
  for (const path of folders) rmSync(path, { recursive: true, force: true });
  folders = [];
}

/** The folder as a killed process would leave it: the lock is dropped, nothing is flushed. */
async function copyAlive(store: LmdbStore, path: string): Promise<string> {
  await store.flushed();
  const copy = newFolder();
  cpSync(path, copy, { recursive: true, filter: (source) => !source.endsWith(LOCK_FILE) });
  return copy;
}

function declareFor(name: string, limits: Partial<LmdbStoreOptions>): void {
  let path = "";
  storeAcceptance(name, {
    open: () => {
      path = newFolder();
      return Promise.resolve(openLmdbStore({ path, owner: OWNER, isPlain: isEvenLength, ...limits }));
    },
    reopen: async (store, how) => {
      const next = how === "close" ? path : await copyAlive(store as LmdbStore, path);
      await store.close();
      path = next;
      return openLmdbStore({ path, owner: OWNER, isPlain: isEvenLength, ...limits });
    },
    clean: async (store) => {
      await store.close();
      removeFolders();
    },
  });
}

declareFor("LmdbStore", {});
declareFor("LmdbStore that moves to disk after every few keys", { heldEntriesMax: 5 });

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return error instanceof MeridianError ? error.code : String(error);
  }
}

const cells = (from: number, to: number, text: string): StoreWrite[] =>
  Array.from({ length: to - from }, (_, at) => ({ table: "cell", key: `k${String(from + at).padStart(6, "0")}`, value: Buffer.from(text) }));

describe("LmdbStore's count of cells", () => {
  afterEach(removeFolders);

  it("follows what is written, replaced and removed, without reading the tables again", async () => {
    const store = openLmdbStore({ path: newFolder(), owner: OWNER });
    const removed = (from: number, to: number): StoreWrite[] => cells(from, to, "").map((write) => ({ ...write, value: undefined }));
    const rounds = [cells(0, 3_000, "first"), cells(1_000, 5_000, "again"), removed(500, 4_000), removed(0, 4_990), cells(7, 8, "x".repeat(9_000)), removed(0, 9_000)];
    const counted: number[] = [];
    for (const writes of rounds) {
      store.commit(writes);
      store.flush();
      await store.flushed();
      counted.push(store.cellCount());
      expect(counted.at(-1)).toBe([...store.range("cell", "k", "l")].length);
    }
    expect(counted).toEqual([3_000, 5_000, 1_500, 10, 11, 0]);
    await store.close();
  });
});

describe("LmdbStore's memory", () => {
  let path: string;
  beforeEach(() => (path = newFolder()));
  afterEach(removeFolders);

  it("never exceeds its limit by much where the caller does not yield, and loses nothing", async () => {
    const store = openLmdbStore({ path, owner: OWNER, heldEntriesMax: 1000 });
    for (let at = 0; at < 40_000; at += 500) {
      store.commit(cells(at, at + 500, `v${at}`));
      expect(store.pressure).toBeLessThanOrEqual(2.5);
    }
    await store.close();
    const again = openLmdbStore({ path, owner: OWNER });
    expect(Array.from(again.range("cell", "a", "z")).length).toBe(40_000);
    expect(again.get("cell", "k012345")?.toString()).toBe("v12000");
    await again.close();
  });

  it("reads the same before, during and after a move to disk", async () => {
    const store = openLmdbStore({ path, owner: OWNER });
    store.commit(cells(0, 5000, "old"));
    store.flush();
    await store.flushed();
    store.commit([...cells(0, 2500, "new"), ...cells(5000, 5100, "new")]);
    store.commit(cells(100, 200, "x").map((write) => ({ ...write, value: undefined })));
    const content = () => Array.from(store.range("cell", "a", "z"), ([key, value]) => `${key}=${value.toString()}`);
    const expected = content();
    store.flush();
    for (let turns = 0; turns < 50; turns += 1) {
      expect(content()).toEqual(expected);
      expect(store.get("cell", "k000150")).toBeUndefined();
      expect(store.get("cell", "k004999")?.toString()).toBe("old");
      await new Promise((resolve) => setImmediate(resolve));
    }
    await store.flushed();
    expect(content()).toEqual(expected);
    expect(expected.length).toBe(5000);
    await store.close();
  });

  it("forces to the disk what was committed, also while it moves to the tables", async () => {
    const path = newFolder();
    const store = openLmdbStore({ path, owner: OWNER, heldEntriesMax: 50 });
    const syncs: Promise<void>[] = [];
    for (let at = 0; at < 2_000; at += 20) {
      store.commit(cells(at, at + 20, "v"));
      syncs.push(store.sync());
      // As its owner does: more than a few generations in one turn of the event loop are refused.
      if (store.pressure >= 2) await store.flushed();
      if (at % 200 === 0) await Promise.all(syncs.splice(0));
    }
    await Promise.all(syncs);
    await store.sync();
    await store.close();
    const again = openLmdbStore({ path, owner: OWNER });
    expect(again.cellCount()).toBe(2_000);
    await again.close();
  });

  it("leaves one empty redo file's worth of nothing after a clean close", async () => {
    const store = openLmdbStore({ path, owner: OWNER });
    store.commit(cells(0, 10, "v"));
    await store.close();
    expect(readdirSync(path).sort()).toEqual(["data.mdb", "lock.mdb", "store.json"]);
  });
});

describe("LmdbStore's folder", () => {
  let path: string;
  beforeEach(() => (path = newFolder()));
  afterEach(removeFolders);

  it("refuses another owner's", async () => {
    await openLmdbStore({ path, owner: OWNER }).close();
    expect(codeOf(() => openLmdbStore({ path, owner: "us/0" }))).toBe("STORE_FOREIGN");
    await openLmdbStore({ path, owner: OWNER }).close();
  });

  it("refuses a folder that is open in this process", async () => {
    const store = openLmdbStore({ path, owner: OWNER });
    expect(codeOf(() => openLmdbStore({ path, owner: OWNER }))).toBe("STORE_LOCKED");
    await store.close();
    expect(existsSync(join(path, LOCK_FILE))).toBe(false);
  });

  it("refuses a folder that a live process holds, naming its pid, and takes over when it has died", async () => {
    const holder = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000); console.log('up')"], { stdio: ["ignore", "pipe", "ignore"] });
    await once(holder.stdout, "data");
    const stat = readFileSync(`/proc/${holder.pid}/stat`, "latin1");
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
    const own = openLmdbStore({ path, owner: OWNER });
    const lock = JSON.parse(readFileSync(join(path, LOCK_FILE), "utf8")) as object;
    await own.close();
    const started = `${boot}/${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]}`;
    writeFileSync(join(path, LOCK_FILE), JSON.stringify({ ...lock, pid: holder.pid, started }));
    expect(() => openLmdbStore({ path, owner: OWNER })).toThrow(`process ${holder.pid}`);
    holder.kill("SIGKILL");
    await once(holder, "exit");
    const store = openLmdbStore({ path, owner: OWNER });
    await store.close();
  });

  it("takes over a lock whose pid now belongs to another process, and one that is not readable", async () => {
    const own = openLmdbStore({ path, owner: OWNER });
    const lock = JSON.parse(readFileSync(join(path, LOCK_FILE), "utf8")) as object;
    await own.close();
    for (const stale of [JSON.stringify({ ...lock, pid: 1, started: "another life" }), "{"]) {
      writeFileSync(join(path, LOCK_FILE), stale);
      await openLmdbStore({ path, owner: OWNER }).close();
    }
  });

  it("refuses a lock of another host, which cannot be judged", () => {
    writeFileSync(join(path, LOCK_FILE), JSON.stringify({ pid: 1, started: "", host: "elsewhere" }));
    expect(() => openLmdbStore({ path, owner: OWNER })).toThrow(/elsewhere/);
  });

  it.each([
    ["foreign bytes", (file: string) => writeFileSync(file, Buffer.alloc(50_000, 7))],
    ["a few bytes", (file: string) => writeFileSync(file, "short")],
    ["a file that was cut short", (file: string) => truncateSync(file, 8192)],
  ])("refuses a data file with %s, with advice, and does not die of it", async (_, damage) => {
    const store = openLmdbStore({ path, owner: OWNER });
    store.commit(cells(0, 100_000, "some value"));
    await store.close();
    damage(join(path, "data.mdb"));
    expect(codeOf(() => openLmdbStore({ path, owner: OWNER }))).toBe("STORE_CORRUPT");
    expect(existsSync(join(path, LOCK_FILE))).toBe(false);
  });

  it("refuses a redo file and an owner file that are not ours", async () => {
    await openLmdbStore({ path, owner: OWNER }).close();
    writeFileSync(join(path, "redo-000000000001.log"), "something else entirely");
    expect(codeOf(() => openLmdbStore({ path, owner: OWNER }))).toBe("STORE_CORRUPT");
    writeFileSync(join(path, "store.json"), "{}");
    expect(codeOf(() => openLmdbStore({ path, owner: OWNER }))).toBe("STORE_CORRUPT");
  });

  it("keeps a commit that follows a life without one", async () => {
    let at = path;
    for (const life of [0, 1, 2, 3]) {
      const store = openLmdbStore({ path: at, owner: OWNER });
      if (life === 2) store.commit([{ table: "cell", key: "a", value: Buffer.from("kept") }]);
      if (life === 3) expect(store.get("cell", "a")?.toString()).toBe("kept");
      at = await copyAlive(store, at);
      await store.close();
    }
  });

  it("drops a torn record at the end of the redo log, and nothing before it", async () => {
    const store = openLmdbStore({ path, owner: OWNER });
    for (let at = 0; at < 10; at += 1) store.commit([{ table: "state", key: "n", value: Buffer.from(`${at}`) }]);
    const copy = await copyAlive(store, path);
    await store.close();
    const [redo] = readdirSync(copy).filter((name) => name.startsWith("redo-")) as [string];
    truncateSync(join(copy, redo), readFileSync(join(copy, redo)).length - 1);
    const again = openLmdbStore({ path: copy, owner: OWNER });
    expect(again.get("state", "n")?.toString()).toBe("8");
    again.commit([{ table: "state", key: "n", value: Buffer.from("after") }]);
    const third = await copyAlive(again, copy);
    await again.close();
    const last = openLmdbStore({ path: third, owner: OWNER });
    expect(last.get("state", "n")?.toString()).toBe("after");
    await last.close();
  });
});
