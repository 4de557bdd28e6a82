/**
 * What an operation on a long list costs the agent's core: captured and published in one region, received, applied and
 * settled in another; and what a list takes in memory and in the store.
 *
 *     npx tsc -b libs/region libs/store && node --expose-gc libs/region/bench/lists.mjs [elements...]
 *
 * One list of the given length (default 1,000, 100,000 and 1,000,000), values of 16 bytes, made by pushes of 100 values
 * with a commit after each 100 pushes. Each case runs 2,000 commands (200 where a value is looked for), a commit after
 * every 50. CPU time. Stores are in memory: what LMDB adds is told by libs/store. The server is none: its part is in libs/target.
 */
import { encodeMarkHeader, MARK_KEY } from "@meridian/mark";
import { Region } from "@meridian/region";
import { encodeCommand } from "@meridian/resp";
import { MemoryStore } from "@meridian/store";
import { VersionVector, writerId } from "@meridian/words";

const SIZES = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1_000, 100_000, 1_000_000];
const [EU, US] = [writerId("eu", "0"), writerId("us", "0")];
const NOW_MS = 1_800_000_000_000;

/** CPU time of this process, in us: others may use the machine. */
function cpuMicros() {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** A region over a store, with a server that is only a stream. */
class Side {
  constructor(writer, peer) {
    this.store = new MemoryStore();
    this.records = [];
    this.bytes = 0;
    this.region = new Region({ writer, peers: [peer], store: this.store, maxDriftMs: 500, cachedSlotsMax: 40_000 });
    this.region.onAttached({ replicationId: "f".repeat(40), offset: 0 }, false, []);
    this.region.onFenced(1);
    this.feed(["SET", MARK_KEY, encodeMarkHeader({ epoch: 1, seq: 0, vector: new VersionVector(), deferred: [], settled: [] })]);
    this.flush();
  }

  feed(...commands) {
    this.region.onStream(Buffer.concat(commands.map((command) => encodeCommand(command))), NOW_MS);
  }

  flush() {
    const step = this.region.flush(NOW_MS);
    if (step.writes.length > 0) this.store.commit(step.writes);
    for (const { seq, record } of step.publish) {
      this.records.push(record);
      this.bytes += record.length;
      this.region.onPublished(seq);
    }
    return step;
  }

  /** Receives a record; every batch comes back as its mark, as if the server had run it. */
  take(writer, position, record) {
    this.region.onRecord(writer, position, record);
    for (;;) {
      const { apply } = this.flush();
      if (apply.length === 0) return;
      for (const batch of apply) this.feed(["MULTI"], ["SET", MARK_KEY, batch.args[3]], ["SET", "effect", "ours"], ["EXEC"]);
    }
  }
}

let last = 0;
const value = () => String((last += 1)).padStart(16, "0");

function build(side, size) {
  for (let made = 0, pushes = 1; made < size; made += 100, pushes += 1) {
    side.feed(["RPUSH", "list", ...Array.from({ length: Math.min(100, size - made) }, value)]);
    if (pushes % 100 === 0) side.flush();
  }
  side.flush();
}

const CASES = {
  "RPUSH": [2000, () => ["RPUSH", "list", value()]],
  "LPUSH": [2000, () => ["LPUSH", "list", value()]],
  "LPOP": [2000, () => ["LPOP", "list"]],
  "LSET, in the middle": [2000, (size) => ["LSET", "list", String(size >> 1), value()]],
  "LTRIM, 10 at the end": [200, () => ["LTRIM", "list", "0", "-11"]],
  "LINSERT, a value in the middle": [200, (size, middle) => ["LINSERT", "list", "BEFORE", middle, value()]],
};

function measure(eu, us, size, middle, [count, command]) {
  eu.records = [];
  eu.bytes = 0;
  const began = cpuMicros();
  for (let i = 1; i <= count; i += 1) {
    eu.feed(command(size, middle));
    if (i % 50 === 0) eu.flush();
  }
  const captured = cpuMicros();
  for (const record of eu.records) us.take(EU, `p${(us.position = (us.position ?? 0) + 1)}`, record);
  const applied = cpuMicros();
  const each = (from, to) => ((to - from) / count).toFixed(1);
  return [each(began, captured), each(captured, applied), (eu.bytes / count).toFixed(0)];
}

function storeBytes({ store }) {
  let bytes = 0;
  for (const [key, found] of store.range("cell", "", "\xff")) bytes += key.length + found.length;
  return bytes;
}

const heap = () => (globalThis.gc?.(), process.memoryUsage().heapUsed);
for (const size of SIZES) {
  const [eu, us] = [new Side(EU, US), new Side(US, EU)];
  last = 0;
  const before = heap();
  build(eu, size);
  const middle = String(size >> 1).padStart(16, "0");
  const memory = (heap() - before) / size;
  for (const record of eu.records) us.take(EU, `p${(us.position = (us.position ?? 0) + 1)}`, record);
  const stored = storeBytes(eu) / size;
  console.log(`${size} elements: ${stored.toFixed(1)} bytes each in the store, ${memory.toFixed(0)} in memory with store and log records`);
  for (const [name, one] of Object.entries(CASES)) {
    const [capture, apply, record] = measure(eu, us, size, middle, one);
    console.log(`  ${name.padEnd(32)} captured and published ${capture.padStart(8)} us, received and settled ${apply.padStart(8)} us, ${record} bytes in the log`);
  }
}
