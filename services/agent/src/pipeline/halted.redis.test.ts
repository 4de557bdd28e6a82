/** A region that stands still still owes its peers what it captured before, however long the log holds back; and nothing behind. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memoryLog, MemoryShelf } from "@meridian/log";
import { createLogger, loadOptions } from "@meridian/shell";
import { startRedis, waitFor, type TestRedis } from "@meridian/testkit";
import { MeridianError, writerId } from "@meridian/words";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AGENT_DECLARATION } from "../agent-declaration.js";
import { Place } from "../testing/place.js";
import { RegionPipeline } from "./region-pipeline.js";

const EU = writerId("eu", "0");
const LIMIT = { timeoutMs: 10_000 };
/** Names of keys, as they stand in records. */
const KEYS = /before|owed|behind|later/g;
let server: TestRedis;
let shelf: MemoryShelf;
let openLog: () => void;
let breakLog: () => void;

beforeEach(async () => {
  server = await startRedis();
  shelf = new MemoryShelf();
});
afterEach(() => server.stop());

/** From now on the log takes nothing, until `openLog`; with `breakLog` it refuses what it was given. */
function closeLog(): void {
  const gate = new Promise<void>((resolve, reject) => {
    openLog = resolve;
    breakLog = () => reject(new MeridianError("LOG_UNAVAILABLE", "the test has broken it", { advice: "none", retryable: false }));
  });
  shelf.beforeStore = () => gate;
}

/** Keys named in the log, in order, each time that they are. */
async function published(): Promise<string[]> {
  const log = memoryLog({ shelf });
  const keys: string[] = [];
  const end = await log.end(EU);
  for await (const records of log.read(EU, undefined, new AbortController().signal)) {
    for (const { bytes } of records) keys.push(...(bytes.toString("latin1").match(KEYS) ?? []));
    if (records.at(-1)?.position === end) break;
  }
  await log.close();
  return keys;
}

/** A life whose log holds back one record, `owed`, behind another that it took. */
async function owing(): Promise<Place> {
  const place = new Place(server, EU, [], shelf);
  const client = server.client();
  await waitFor(() => place.life.isRunning, { ...LIMIT, what: "the life to run" });
  await client.set("before", "1");
  await waitFor(() => place.hasCaptured(client), { ...LIMIT, what: "the first write to be published" });
  closeLog();
  await client.set("owed", "1");
  await waitFor(() => place.life.region.pending.records === 1, { ...LIMIT, what: "the second write to be stored" });
  return place;
}

async function untilHalted(place: Place, code: string): Promise<void> {
  await waitFor(() => place.halts.length === 1, { ...LIMIT, what: "the halt to be told" });
  expect(place.halts.map((error) => error.code)).toEqual([code]);
  expect(place.life.isRunning).toBe(false);
}

async function untilEnded(place: Place): Promise<void> {
  await waitFor(() => place.failures.length > 0, { ...LIMIT, what: "the life to end" });
}

describe("what was captured before FLUSHALL", () => {
  test("is published when the log takes it, and nothing behind; then the life ends with the quarantine", async () => {
    const place = await owing();
    await server.client().multi().flushall().set("behind", "1").exec();
    await untilHalted(place, "QUARANTINED");
    expect([place.failures, place.life.region.pending.records]).toEqual([[], 1]);
    await server.client().set("behind", "2");
    openLog();
    await untilEnded(place);
    expect(place.failures.map(({ code }) => code)).toEqual(["QUARANTINED"]);
    expect(await published()).toEqual(["before", "owed"]);
    await place.leave();
  });

  test("is published by the next life, when the log failed this one; the one after that has nothing to do", async () => {
    const place = await owing();
    await server.client().flushall();
    await untilHalted(place, "QUARANTINED");
    breakLog();
    await untilEnded(place);
    expect(place.failures.map(({ code }) => code)).toEqual(["LOG_UNAVAILABLE"]);
    await place.leave();
    expect(await published()).toEqual(["before"]);
    shelf.beforeStore = undefined;
    await server.client().set("behind", "1");
    const heir = new Place(server, EU, [], shelf, place.store.crash());
    await untilEnded(heir);
    expect([heir.failures.map(({ code }) => code), heir.halts.length]).toEqual([["QUARANTINED"], 1]);
    expect(await published()).toEqual(["before", "owed"]);
    await heir.leave();
    const last = new Place(server, EU, [], shelf, heir.store.crash());
    await untilEnded(last);
    expect(last.failures.map(({ code }) => code)).toEqual(["QUARANTINED"]);
    expect(await published()).toEqual(["before", "owed"]);
    await last.leave();
  });
});

test("what was captured before the server lost its history is published; nothing of its new one is", async () => {
  const place = await owing();
  await server.restart({ kill: true });
  await untilEnded(place);
  expect(place.halts).toEqual([]);
  await server.client().set("behind", "1");
  const heir = new Place(server, EU, [], shelf, place.store.crash());
  await untilHalted(heir, "LINEAGE_BROKEN");
  expect(heir.failures).toEqual([]);
  openLog();
  await untilEnded(heir);
  expect(heir.failures.map(({ code }) => code)).toEqual(["LINEAGE_BROKEN"]);
  expect([...new Set(await published())]).toEqual(["before", "owed"]);
  await Promise.all([place.leave(), heir.leave()]);
});

test("a pipeline is quarantined, and says why, while its log server is frozen; then it publishes the rest", async () => {
  const logServer = await startRedis();
  const folder = await mkdtemp(join(tmpdir(), "meridian-halted-"));
  const args = ["--region", "eu", "--servers-0-url", server.url, "--log-redis-url", logServer.url, "--store-path", folder];
  const loaded = loadOptions(AGENT_DECLARATION, { args, environment: {}, version: "test", readFile: () => "" });
  if (loaded.kind !== "run") throw new Error(loaded.text);
  const { options } = loaded;
  const logger = createLogger({ name: "test", level: "silent", pretty: "never" });
  const pipeline = new RegionPipeline({ options, server: options.servers[0]!, logger });
  await pipeline.start();
  await waitFor(() => pipeline.status().state === "running", { ...LIMIT, what: "the pipeline to run" });
  logServer.pause();
  await server.client().set("owed", "1");
  await waitFor(() => pipeline.status().publish.pendingRecords === 1, { ...LIMIT, what: "the write to be stored" });
  await server.client().flushall();
  await waitFor(() => pipeline.status().state === "quarantined", { ...LIMIT, what: "the quarantine" });
  expect(pipeline.status()).toMatchObject({ reason: "a client ran FLUSHALL", publish: { pendingRecords: 1 } });
  logServer.continue();
  await waitFor(() => pipeline.status().publish.pendingRecords === 0, { ...LIMIT, what: "the rest to be published" });
  expect(pipeline.status()).toMatchObject({ state: "quarantined", reason: "a client ran FLUSHALL" });
  expect(await logServer.client().xlen("meridian:log:eu/0")).toBe(1);
  await pipeline.stop();
  await logServer.stop();
  await rm(folder, { recursive: true });
});
