/**
 * What a client was told is written stays written, until something newer comes.
 *
 * Region us writes first, while its log stands still. Then clients in eu write the same cells again and again, and in
 * the midst of that the old writes arrive. No client of eu may ever see one of them where its own, newer write was
 * acknowledged; increments, which do not replace each other, must all count.
 */
import type { Redis } from "ioredis";
import { afterEach, beforeEach, expect, it } from "vitest";
import { untilCaptured, untilPipeline } from "./agent-state.js";
import { startBreakableMesh, type BreakableMesh } from "./breakable-mesh.js";
import { settle } from "./settle.js";

/** Of each kind. A round divides them among the clients. */
const CELLS = 2_000;
const CLIENTS = 4;
/** Cells that one client writes before it looks at them. */
const STRIDE = 50;
const ROUNDS = 5;
/** What us adds to every counter in a round; eu adds less than that in all. */
const THEIRS = 1_000_000;

type Row = readonly [name: string, ...(string | number)[]];

let bed: BreakableMesh;
let eu: readonly Redis[];
let us: Redis;

beforeEach(async () => {
  bed = await startBreakableMesh({ regions: ["eu", "us"] });
  eu = Array.from({ length: CLIENTS }, () => bed.server("eu").client());
  us = bed.server("us").client();
});
afterEach(() => bed.stop());

async function pipelined(client: Redis, commands: readonly Row[]): Promise<unknown[]> {
  const pipeline = client.pipeline();
  for (const [name, ...rest] of commands) pipeline.call(name, ...rest);
  return ((await pipeline.exec()) ?? []).map(([error, reply]) => {
    if (error) throw error;
    return reply;
  });
}

function cells(first: number, count: number, make: (cell: number) => Row): Row[] {
  return Array.from({ length: count }, (_, at) => make(first + at));
}

/** Everything that us writes in a round stands in its agent's store, and nowhere else, when this returns. */
async function writeHeldBack(round: number): Promise<void> {
  bed.log("us").pause();
  await pipelined(us, cells(0, CELLS, (cell) => ["SET", `text:${cell}`, `us-${round}`]));
  await pipelined(us, cells(0, CELLS, (cell) => ["HSET", `hash:${cell % 10}`, `field-${cell}`, `us-${round}`]));
  await pipelined(us, cells(0, CELLS, (cell) => ["INCRBY", `counter:${cell}`, THEIRS]));
  await untilCaptured(bed.mesh.region("us"), bed.server("us"));
}

/** One client's share: writes its cells, then looks, again and again until `isOver`. Returns how often. */
async function hammer(client: Redis, round: number, first: number, count: number, isOver: () => boolean): Promise<number> {
  for (let pass = 1; ; pass += 1) {
    for (let from = first; from < first + count; from += STRIDE) {
      const value = `eu-${round}-${pass}`;
      await pipelined(client, cells(from, STRIDE, (cell) => ["SET", `text:${cell}`, value]));
      await pipelined(client, cells(from, STRIDE, (cell) => ["HSET", `hash:${cell % 10}`, `field-${cell}`, value]));
      const counted = await pipelined(client, cells(from, STRIDE, (cell) => ["INCR", `counter:${cell}`]));
      const texts = await pipelined(client, cells(from, STRIDE, (cell) => ["GET", `text:${cell}`]));
      const fields = await pipelined(client, cells(from, STRIDE, (cell) => ["HGET", `hash:${cell % 10}`, `field-${cell}`]));
      expect(texts).toEqual(texts.map(() => value));
      expect(fields).toEqual(fields.map(() => value));
      for (const [at, count] of counted.entries()) own[from + at] = exactly(own[from + at]! + 1, Number(count), round);
    }
    if (isOver()) return pass;
  }
}
/** How often eu has raised each counter. */
const own = new Array<number>(CELLS).fill(0);

/** A counter is what eu has added, and either all that us has added until this round or all before it. */
function exactly(added: number, found: number, round: number): number {
  expect([added + (round - 1) * THEIRS, added + round * THEIRS]).toContain(found);
  return added;
}

it("old writes of a peer that arrive amid newer local ones never show, and every increment counts", { timeout: 120_000 }, async () => {
  let passes = 0;
  for (let round = 1; round <= ROUNDS; round += 1) {
    await writeHeldBack(round);
    const before = (await untilPipeline(bed.mesh.region("eu"), "any", () => true)).receive.mutations;
    let isOver = false;
    const share = CELLS / CLIENTS;
    const hammering = eu.map((client, at) => hammer(client, round, at * share, share, () => isOver));
    bed.log("us").continue();
    const arrival = untilPipeline(bed.mesh.region("eu"), "all writes of us are here", ({ receive, apply }) => receive.mutations >= before + 3 * CELLS && apply.inFlight === 0);
    await Promise.race([arrival, ...hammering]);
    isOver = true;
    passes += (await Promise.all(hammering)).reduce((sum, count) => sum + count, 0);
    expect(await settle(bed.mesh)).toMatchObject({ verdict: "equal", differences: [] });
  }
  const counters = await pipelined(us, cells(0, CELLS, (cell) => ["GET", `counter:${cell}`]));
  expect(counters.map(Number)).toEqual(own.map((count) => count + ROUNDS * THEIRS));
  expect(passes).toBeGreaterThan(ROUNDS * CLIENTS);
});
