/**
 * Deadlines of hash fields, which servers have from Redis 7.4 and Valkey 9 on. They stay in their region, and that is
 * said; the fields' values are replicated, and the end of a field is a remove of what its region had seen, everywhere.
 */
import { commandNamed, existsIn } from "@meridian/commands";
import { findRedisBinary, waitFor } from "@meridian/testkit";
import type { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FIELD_DEADLINES_STAY, noticesOf } from "./pipeline/notices.js";
import { areQuiet, describePlace, openPlaces, type Place } from "./testing/place.js";

const { version } = await findRedisBinary();
const hasFieldDeadlines = existsIn(commandNamed("hpexpire"), version.kind, version.text);
const hasFieldSetex = existsIn(commandNamed("hsetex"), version.kind, version.text);

let places: Place[];
let clients: Redis[];
let eu: Redis;
let us: Redis;

beforeAll(async () => {
  places = await openPlaces(["eu", "us"], ["--enable-debug-command", "yes"]);
  clients = places.map(({ server }) => server.client());
  [eu, us] = clients as [Redis, Redis];
  await quiet();
});
afterAll(() => Promise.all(places.map((place) => place.stop())));

async function quiet(): Promise<void> {
  await waitFor(() => areQuiet(places, clients), { what: () => `quiet: ${JSON.stringify(places.map(describePlace))}` });
}

async function everywhere(key: string): Promise<Record<string, string>> {
  await quiet();
  const [here, there] = await Promise.all(clients.map((client) => client.hgetall(key)));
  expect(there).toEqual(here);
  return here ?? {};
}

const noticed = (place: number): string[] => noticesOf((places[place] as Place).counters, undefined);
const name = `${version.kind} ${version.text}`;

test.runIf(!hasFieldDeadlines)(`${name} has no deadlines of fields: it refuses to set one, and nothing is noticed`, async () => {
  await eu.hset("h", "f", "1");
  await expect(eu.call("HPEXPIRE", "h", "1000", "FIELDS", "1", "f")).rejects.toThrow(/unknown command/);
  expect(await everywhere("h")).toEqual({ f: "1" });
  expect(noticed(0)).toEqual([]);
});

test.runIf(hasFieldDeadlines)("a field's end arrives as a remove, and its deadline does not; the region says so", async () => {
  await eu.hset("ends", { f: "1", g: "2" });
  await everywhere("ends");
  expect(noticed(0)).toEqual([]);
  await eu.call("HPEXPIRE", "ends", "400", "FIELDS", "1", "f");
  await quiet();
  expect(await us.call("HPTTL", "ends", "FIELDS", "1", "f")).toEqual([-1]);
  expect([noticed(0), noticed(1)]).toEqual([[FIELD_DEADLINES_STAY], []]);
  expect(places[0]!.counters.unsupported.get("hpexpireat")).toBe(1);
  await waitFor(async () => (await us.hexists("ends", "f")) === 0, { what: "the field's end in the other region" });
  expect(await everywhere("ends")).toEqual({ g: "2" });
});

test.runIf(hasFieldDeadlines)("a deadline in the past and HGETDEL remove the field everywhere", async () => {
  await eu.hset("past", { f: "1", g: "2", i: "3" });
  await everywhere("past");
  await eu.call("HPEXPIREAT", "past", "1", "FIELDS", "1", "f");
  if (hasFieldSetex) await eu.call("HGETDEL", "past", "FIELDS", "1", "g");
  expect(await everywhere("past")).toEqual(hasFieldSetex ? { i: "3" } : { g: "2", i: "3" });
});

test.runIf(hasFieldDeadlines)("a write elsewhere that the region had not seen survives the field's end", async () => {
  await eu.hset("kept", { f: "1", g: "2" });
  await everywhere("kept");
  for (const { log } of places) log.hold();
  await us.hset("kept", "f", "anew");
  await eu.call("HPEXPIREAT", "kept", "1", "FIELDS", "1", "f");
  await waitFor(() => places[0]!.hasCaptured(eu), { what: "eu to be captured" });
  await waitFor(() => places[1]!.hasCaptured(us), { what: "us to be captured" });
  for (const { log } of places) log.release();
  expect(await everywhere("kept")).toEqual({ f: "anew", g: "2" });
});

test.runIf(hasFieldDeadlines)("a value from elsewhere makes the field afresh, without the deadline of the one before", async () => {
  await eu.hset("afresh", "f", "1");
  await eu.call("HPEXPIRE", "afresh", "100000", "FIELDS", "1", "f");
  await everywhere("afresh");
  await us.hset("afresh", "f", "2");
  expect(await everywhere("afresh")).toEqual({ f: "2" });
  expect(await eu.call("HPTTL", "afresh", "FIELDS", "1", "f")).toEqual([-1]);
});

test.runIf(hasFieldDeadlines)("an increment keeps the deadline, and what was added to an ended field starts from nothing", async () => {
  await eu.call("DEBUG", "SET-ACTIVE-EXPIRE", "0");
  await eu.hset("sum", { n: "5", other: "1" });
  await everywhere("sum");
  await eu.call("HPEXPIRE", "sum", "150", "FIELDS", "1", "n");
  await us.hincrby("sum", "n", 2);
  await quiet();
  await waitFor(async () => (await eu.hkeys("sum")).length === 1, { what: "the end of the field" });
  // Its end is not yet in the stream: whoever meets the field first, the agent or a client, makes the server tell.
  await Promise.all([us.hincrby("sum", "n", 10), eu.hincrby("sum", "n", 1)]);
  expect(await everywhere("sum")).toEqual({ n: "11", other: "1" });
  await eu.call("DEBUG", "SET-ACTIVE-EXPIRE", "1");
});

test.runIf(hasFieldSetex)("HSETEX: the values are replicated, the deadline stays and is counted, without one nothing is noticed", async () => {
  const counted = (): number => places[1]!.counters.unsupported.get("hsetex") ?? 0;
  await us.call("HSETEX", "setex", "FIELDS", "2", "f", "1", "g", "2");
  expect(await everywhere("setex")).toEqual({ f: "1", g: "2" });
  expect(counted()).toBe(0);
  await us.call("HSETEX", "setex", "FXX", "PX", "300", "FIELDS", "1", "f", "3");
  expect(await everywhere("setex")).toEqual({ f: "3", g: "2" });
  expect(counted()).toBe(1);
  await us.call("HSETEX", "setex", "KEEPTTL", "FIELDS", "1", "f", "4");
  expect(await everywhere("setex")).toEqual({ f: "4", g: "2" });
  await waitFor(async () => (await eu.hexists("setex", "f")) === 0, { what: "the field's end in the other region" });
  expect(await everywhere("setex")).toEqual({ g: "2" });
});
