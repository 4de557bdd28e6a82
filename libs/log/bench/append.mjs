/**
 * How fast one writer appends and one reader reads: `node libs/log/bench/append.mjs [redis|kafka] [records] [bytes]`.
 *
 * Needs a build (`npx tsc -b libs/log libs/testkit`). Starts its own server on this machine; everything shares its cores.
 */
import { kafkaBroker, startRedis } from "@meridian/testkit";
import { writerId } from "@meridian/words";
import { openLog } from "../dist/index.js";

const IN_FLIGHT = 128;
const [kind = "redis", records = "8000", bytes = "65536"] = process.argv.slice(2);
const count = Number(records);
const writer = writerId("eu", "0");

const server = kind === "redis" ? await startRedis() : await kafkaBroker();
const config =
  kind === "redis"
    ? { kind, url: server.url, retentionMs: 3_600_000 }
    : { kind, brokers: server.brokers, replicationFactor: 1, retentionMs: 3_600_000, topicPrefix: `bench-${process.pid}` };
const log = openLog(config);
await log.open([writer]);
const record = Buffer.alloc(Number(bytes), "value ");

/** Latency of one append at a time, then throughput with many queued, then of reading it all. */
const alone = [];
for (let index = 0; index < 200; index += 1) {
  const startedMs = performance.now();
  await log.append(writer, record);
  alone.push(performance.now() - startedMs);
}
alone.sort((a, b) => a - b);
report("append, one at a time", { p50Ms: round(alone[100]), p99Ms: round(alone[198]) });

await timed("append", count, async () => {
  const queued = new Set();
  for (let index = 0; index < count; index += 1) {
    const append = log.append(writer, record).then(() => queued.delete(append));
    queued.add(append);
    if (queued.size >= IN_FLIGHT) await Promise.race(queued);
  }
  await Promise.all(queued);
});

await timed("read", count + alone.length, async () => {
  let seen = 0;
  for await (const batch of log.read(writer, undefined, new AbortController().signal)) {
    seen += batch.length;
    if (seen >= count + alone.length) break;
  }
});

await log.close();
await server.stop();

async function timed(what, total, work) {
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  await work();
  const seconds = (performance.now() - startedMs) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  report(what, {
    recordsPerSecond: Math.round(total / seconds),
    megabytesPerSecond: Math.round((total * record.length) / seconds / 1e6),
    clientCpuSecondsPerGigabyte: round((user + system) / 1e6 / ((total * record.length) / 1e9)),
  });
}

function report(what, numbers) {
  console.log(JSON.stringify({ log: kind, bytes: record.length, what, ...numbers }));
}

function round(value) {
  return Math.round(value * 100) / 100;
}
