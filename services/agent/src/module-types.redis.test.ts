/**
 * Types that Meridian does not know: a key is one value, carried by DUMP and RESTORE where both servers load the type. A
 * server that does not is left as it was, says so by key and type, and everything else goes on.
 */
import { commandNamed, existsIn } from "@meridian/commands";
import { memoryLog, MemoryShelf } from "@meridian/log";
import { findRedisBinary, startRedis, waitFor } from "@meridian/testkit";
import { blankMutation, encodeRecord, FrameBuilder } from "@meridian/wire";
import { HLC_ZERO, hlcOf, MutationKind, VersionVector, writerId, type Hlc } from "@meridian/words";
import { afterEach, expect, test } from "vitest";
import { noticesOf } from "./pipeline/notices.js";
import { areQuiet, describePlace, openPlaces, Place } from "./testing/place.js";

let places: Place[] = [];
afterEach(async () => {
  await Promise.all(places.map((place) => place.stop()));
  places = [];
});

/** CRC-64 as servers put it behind a payload: polynomial of Jones, reflected. */
function checksum(bytes: Buffer): Buffer {
  let crc = 0n;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1n ? (crc >> 1n) ^ 0x95ac9329ac4bc9b5n : crc >> 1n;
  }
  const sum = Buffer.alloc(8);
  sum.writeBigUInt64LE(crc);
  return sum;
}

/** A payload as DUMP gives it for a key of a module's type: well formed, of a type that no server here loads. */
function modulePayload(name: string): Buffer {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const id = Buffer.alloc(8);
  id.writeBigUInt64BE([...name].reduce((sum, letter) => (sum << 6n) | BigInt(letters.indexOf(letter)), 0n) << 10n);
  const body = Buffer.concat([Buffer.from([7, 0x81]), id, Buffer.from([0, 10, 0])]);
  return Buffer.concat([body, checksum(body)]);
}

test("a value of a type that the server does not load is refused by key and type, and holds nothing else up", async () => {
  const shelf = new MemoryShelf();
  const us = writerId("us", "0");
  const place = new Place(await startRedis(), writerId("eu", "0"), [us], shelf);
  places = [place];
  const log = memoryLog({ shelf });
  const eu = place.server.client();
  await eu.set("mine", "1");
  let previous: Hlc = HLC_ZERO;
  const publish = async (kind: MutationKind, key: string, bytes: Buffer): Promise<void> => {
    const builder = new FrameBuilder();
    const hlc = hlcOf(Date.now() - 1000 + (previous === HLC_ZERO ? 0 : 1));
    builder.add({ ...blankMutation(), kind, hlc, key, number: Infinity, bytes, valueStart: 0, valueEnd: bytes.length });
    await log.append(us, encodeRecord(us, { replicationId: "f".repeat(40), firstOffset: 0, lastOffset: 1 }, [builder.finish(previous, new VersionVector())]));
    previous = hlc;
  };
  await publish(MutationKind.PutWhole, "theirs", modulePayload("meridtest"));
  await waitFor(() => place.counters.refused.size === 1, { timeoutMs: 10_000, what: () => `the refusal: ${JSON.stringify(describePlace(place))}` });
  expect([...place.counters.refused]).toEqual([["db0 theirs", "module type meridtest: ERR Bad data format"]]);
  expect(noticesOf(place.counters, undefined)).toEqual([expect.stringContaining("db0 theirs (module type meridtest: ERR Bad data format)")]);
  await publish(MutationKind.PutString, "k", Buffer.from("behind it"));
  await waitFor(async () => (await eu.get("k")) === "behind it", { what: "what came behind the refused value" });
  expect([await eu.exists("theirs"), await eu.get("mine"), place.failures]).toEqual([0, "1", []]);
  await publish(MutationKind.PutString, "theirs", Buffer.from("now a string"));
  await waitFor(async () => (await eu.get("theirs")) === "now a string", { what: "the value that replaces it" });
  await log.close();
});

const { version } = await findRedisBinary();
const onPath = await findRedisBinary("redis-server").catch(() => undefined);
const hasVectors = existsIn(commandNamed("vadd"), version.kind, version.text);
const isOlderOnPath = onPath !== undefined && !existsIn(commandNamed("vadd"), onPath.version.kind, onPath.version.text);

test.runIf(hasVectors)("vector sets, a type that only their module knows, are carried whole between servers that load it", async () => {
  places = await openPlaces(["eu", "us"]);
  const clients = places.map(({ server }) => server.client());
  const [eu, us] = clients;
  await eu?.call("VADD", "v", "VALUES", "3", "1", "2", "3", "e");
  await waitFor(async () => (await us?.exists("v")) === 1, { what: "the vector set" });
  await us?.call("VADD", "v", "VALUES", "3", "3", "2", "1", "f");
  await waitFor(async () => (await eu?.call("VCARD", "v")) === 2, { what: "the second element" });
  await eu?.del("v");
  await waitFor(() => areQuiet(places, clients), { what: "quiet" });
  expect(await us?.exists("v")).toBe(0);
});

test.runIf(hasVectors && isOlderOnPath)("and refused by key and type by one that does not (the redis-server of the PATH is older)", async () => {
  const shelf = new MemoryShelf();
  const writers = ["eu", "us"].map((name) => writerId(name, "0"));
  const servers = await Promise.all([startRedis(), startRedis({ binary: "redis-server" })]);
  places = servers.map((server, at) => new Place(server, writers[at]!, [writers[1 - at]!], shelf));
  const [eu, us] = servers.map((server) => server.client());
  await eu?.call("VADD", "v", "VALUES", "3", "1", "2", "3", "e");
  await waitFor(() => places[1]?.counters.refused.size === 1, { what: "the refusal" });
  expect([...places[1]!.counters.refused.values()]).toEqual([expect.stringMatching(/^module type vectorset: ERR /)]);
  await eu?.set("k", "on it goes");
  await waitFor(async () => (await us?.get("k")) === "on it goes", { what: "the write behind it" });
});
