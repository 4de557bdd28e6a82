/** What a client writes in one transaction its peers see at once or not at all, in whatever database, across restarts. */
import { startMesh, type Mesh } from "@meridian/cli";
import type { Redis } from "ioredis";
import { afterEach, beforeEach, expect, it } from "vitest";
import { settle } from "./settle.js";

const DATABASES = [0, 3, 7];
const RESTARTS = 4;
/** Transactions before an agent is killed, in each database. */
const BETWEEN = 150;

let mesh: Mesh;
beforeEach(async () => {
  mesh = await startMesh({ regions: ["eu", "us"] });
});
afterEach(() => mesh.stop());

function clientOf(region: string, db: number): Redis {
  return mesh.region(region).server!.client({ db });
}

/** One number in a string, a hash and a sorted set, and as many members of a set as it says. */
async function write(client: Redis, number: number): Promise<void> {
  const transaction = client.multi().set("unit", number).hset("unit:hash", "number", number).zadd("unit:sorted", number, "number");
  for (const [error] of (await transaction.sadd("unit:set", number).incr("unit:count").exec()) ?? []) if (error) throw error;
}

/** Looks until `isOver`; every look is one transaction. Returns the numbers seen, in order. */
async function watch(client: Redis, isOver: () => boolean): Promise<number[]> {
  const seen: number[] = [];
  while (!isOver()) {
    const replies = await client.multi().get("unit").hget("unit:hash", "number").zscore("unit:sorted", "number").scard("unit:set").get("unit:count").exec();
    const numbers = (replies ?? []).map(([, reply]) => Number(reply ?? 0));
    expect(numbers).toEqual(numbers.map(() => numbers[0]));
    if (seen.at(-1) !== numbers[0]) seen.push(numbers[0]!);
  }
  return seen;
}

it("peers see whole transactions only, in three databases, while the writers' agent is killed and started again", { timeout: 60_000 }, async () => {
  let isOver = false;
  const watching = DATABASES.map((db) => watch(clientOf("us", db), () => isOver));
  const writers = DATABASES.map((db) => clientOf("eu", db));
  let number = 0;
  for (let restart = 0; restart <= RESTARTS; restart += 1) {
    // the last database selected stays selected in the stream, and nothing repeats it to the next agent
    for (const writer of [...writers.slice(restart % 3), ...writers.slice(0, restart % 3)]) {
      for (let at = 1; at <= BETWEEN; at += 1) await write(writer, number + at);
    }
    number += BETWEEN;
    if (restart === RESTARTS) break;
    const last = writers[(restart + 2) % 3]!;
    await last.set("written while it is away", "no");
    await mesh.killAgent("eu");
    await last.set("written while it is away", restart);
    await mesh.restartAgent("eu");
    await last.set("written behind it", restart);
  }
  expect(await settle(mesh)).toMatchObject({ verdict: "equal", differences: [] });
  isOver = true;
  for (const seen of await Promise.all(watching)) {
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen.at(-1)).toBe(number);
    expect(seen.length).toBeGreaterThan(RESTARTS);
  }
});
