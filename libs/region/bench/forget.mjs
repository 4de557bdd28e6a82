/**
 * Measures what is left of dead keys once every region is past them: `npm run build` first, then
 *
 *   node libs/region/bench/forget.mjs [--keys 1000000] [--live 1000]
 *
 * One region over an LMDB store, its server's stream made here, two peers that only say how far they are. First `--keys`
 * counters are made and deleted, then as many strings with a short deadline are set and expire; `--live` keys stay. Told are
 * the records in the store with their bytes (what a file needs; LMDB re-uses pages and does not give them back), the size of
 * the file, and the heap, at the worst moment (the peers silent) and when everything is forgotten.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { encodeMarkHeader, encodeReadResult, MARK_KEY, READ_KEY, READ_TTL_MS } from "@meridian/mark";
import { encodeCommand } from "@meridian/resp";
import { encodeRecord, heartbeatFrame } from "@meridian/wire";
import { VersionVector, writerId } from "@meridian/words";
import { openLmdbStore } from "../../store/dist/index.js";
import { HEARTBEAT_PACE, isPlainRecord, Region } from "../dist/index.js";

const { values: args } = parseArgs({ options: { keys: { type: "string", default: "1000000" }, live: { type: "string", default: "1000" } } });
const [KEYS, LIVE] = [Number(args.keys), Number(args.live)];
const CHUNK = 500;
const [eu, us, ap] = ["eu", "us", "ap"].map((region) => writerId(region, "0"));
const path = mkdtempSync(join(tmpdir(), "meridian-bench-"));
const store = openLmdbStore({ path, owner: eu, isPlain: isPlainRecord });
const region = new Region({ writer: eu, peers: [us, ap], store, maxDriftMs: 500, cachedSlotsMax: 4096 });
let nowMs = Date.now();
let told = 0;

function feed(...commands) {
  region.onStream(Buffer.concat(commands.map((command) => encodeCommand(command))), nowMs);
}

function flush() {
  const step = region.flush(nowMs);
  if (step.writes.length > 0) store.commit(step.writes);
  for (const { seq } of step.publish) region.onPublished(seq);
  for (const { id, keys } of step.read) {
    if (keys.length > 0) throw new Error("nothing was to be read");
    const result = encodeReadResult({ epoch: 1, id, values: [] });
    feed(["MULTI"], ["SET", READ_KEY, result, "PXAT", String(nowMs + READ_TTL_MS)], ["DEL", READ_KEY], ["EXEC"]);
  }
}

function inChunks(commandsOf) {
  for (let at = 0; at < KEYS; at += CHUNK) {
    feed(...Array.from({ length: Math.min(CHUNK, KEYS - at) }, (_, i) => commandsOf(at + i)).flat());
    flush();
  }
}

function measured(what, sinceMs) {
  globalThis.gc?.();
  let records = 0;
  let bytes = 0;
  for (const table of ["cell", "state", "in", "out"]) {
    for (const [name, value] of store.range(table, "\x01", "\xff")) {
      records += 1;
      bytes += name.length + value.length;
    }
  }
  const mib = (count) => `${(count / 2 ** 20).toFixed(1)} MiB`;
  const seconds = sinceMs === undefined ? "" : `, after ${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;
  console.log(`${what}: ${records} records of ${mib(bytes)}; file ${mib(store.sizeBytes())}; heap ${mib(process.memoryUsage().heapUsed)}${seconds}`);
}

/** The peers say that they know everything and what time it is, and what is due is worked off. */
async function forget() {
  const began = performance.now();
  for (let turn = 0; turn < 4; turn += 1) {
    nowMs += HEARTBEAT_PACE.everyMs + 1;
    flush();
    flush();
    for (const peer of [us, ap]) {
      told += 1;
      const known = new VersionVector([[eu, region.lastVersion]]);
      const frame = heartbeatFrame(0, known, nowMs + 1_000);
      region.onRecord(peer, String(told), encodeRecord(peer, { replicationId: "bench", firstOffset: 0, lastOffset: 0 }, [frame]));
    }
    for (let idle = 0, before = -1; idle < 20; idle = region.stability.forgotten === before ? idle + 1 : 0) {
      before = region.stability.forgotten;
      nowMs += 10;
      flush();
      await new Promise(setImmediate);
    }
  }
  return began;
}

region.onAttached({ replicationId: "bench", offset: 0 }, false, []);
region.onFenced(1);
feed(["SET", MARK_KEY, encodeMarkHeader({ epoch: 1, seq: 0, vector: new VersionVector(), deferred: [], settled: [] })]);
for (let i = 0; i < LIVE; i += 1) feed(["SET", `live:${i}`, "value"]);
flush();
measured(`${LIVE} live keys`);
inChunks((i) => [["INCRBY", `counter:${i}`, "5"], ["DEL", `counter:${i}`]]);
measured(`${KEYS} counters made and deleted`);
measured("forgotten", await forget());
const deadline = nowMs + 1_000;
inChunks((i) => [["SET", `short:${i}`, "value", "PXAT", String(deadline)]]);
nowMs = deadline + 1;
inChunks((i) => [["DEL", `short:${i}`]]);
measured(`${KEYS} strings expired`);
measured("forgotten", await forget());
await store.close();
rmSync(path, { recursive: true });
