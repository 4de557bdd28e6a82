/**
 * Measures commits and gets of the LMDB store: `npm run build` first, then
 *
 *   node libs/store/bench/commit.mjs [--keys 1000000] [--commit 1000] [--writes 1000000] [--rate 0] [--adapter lmdb|simple]
 *
 * Keys of 16 bytes, values of 24. Fills the store in random order, then overwrites random keys, a `state` write in
 * each commit, yielding to the event loop between commits as an agent does, as fast as it can or `--rate` writes per second. `simple` is LMDB with one put per cell in
 * one transaction per commit (no flush to the disk), for comparison. CPU is of the whole process, all threads.
 */
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { open } from "lmdb";
import { openLmdbStore } from "../dist/index.js";

const { values: args } = parseArgs({
  options: {
    keys: { type: "string", default: "1000000" },
    commit: { type: "string", default: "1000" },
    writes: { type: "string", default: "1000000" },
    rate: { type: "string", default: "0" },
    adapter: { type: "string", default: "lmdb" },
  },
});
const [KEYS, COMMIT, WRITES, RATE] = [args.keys, args.commit, args.writes, args.rate].map(Number);
const path = mkdtempSync(join(tmpdir(), "meridian-bench-"));
const value = Buffer.alloc(24, 7);

function openSimple() {
  const root = open({ path, encoding: "binary", noSync: true, overlappingSync: false, mapSize: 2 ** 32 });
  const keyEncoder = { writeKey: (key, to, at) => at + to.latin1Write(key, at), readKey: (from, start, end) => from.latin1Slice(start, end) };
  const tables = { cell: root.openDB({ name: "cell", encoding: "binary", keyEncoder }), state: root.openDB({ name: "state", encoding: "binary", keyEncoder }) };
  return {
    get: (table, key) => tables[table].getBinary(key),
    commit: (writes) => root.transactionSync(() => writes.forEach((write) => tables[write.table].putSync(write.key, write.value)), 2),
    flushed: () => Promise.resolve(),
    sizeBytes: () => statSync(join(path, "data.mdb")).size,
    close: () => root.close(),
  };
}

function memory() {
  const status = readFileSync("/proc/self/status", "latin1");
  const mb = (name) => Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)[1]) / 1024);
  return `RSS ${mb("VmRSS")} MB (anonymous ${mb("RssAnon")}, file ${mb("RssFile")}; peak ${mb("VmHWM")})`;
}

let state = 12345;
const random = () => {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return state >>> 0;
};
const keyOf = (index) => `key:${String(index).padStart(12, "0")}`;
const yieldToLoop = () => new Promise((resolve) => setImmediate(resolve));

async function run(name, store, total, rate, next) {
  const cpu = process.cpuUsage();
  const started = performance.now();
  let longest = 0;
  let inCommit = 0;
  let longestTurn = 0;
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  for (let done = 0; done < total; done += COMMIT) {
    const writes = [];
    for (let each = 0; each < COMMIT; each += 1) writes.push({ table: "cell", key: keyOf(next(done + each)), value });
    writes.push({ table: "state", key: "offset", value });
    const before = performance.now();
    store.commit(writes);
    const after = performance.now();
    longest = Math.max(longest, after - before);
    inCommit += after - before;
    await yieldToLoop();
    while (rate > 0 && ((done + COMMIT) / rate) * 1000 > performance.now() - started) await sleep(1);
    longestTurn = Math.max(longestTurn, loop.max / 1e6);
  }
  const us = (ms) => ((ms * 1000) / total).toFixed(2);
  const used = process.cpuUsage(cpu);
  console.log(
    `${name}: ${us(performance.now() - started)} us/write (commit ${us(inCommit)}, CPU ${us((used.user + used.system) / 1000)}),` +
      ` longest commit ${longest.toFixed(1)} ms, loop delay p99 ${(loop.percentile(99) / 1e6).toFixed(1)} ms, longest ${longestTurn.toFixed(1)} ms, size ${(store.sizeBytes() / 1e6).toFixed(0)} MB, ${memory()}` +
      (store.pressure === undefined ? "" : `, pressure ${store.pressure.toFixed(1)}`),
  );
}

function gets(name, store, key) {
  const count = 200_000;
  const started = performance.now();
  let found = 0;
  for (let each = 0; each < count; each += 1) if (store.get("cell", key()) !== undefined) found += 1;
  console.log(`get ${name}: ${(((performance.now() - started) * 1000) / count).toFixed(2)} us, ${found} of ${count} found`);
}

console.log(`${args.adapter}, ${KEYS} keys, ${COMMIT} writes per commit; at start ${memory()}`);
const store = args.adapter === "simple" ? openSimple() : openLmdbStore({ path, owner: "eu/0" });
const order = Uint32Array.from({ length: KEYS }, (_, index) => index);
for (let at = KEYS - 1; at > 0; at -= 1) {
  const other = random() % (at + 1);
  [order[at], order[other]] = [order[other], order[at]];
}
await run("fill", store, KEYS, 0, (at) => order[at % KEYS]);
await run("overwrite", store, WRITES, RATE, () => random() % KEYS);
gets("of random present keys", store, () => keyOf(random() % KEYS));
gets("of absent keys", store, () => `kez:${random()}`);
await store.flushed();
const heap = process.memoryUsage();
console.log(`V8 heap ${Math.round(heap.heapTotal / 1e6)} MB of which used ${Math.round(heap.heapUsed / 1e6)}, buffers ${Math.round(heap.external / 1e6)} MB`);
console.log(`idle: size ${(store.sizeBytes() / 1e6).toFixed(0)} MB, ${memory()}`);
const closing = performance.now();
await store.close();
const opening = performance.now();
const again = args.adapter === "simple" ? openSimple() : openLmdbStore({ path, owner: "eu/0" });
console.log(`close ${(opening - closing).toFixed(0)} ms, open ${(performance.now() - opening).toFixed(0)} ms`);
await again.close();
rmSync(path, { recursive: true, force: true });
