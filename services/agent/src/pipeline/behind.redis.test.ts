/** A store older than what its agent has done, as after a loss of power: the region stands still instead of giving versions twice. */
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memoryLog, MemoryShelf } from "@meridian/log";
import { createLogger, loadOptions } from "@meridian/shell";
import { MemoryStore } from "@meridian/store";
import { startRedis, waitFor, type TestRedis } from "@meridian/testkit";
import { writerId } from "@meridian/words";
import { afterEach, beforeEach, expect, test } from "vitest";
import { AGENT_DECLARATION } from "../agent-declaration.js";
import { describePlace, openPlaces, Place } from "../testing/place.js";
import { refuseOldStore } from "./published-places.js";
import { RegionPipeline } from "./region-pipeline.js";

const EU = writerId("eu", "0");
const US = writerId("us", "0");
const WAIT = { timeoutMs: 10_000 };
const never = new AbortController().signal;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "meridian-behind-"));
});
afterEach(() => rm(folder, { recursive: true }));

test("what the server holds by this agent's own hand, and its store never received, is not taken for anything else", async () => {
  const shelf = new MemoryShelf();
  const [eu, us] = (await openPlaces(["eu", "us"], [], {}, shelf)) as [Place, Place];
  const [here, there] = [eu.server.client(), us.server.client()];
  await there.incrby("count", 1);
  await waitFor(async () => (await here.get("count")) === "1", { ...WAIT, what: "the first increment" });
  await waitFor(() => eu.life.region.isQuiet, { ...WAIT, what: () => JSON.stringify(describePlace(eu)) });
  const old = new MemoryStore(eu.store.snapshot());
  await there.incrby("count", 2);
  await waitFor(async () => (await here.get("count")) === "3", { ...WAIT, what: "the second increment" });
  await waitFor(() => eu.life.region.isQuiet, { ...WAIT, what: () => JSON.stringify(describePlace(eu)) });
  await eu.leave();
  const log = memoryLog({ shelf });
  const end = await log.end(EU);

  const heir = new Place(eu.server, EU, [US], shelf, old);
  await waitFor(() => heir.halts.length > 0, { ...WAIT, what: () => `the halt: ${JSON.stringify(describePlace(heir))}` });
  expect(heir.halts[0]).toMatchObject({ code: "STORE_BEHIND", message: expect.stringContaining("us/0 wrote up to version") as string });
  await here.incrby("count", 10);
  await there.incrby("count", 4);
  await waitFor(() => us.life.region.isQuiet, { ...WAIT, what: "us" });
  expect([await here.get("count"), await there.get("count"), await log.end(EU)]).toEqual(["13", "7", end]);
  await heir.stop();
  await us.stop();
  await log.close();
});

test("the own log tells that the store is older, also where its place is not known, or not kept any more", async () => {
  const shelf = new MemoryShelf();
  const [eu, us] = (await openPlaces(["eu", "us"], [], {}, shelf)) as [Place, Place];
  const client = eu.server.client();
  const isPublished = (): Promise<boolean> => eu.hasCaptured(client);
  await client.set("k", "1");
  await waitFor(isPublished, { ...WAIT, what: "the first write" });
  const old = new MemoryStore(eu.store.snapshot());
  await client.set("k", "2");
  await waitFor(isPublished, { ...WAIT, what: "the second write" });
  await eu.leave();
  const log = memoryLog({ shelf });
  const behind = { code: "STORE_BEHIND", message: expect.stringContaining("the log holds what eu/0 wrote up to version") as string };
  await expect(refuseOldStore({ log, store: old }, EU, [EU], never)).rejects.toMatchObject(behind);
  await expect(refuseOldStore({ log, store: eu.store.crash() }, EU, [EU], never)).resolves.toBeUndefined();
  await log.close();
  await eu.server.stop();
  await us.stop();
});

function optionsOf(server: TestRedis, ...more: string[]): RegionPipeline {
  const args = ["--region", "eu", "--servers-0-url", server.url, "--log-redis-url", server.url, "--store-path", folder, ...more];
  const loaded = loadOptions(AGENT_DECLARATION, { args, environment: {}, version: "test", readFile: () => "" });
  if (loaded.kind !== "run") throw new Error(loaded.text);
  return new RegionPipeline({ options: loaded.options, server: loaded.options.servers[0]!, logger: createLogger({ name: "test", level: "silent", pretty: "never" }) });
}

test("an old copy of a store's folder is refused at the start, and the newest is taken; with each batch on the disk before it leaves", async () => {
  const server = await startRedis();
  const store = join(folder, "eu-0");
  const copies = ["first", "second"].map((name) => join(folder, name)) as [string, string];
  for (const [round, copy] of copies.entries()) {
    const pipeline = optionsOf(server, "--store-fsync", "commit");
    await pipeline.start();
    await waitFor(() => pipeline.status().state === "running", { ...WAIT, what: "the pipeline to run" });
    for (let write = 0; write < 50; write += 1) await server.client().set(`k${write}`, String(round));
    await waitFor(() => pipeline.status().publish.mutations >= 50 && pipeline.status().publish.pendingRecords === 0, { ...WAIT, what: "the writes to be published" });
    await pipeline.stop();
    await cp(store, copy, { recursive: true });
  }
  for (const [copy, code] of [[copies[0], "STORE_BEHIND"], [copies[1], undefined]] as const) {
    await rm(store, { recursive: true });
    await cp(copy, store, { recursive: true });
    const pipeline = optionsOf(server);
    const started = await pipeline.start().then(() => undefined, (error: unknown) => error);
    if (code === undefined) expect(started).toBeUndefined();
    else expect(started).toMatchObject({ code, retryable: false });
    await pipeline.stop();
  }
  await server.stop();
});
