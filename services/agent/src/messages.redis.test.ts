import { MemoryShelf } from "@meridian/log";
import { ChannelPatterns, type MessageOptions } from "@meridian/region";
import { waitFor } from "@meridian/testkit";
import type { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { areQuiet, describePlace, openPlaces, Place } from "./testing/place.js";

const MESSAGES: MessageOptions = { channels: new ChannelPatterns(["orders.*"]), ageMsMax: 60_000, bytesMax: 1000 };

/** What a region's client hears, and what it reads of a key when it hears it. */
interface Ear {
  readonly heard: string[];
  readonly read: (string | null)[];
}

let shelf: MemoryShelf;
let places: Place[];
let clients: Redis[];
let ears: Ear[];

async function listen(place: Place, reads: string): Promise<Ear> {
  const ear: Ear = { heard: [], read: [] };
  const [listener, reader] = [place.server.client(), place.server.client()];
  listener.on("pmessage", (_pattern, channel: string, message: string) => {
    // An agent that connects tries whether it may publish.
    if (channel === "meridian:trial") return;
    ear.heard.push(`${channel} ${message}`);
    void reader.get(reads).then((value) => ear.read.push(value));
  });
  await listener.psubscribe("*");
  return ear;
}

async function quiet(): Promise<void> {
  const what = (): string => `regions at rest: ${JSON.stringify(places.map(describePlace))}`;
  await waitFor(() => areQuiet(places, clients), { timeoutMs: 30_000, what: what() });
}

beforeEach(async () => {
  shelf = new MemoryShelf();
  places = await openPlaces(["eu", "us"], [], { messages: MESSAGES }, shelf);
  clients = places.map(({ server }) => server.client());
  ears = await Promise.all(places.map((place) => listen(place, "order")));
  await quiet();
});
afterEach(() => Promise.all(places.map((place) => place.stop())));

describe("messages between two regions", () => {
  test("are heard once by those who listen there, in order, and what stood before them is there to be read", async () => {
    const [eu, us] = clients as [Redis, Redis];
    for (let turn = 1; turn <= 50; turn += 1) {
      await eu.set("order", turn);
      await eu.publish("orders.eu", String(turn));
    }
    await us.publish("orders.us", "from us");
    await eu.publish("elsewhere", "stays");
    await eu.spublish("orders.eu", "stays too");
    await quiet();
    await waitFor(() => ears[1]?.read.length === 51 && ears[0]?.heard.length === 52, { what: "51 messages" });
    const numbers = Array.from({ length: 50 }, (_, at) => `orders.eu ${at + 1}`);
    expect(ears[1]?.heard.filter((line) => line.startsWith("orders.eu"))).toEqual(numbers);
    expect(ears[0]?.heard.filter((line) => line.startsWith("orders.us"))).toEqual(["orders.us from us"]);
    expect(ears[1]?.heard).not.toContain("elsewhere stays");
    const behind = ears[1]?.heard.map((line, at) => [line, Number(ears[1]?.read[at])] as const).filter(([line, seen]) => line.startsWith("orders.eu") && seen < Number(line.slice(10)));
    expect(behind, "heard before the write").toEqual([]);
    expect(places.map(({ counters: { messages } }) => [messages.relayed, messages.delivered])).toEqual([[50, 1], [1, 50]]);
  });

  test("in transactions and scripts come as they were said, binary ones as they are", async () => {
    const [eu] = clients as [Redis, Redis];
    await eu.multi().publish("orders.a", "1").set("order", "in multi").publish("orders.a", "2").exec();
    await eu.eval("redis.call('PUBLISH', 'orders.b', '3') redis.call('SET', 'order', 'in a script') return redis.call('PUBLISH', 'orders.b', '4')", 0);
    await eu.publish("orders.c", Buffer.from([0, 255, 13, 10]));
    await quiet();
    await waitFor(() => ears[1]?.heard.length === 5, { what: "five messages" });
    expect(ears[1]?.heard.slice(0, 4)).toEqual(["orders.a 1", "orders.a 2", "orders.b 3", "orders.b 4"]);
  });

  test("survive a restart of the agent that is to publish them, and are not heard twice", async () => {
    const [eu] = clients as [Redis, Redis];
    const us = places[1] as Place;
    await eu.publish("orders.eu", "before");
    await quiet();
    await us.leave();
    await eu.set("order", "while away");
    await eu.publish("orders.eu", "while away");
    await eu.publish("orders.eu", "x".repeat(2000));
    places[1] = new Place(us.server, us.writer, [(places[0] as Place).writer], shelf, us.store, { messages: MESSAGES });
    await quiet();
    await waitFor(() => ears[1]?.read.length === 2, { what: "both messages" });
    expect(ears[1]?.heard).toEqual(["orders.eu before", "orders.eu while away"]);
    expect(ears[1]?.read[1]).toBe("while away");
    expect([...(places[0]?.counters.messages.silenced ?? [])]).toEqual([["orders.eu", { count: 1, reason: "2009 bytes are too long to be relayed" }]]);
  });
});
