/**
 * What a server's keyspace events are worth as a second source beside its replication stream: the stream carries
 * INCRBYFLOAT as SET and HINCRBYFLOAT as HSET, the event names them. Facts only: nothing uses events yet.
 */
import type { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { redis, server, tail, useTargetBed } from "../testing/target-bed.js";
import type { StreamCommand } from "../testing/stream-tail.js";

useTargetBed();

/** Keyspace events of strings and hashes. */
const CLASSES = "K$h";
const PREFIX = "__keyspace@0__:";
const SYNC_KEY = "meridian:sync";
const WRITERS = 4;

/** One event, or one write of the stream with the events that would fit it. */
type Named = readonly [key: string, event: string];

/** The events of one connection, in the order in which they came. */
class Events {
  readonly #connection: Redis;
  readonly #seen: Named[] = [];
  #wake: (() => void) | undefined;

  private constructor(connection: Redis) {
    this.#connection = connection;
    connection.on("pmessage", (_pattern: string, channel: string, event: string) => {
      this.#seen.push([channel.slice(PREFIX.length), event]);
      this.#wake?.();
    });
  }

  static async subscribe(): Promise<Events> {
    const connection = server.client();
    const events = new Events(connection);
    await connection.psubscribe(`${PREFIX}*`);
    return events;
  }

  /** What came up to the event of a sync key's write, without it; what stood before `from` is dropped. */
  async upTo(key: string, from?: string): Promise<Named[]> {
    for (;;) {
      const at = this.#seen.findIndex(([seen]) => seen === key);
      if (at >= 0) {
        const start = from === undefined ? 0 : this.#seen.findIndex(([seen]) => seen === from) + 1;
        return this.#seen.splice(0, at + 1).slice(start, -1);
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  close(): void {
    this.#connection.disconnect();
  }
}

let syncs = 0;
let events: Events;
let writers: Redis[];

beforeEach(async () => {
  await redis.config("SET", "notify-keyspace-events", CLASSES);
  events = await Events.subscribe();
  writers = Array.from({ length: WRITERS }, () => server.client());
});

afterEach(() => {
  events.close();
  for (const writer of writers) writer.disconnect();
});

/** A key of ours, each time another one, written once: one event and one place in the stream. */
async function sync(): Promise<string> {
  syncs += 1;
  const key = `${SYNC_KEY}${syncs}`;
  await redis.set(key, "");
  return key;
}

/** The stream's commands up to a probe. */
async function streamed(): Promise<StreamCommand[]> {
  const token = `events-${syncs}`;
  await redis.config("SET", "notify-keyspace-events", "");
  await redis.set("meridian:probe", token);
  await redis.config("SET", "notify-keyspace-events", CLASSES);
  return tail.until(token);
}

/** Which events a command of the stream may stand for, by its name. */
const EVENTS: Readonly<Record<string, readonly string[]>> = {
  SET: ["set", "incrbyfloat"], SETNX: ["set"], MSET: ["set"], APPEND: ["append"], SETRANGE: ["setrange"],
  INCR: ["incrby"], INCRBY: ["incrby"], DECR: ["incrby", "decrby"], DECRBY: ["incrby", "decrby"],
  HSET: ["hset", "hincrbyfloat"], HSETNX: ["hset"], HINCRBY: ["hincrby"], HDEL: ["hdel"], PFADD: ["pfadd"],
};

/** One key's write in the stream; `keeps`: with KEEPTTL. */
interface StreamWrite {
  readonly key: string;
  readonly name: string;
  readonly value: string;
  readonly keeps: boolean;
}

/** The writes of strings and hashes in the stream, one for each key of a command. */
function writesOf(commands: readonly StreamCommand[]): StreamWrite[] {
  return commands.flatMap(([name = "", ...rest]) => {
    const upper = name.toUpperCase();
    if (EVENTS[upper] === undefined) return [];
    const keys = upper === "MSET" ? rest.filter((_, at) => at % 2 === 0) : rest.slice(0, 1);
    const keeps = rest.at(-1)?.toUpperCase() === "KEEPTTL";
    return keys.map((key) => ({ key, name: upper, value: rest[upper === "SET" ? 1 : 2] ?? "", keeps }));
  });
}

/** Holds events against writes, one by one; returns the writes that an event calls a float increment. */
function matched(seen: readonly Named[], commands: readonly StreamCommand[]): string[] {
  const writes = writesOf(commands);
  expect(seen.map(([key]) => key)).toEqual(writes.map(({ key }) => key));
  return seen.flatMap(([key, event], at) => {
    const write = writes[at];
    expect(EVENTS[write?.name ?? ""]).toContain(event);
    if (!event.endsWith("incrbyfloat")) return [];
    return [`${key} ${write?.name ?? ""} ${write?.value ?? ""} ${write?.keeps === true ? "KEEPTTL" : ""}`.trim()];
  });
}

/** Commands of many kinds on few keys, from several connections at once, pipelined. */
async function traffic(from: number, to: number): Promise<void> {
  await Promise.all(
    writers.map(async (writer, index) => {
      for (let n = from; n < to; n += 1) {
        const key = `s${n % 3}`;
        const pipe = writer.pipeline();
        pipe.call("INCRBYFLOAT", key, "1.5").call("SET", key, String(n), "KEEPTTL").call("HINCRBYFLOAT", "h", "f", "0.25");
        pipe.call("HSET", "h", "f", String(index), "g", "1");
        pipe.call("MSET", "s0", "1", "s1", "2").call("INCR", "s2").call("HINCRBY", "h", "g", "2").call("HDEL", "h", "g", "none").call("DEL", "s1");
        pipe.call("SET", "timed", "1", "PX", "1").call("INCRBYFLOAT", "timed", "1").call("SETNX", key, "1").call("PFADD", "p", String(n)).call("APPEND", "text", "x");
        pipe.call("MULTI").call("INCRBYFLOAT", key, "2").call("SET", "s1", "9").call("HINCRBYFLOAT", "h", "f", "1").call("EXEC");
        pipe.call("EVAL", "redis.call('SET', KEYS[1], '4') redis.call('INCRBYFLOAT', KEYS[1], '1') return redis.call('HSET', 'h', 'f', '1')", "1", key);
        await pipe.exec();
      }
    }),
  );
}

describe("keyspace events beside the stream", () => {
  test("name what the stream does not: a float's increment, which it carries as SET with KEEPTTL, or as HSET", async () => {
    const from = await sync();
    await redis.set("k", "1.1");
    await redis.incrbyfloat("k", 1);
    await redis.call("SET", "k", "3.1", "KEEPTTL");
    await redis.hset("h", "f", "1");
    await redis.hincrbyfloat("h", "f", 0.5);
    const to = await sync();
    const seen = await events.upTo(to, from);
    expect(seen).toEqual([["k", "set"], ["k", "incrbyfloat"], ["k", "set"], ["h", "hset"], ["h", "hincrbyfloat"]]);
    const commands = await streamed();
    const between = commands.slice(commands.findIndex(([, key]) => key === from) + 1, commands.findIndex(([, key]) => key === to));
    expect(matched(seen, between)).toEqual(["k SET 2.1 KEEPTTL", "h HSET 1.5"]);
  });

  test("come in the order of the stream, all keys together, whatever many clients, transactions and scripts do", async () => {
    const from = await sync();
    await traffic(0, 25);
    const to = await sync();
    const seen = await events.upTo(to, from);
    const commands = await streamed();
    const between = commands.slice(commands.findIndex(([, key]) => key === from) + 1, commands.findIndex(([, key]) => key === to));
    const floats = matched(seen, between);
    expect(seen.length).toBeGreaterThan(1000);
    expect(floats.length).toBeGreaterThan(4 * 25 * WRITERS);
    // A string's increment always carries KEEPTTL: other SETs need not wait for their event.
    expect(floats.filter((write) => write.includes(" SET ") && !write.endsWith("KEEPTTL"))).toEqual([]);
  });

  test("are lost with their connection, and fit again from the next write of a key of ours on", async () => {
    await sync();
    await traffic(0, 2);
    events.close();
    await traffic(2, 4);
    events = await Events.subscribe();
    await traffic(4, 6);
    const from = await sync();
    await traffic(6, 12);
    const to = await sync();
    const seen = await events.upTo(to, from);
    const commands = await streamed();
    const between = commands.slice(commands.findIndex(([, key]) => key === from) + 1, commands.findIndex(([, key]) => key === to));
    expect(matched(seen, between).length).toBeGreaterThan(4 * 6 * WRITERS);
  });
});
