/**
 * The users of deploy/acl have the rights that their work needs, and no other: each does its whole work under its user
 * on a real server, and every command that is granted must then have been executed.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openLog } from "@meridian/log";
import { ApplyBatch, encodeMarkHeader } from "@meridian/mark";
import { ReplicaTail } from "@meridian/psync";
import { KeyspaceEvents, RedisTarget, TARGET_RIGHTS } from "@meridian/target";
import { hlcOf, VersionVector, writerId } from "@meridian/words";
import type { Redis } from "ioredis";
import { afterEach, describe, expect, it } from "vitest";
import { startRedis, type TestRedis } from "../redis-server.js";
import { waitFor } from "../wait-for.js";

const FOLDER = fileURLToPath(new URL("../../../../deploy/acl/", import.meta.url));
const PASSWORD = "change-me";
const WHOLE_LIMIT_BYTES = 1 << 20;

let server: TestRedis;
let admin: Redis;

afterEach(async () => server.stop());

async function startWith(file: string): Promise<void> {
  server = await startRedis({ args: ["--aclfile", join(FOLDER, file), "--repl-diskless-sync-delay", "0"] });
  admin = server.client();
  await admin.config("RESETSTAT");
}

/** The commands that a file grants, as "client|setname". */
function granted(file: string): string[] {
  return readFileSync(join(FOLDER, file), "utf8").split(/\s+/).filter((word) => word.startsWith("+")).map((word) => word.slice(1)).sort();
}

async function executed(): Promise<Set<string>> {
  const stats = await admin.info("commandstats");
  return new Set([...stats.matchAll(/^cmdstat_([^:]+):calls=[1-9]/gm)].map(([, name]) => name ?? ""));
}

/** What was denied to the user, but for what ioredis tells newer servers about itself, whose refusal it ignores. */
async function refused(): Promise<string[]> {
  const entries = (await admin.call("ACL", "LOG")) as unknown[][];
  return entries.map((entry) => String(entry[entry.indexOf("object") + 1])).filter((name) => name !== "client|setinfo");
}

function address(): { host: string; port: number; connectTimeoutMs: number } {
  return { host: server.host, port: server.port, connectTimeoutMs: 5_000 };
}

async function capture(username: string): Promise<void> {
  let bytes = 0;
  const tail = new ReplicaTail(
    { ...address(), username, password: PASSWORD },
    { onChunk: (chunk) => (bytes += chunk.length), onLost: (error) => expect.unreachable(error.message) },
  );
  const attached = await tail.attach();
  tail.ack(attached.offset);
  await admin.set("captured", "1");
  await waitFor(() => bytes > 0, { what: "the stream" });
  await tail.close();
}

/** Every kind of operation and every way of comparing: together they reach every line of the scripts. */
function fillBatch(batch: ApplyBatch, list: Buffer, laterMs: number): void {
  const digest = "0123456789abcdef";
  batch.setString(0, "string", "=", "1", "2", -1);
  batch.setString(0, "pair", "-", "", "1", -1);
  batch.setString(0, "pair2", "-", "", "1", -1);
  batch.setString(0, "until", "~", "", "1", laterMs);
  batch.setString(0, "past", "~", "", "1", 1);
  batch.incrString(0, "counter", "1");
  batch.addDecimal(0, "float", undefined, "0.5");
  batch.addDecimal(0, "hash", "float", "0.5");
  batch.delString(0, "gone", "#", digest);
  batch.setField(0, "hash", "f", "-", "", "1");
  batch.incrField(0, "hash", "n", "1");
  batch.delField(0, "hash", "old", "=", "1");
  batch.addMember(0, "set", "m");
  batch.removeMember(0, "set", "old");
  batch.setScore(0, "sorted", "m", "-", "", "1");
  batch.removeScore(0, "sorted", "old", "1");
  batch.setExpiry(0, "string", -1, laterMs);
  batch.setExpiry(0, "expiring", laterMs, -1);
  batch.editList(0, "fresh", [{ side: "h", offset: 0, removed: [], values: ["a"], left: "-", right: "-" }]);
  batch.restoreWhole(0, "list", "-", "", list, -1, true);
  batch.restoreWhole(0, "other", "#", digest, list, -1);
  batch.delWhole(1, "list2", "~", "");
  batch.unlinkKey(0, "typed", "hash", { heldMs: -1, elements: [["f", "=1"]] });
  batch.unlinkKey(0, "typed set", "set", { heldMs: -1, elements: [["m", ""]] });
  batch.unlinkKey(0, "typed sorted", "zset", { heldMs: -1, elements: [["m", "=1"]] });
  const pairs = Buffer.from("\0\0\0\x01f\0\0\0\x01v", "latin1");
  const plain = { creates: false, keeps: false, lastId: "0-0", lateToGroups: true, cells: [], groups: [] };
  batch.editStream(0, "entries", { ...plain, cells: [{ field: "", steps: [{ does: "add", id: "2-1", pairs }] }], groups: [{ name: "removed", start: undefined }] });
  batch.editStream(0, "no entries", { ...plain, creates: true, keeps: true, lastId: "5-1" });
  batch.editStream(0, "left empty", { ...plain, groups: [{ name: "removed", start: undefined }] });
  batch.publish("meridian:trial", "heard");
}

