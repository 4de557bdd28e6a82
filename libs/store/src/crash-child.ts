/**
 * The process that the crash test kills: commits numbered batches as fast as it can and says each number when its
 * commit has returned. What batch `n` writes is a function of `n`, so that the test knows every prefix.
 *
 * Run as `node crash-child.js <folder> <first number>`.
 */
import { writeSync } from "node:fs";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";
import { openLmdbStore } from "./lmdb-store.js";
import { STORE_TABLES, type StoreTable, type StoreWrite } from "./port.js";

/** The owner of the store that is killed. */
export const CRASH_OWNER = "eu/0";

const KEYS = 3000;
const WRITES_MAX = 150;

/** The writes of batch `number`, the number itself among them. */
export function batchOf(number: number): StoreWrite[] {
  let state = Math.imul(number + 1, 0x9e3779b1);
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 8) % below;
  };
  const writes: StoreWrite[] = [{ table: "state", key: "number", value: Buffer.from(String(number)) }];
  for (let each = random(WRITES_MAX); each >= 0; each -= 1) {
    const table = STORE_TABLES[random(10) < 7 ? 0 : random(3)] as StoreTable;
    const key = `k${random(KEYS)}`;
    const value = random(5) === 0 ? undefined : Buffer.alloc(random(20) === 0 ? random(6000) : random(40), number);
    writes.push({ table, key, value });
  }
  return writes;
}

async function commitForever(path: string, first: number): Promise<never> {
  const store = openLmdbStore({ path, owner: CRASH_OWNER, heldEntriesMax: 700 });
  for (let number = first; ; number += 1) {
    store.commit(batchOf(number));
    writeSync(1, `${number}\n`);
    if (number % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

if (argv[1] === fileURLToPath(import.meta.url)) await commitForever(argv[2] as string, Number(argv[3]));
