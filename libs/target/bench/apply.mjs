/**
 * How fast a real server applies batches, and what a cell costs the server and this process.
 *
 *     npx tsc -b libs/target libs/testkit libs/psync && node libs/target/bench/apply.mjs [seconds per case]
 *
 * One server on this machine with a replica attached (drained here), batches of 64, 256 and 1024 cells, eight in
 * flight. Every batch is built when it is sent: building and encoding are part of the figure. Keys 16 bytes, values
 * 100 bytes, 100,000 keys in turn.
 */
import { createHash } from "node:crypto";
import { ApplyBatch, encodeMarkHeader } from "@meridian/mark";
import { ReplicaTail } from "@meridian/psync";
import { RedisTarget } from "@meridian/target";
import { startRedis } from "@meridian/testkit";
import { VersionVector } from "@meridian/words";

const SECONDS = Number(process.argv[2] ?? 2);
const KEYS = 100_000;
const IN_FLIGHT = 8;
const keys = Array.from({ length: KEYS }, (_, i) => `key:${String(i).padStart(12, "0")}`);
const values = ["x", "y"].map((letter) => letter.repeat(100));
const digests = values.map((value) => createHash("sha1").update(value).digest("hex").slice(0, 16));

/** Each adds cell i, in its round r (even, odd: what is there is the other round's value). */
const CASES = {
  "string, nothing compared": (b, key) => b.setString(0, key, "~", "", values[0], -1),
  "string, = bytes": (b, key, r) => b.setString(0, key, "=", values[1 - r], values[r], -1),
  "string, # digest": (b, key, r) => b.setString(0, key, "#", digests[1 - r], values[r], -1),
  "string, # digest, with expiry": (b, key, r) => b.setString(0, key, "#", digests[1 - r], values[r], 4_000_000_000_000),
  "string, all skipped": (b, key) => b.setString(0, key, "=", "no", values[0], -1),
  "counter": (b, key) => b.incrString(0, `n${key}`, "1"),
  "hash field, = bytes": (b, key, r) => b.setField(0, `h${key}`, "field", "=", values[1 - r], values[r]),
  "hash field, # digest": (b, key, r) => b.setField(0, `h${key}`, "field", "#", digests[1 - r], values[r]),
  "set member": (b, key, r) => (r === 1 ? b.addMember(0, `s${key}`, "member") : b.removeMember(0, `s${key}`, "member")),
  "score": (b, key, r) => b.setScore(0, `z${key}`, "member", "=", String(1 - r), String(r)),
};

const server = await startRedis({ args: ["--repl-backlog-size", "64mb"] });
const connection = { host: server.host, port: server.port };
const target = await RedisTarget.connect({ ...connection, connectTimeoutMs: 2000, replyTimeoutMs: 30_000, clientName: "bench" });
const tail = new ReplicaTail({ ...connection, connectTimeoutMs: 2000 }, { onChunk: () => undefined, onLost: (error) => { throw error; } });
await tail.attach();
const { epoch } = await target.fence();
const vector = new VersionVector();
let seq = 0;

async function send(size, first, add) {
  seq += 1;
  const batch = new ApplyBatch(epoch, seq - 1, seq, encodeMarkHeader({ epoch, seq, vector, deferred: [], settled: [] }));
  for (let i = first; i < first + size; i++) add(batch, keys[i % KEYS], Math.floor(i / KEYS) % 2);
  return target.apply(batch);
}

const admin = server.client();
async function serverCpuSeconds() {
  const info = await admin.info("cpu");
  return Number(/used_cpu_user:([\d.]+)/.exec(info)[1]) + Number(/used_cpu_sys:([\d.]+)/.exec(info)[1]);
}

async function prepare() {
  await admin.flushall();
  const again = await target.fence();
  for (let i = 0; i < KEYS; i += 1000) {
    const p = admin.pipeline();
    for (const key of keys.slice(i, i + 1000)) p.set(key, values[1]).hset(`h${key}`, "field", values[1]).sadd(`s${key}`, "member").zadd(`z${key}`, "1", "member");
    await p.exec();
  }
  return again.epoch;
}

async function run(size, add) {
  const started = process.hrtime.bigint();
  const [server0, own0] = [await serverCpuSeconds(), process.cpuUsage()];
  const until = started + BigInt(SECONDS * 1e9);
  let sent = 0;
  let skipped = 0;
  const lane = async () => {
    while (process.hrtime.bigint() < until || sent % (2 * KEYS) !== 0) {
      const first = sent;
      const count = Math.min(size, KEYS - (first % KEYS));
      sent += count;
      const reply = await send(count, first, add);
      if (reply.status !== "OK") throw new Error(reply.status);
      skipped += reply.skipped;
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  const own = process.cpuUsage(own0);
  return {
    "cells/s": Math.round(sent / seconds),
    "server us/cell": Number((((await serverCpuSeconds()) - server0) / sent * 1e6).toFixed(2)),
    "own us/cell": Number(((own.user + own.system) / sent).toFixed(2)),
    skipped: `${Math.round((100 * skipped) / sent)} %`,
  };
}

const table = {};
await prepare();
await admin.flushall();
process.stdout.write(`${server.version.kind} ${server.version.text}, ${SECONDS} s per case\n`);
for (const [name, add] of Object.entries(CASES)) {
  for (const size of [64, 256, 1024]) {
    seq = 0;
    const fresh = await prepare();
    if (fresh !== epoch) throw new Error(`epoch ${fresh}, expected ${epoch}`);
    table[`${name}, ${size}`] = await run(size, add);
  }
}
console.table(table);
await tail.close();
await target.close();
await server.stop();