async function seed(laterMs: number): Promise<Buffer> {
  await admin.mset("string", "1", "gone", "1", "past", "1", "expiring", "1");
  await admin.call("PEXPIREAT", "expiring", laterMs);
  await admin.hset("hash", "old", "1");
  await admin.hset("typed", "f", "1");
  await admin.sadd("typed set", "m");
  await admin.zadd("typed sorted", 1, "m");
  await admin.sadd("set", "old", "other");
  await admin.zadd("sorted", 1, "old", 2, "other");
  await admin.rpush("other", "x");
  await admin.xadd("entries", "1-1", "f", "1");
  await admin.xadd("entries", "3-1", "f", "3");
  await admin.xgroup("CREATE", "entries", "g", "$");
  for (const key of ["entries", "left empty"]) await admin.xgroup("CREATE", key, "removed", "0", "MKSTREAM");
  const list = await admin.dumpBuffer("other");
  await admin.config("RESETSTAT");
  return list;
}

async function apply(username: string): Promise<void> {
  const laterMs = Date.now() + 1_000_000;
  const list = await seed(laterMs);
  const user = { username, password: PASSWORD };
  const target = await RedisTarget.connect({ ...address(), ...user, replyTimeoutMs: 5_000, clientName: "meridian-apply", messages: true });
  const { epoch } = await target.fence();
  const vector = new VersionVector([[writerId("us", "0"), hlcOf(laterMs)]]);
  const batch = new ApplyBatch(epoch, 0, 1, encodeMarkHeader({ epoch, seq: 1, vector, deferred: [], settled: [] }));
  fillBatch(batch, list, laterMs);
  expect(await target.apply(batch)).toMatchObject({ status: "OK" });
  expect(await admin.get("string")).toBe("2");
  expect(await admin.xlen("entries")).toBe(3);
  expect(await admin.xpending("entries", "g")).toEqual([1, "2-1", "2-1", [["meridian:late", "1"]]]);
  expect(await admin.exists("no entries", "left empty")).toBe(1);
  expect(await admin.exists("typed", "typed set", "typed sorted")).toBe(0);
  const keys = ["string", "hash", "set", "sorted", "other", "entries", "missing"].map((key) => ({ db: 0, key }));
  expect(await target.read({ id: 1, keys }, epoch, WHOLE_LIMIT_BYTES)).toBe("OK");
  expect((await target.scan(0, "0", 100)).keys.length).toBeGreaterThan(0);
  expect((await target.info()).role).toBe("master");
  await admin.config("SET", "notify-keyspace-events", "K$h");
  const told: string[] = [];
  const listening = { prefixes: [""], ownKey: "meridian:events:1", onEvent: (_db: number, key: string, event: string) => void told.push(`${key} ${event}`), onLost: () => {} };
  const events = await KeyspaceEvents.subscribe({ ...address(), ...user, replyTimeoutMs: 5_000, clientName: "meridian-events", ...listening });
  await target.signal("meridian:events:1");
  await waitFor(() => told.includes("meridian:events:1 set"), { what: "the event of a signal" });
  await events.close();
  await target.close();
}

async function keepLog(username: string): Promise<void> {
  const url = `redis://${username}:${PASSWORD}@${server.host}:${server.port}`;
  const log = openLog({ kind: "redis", url, retentionMs: 50 });
  const writer = writerId("eu", "0");
  await log.open([writer]);
  // The log trims when enough has gone by since it last did, in bytes or in time.
  const trimmed = async (): Promise<boolean> => {
    await log.append(writer, Buffer.alloc(8192, "x"));
    return (await executed()).has("xtrim");
  };
  await waitFor(trimmed, { what: "a trim" });
  const stop = new AbortController();
  for await (const records of log.read(writer, undefined, stop.signal)) {
    expect(records.length).toBeGreaterThan(0);
    break;
  }
  stop.abort();
  await log.close();
}

describe("the users of deploy/acl", () => {
  const cases: [string, string, (username: string) => Promise<void>][] = [
    ["capture.acl", "meridian-capture", capture],
    ["apply.acl", "meridian-apply", apply],
    ["log.acl", "meridian-log", keepLog],
    ["agent.acl", "meridian", async (username) => { await capture(username); await apply(username); }],
  ];

  it.each(cases)("%s: %s can do its work, and needs every right that it has", async (file, username, work) => {
    await startWith(file);
    await work(username);
    const seen = await executed();
    expect(await refused()).toEqual([]);
    if (file !== "agent.acl") expect(granted(file).filter((name) => !seen.has(name)), "granted, never used").toEqual([]);
  });

  it("agent.acl grants what capture and apply grant, and nothing else", async () => {
    await startWith("agent.acl");
    expect(granted("agent.acl")).toEqual([...granted("capture.acl"), ...granted("apply.acl")].sort());
  });

  it("apply.acl grants what the target names as needed", async () => {
    await startWith("apply.acl");
    const named = TARGET_RIGHTS.filter((rule) => rule.startsWith("+") && rule !== "+auth").map((rule) => rule.slice(1));
    expect(granted("apply.acl")).toEqual(named.sort());
  });

  it.each(cases)("%s: %s can neither empty nor reconfigure the server, nor touch foreign keys of the log", async (file, username) => {
    await startWith(file);
    const client = server.client({ username, password: PASSWORD, enableReadyCheck: false, protocol: 2 });
    for (const command of ["FLUSHALL", "CONFIG GET *", "KEYS *", "ACL LIST", "MIGRATE h 1 k 0 1", "REPLICAOF h 1", "SHUTDOWN"]) {
      const [name = "", ...args] = command.split(" ");
      await expect(client.call(name, ...args), command).rejects.toThrow(/NOPERM/);
    }
    if (username === "meridian-log") await expect(client.call("TYPE", "user:1")).rejects.toThrow(/NOPERM/);
  });
});
