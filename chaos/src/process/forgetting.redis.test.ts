/** What is created and deleted leaves nothing behind: a million cycles, and the stores are as small as what lives. */
import { startMesh, type Mesh, type MeshRegion } from "@meridian/cli";
import { waitFor } from "@meridian/testkit";
import { Redis } from "ioredis";
import { afterEach, expect, it } from "vitest";
import { pipelineOf } from "./agent-state.js";
import { settle } from "./settle.js";

/** In two rounds, half of them in each region. */
const CYCLES = 1_000_000;
const LIVE = 1_000;
const BATCH = 2_500;
/** What a store holds beside the live keys: nothing that grows. */
const SLACK_CELLS = 50;
/** Every region must have said how far it is, on a machine that is busy with other tests. */
const FORGOTTEN_TIMEOUT_MS = 240_000;

let mesh: Mesh;
let clients: Redis[] = [];
afterEach(async () => {
  for (const client of clients) client.disconnect();
  clients = [];
  await mesh.stop();
});

/** Counters and members: what leaves most behind. Every key is gone at the end. */
async function cycle(client: Redis, prefix: string, count: number): Promise<void> {
  for (let from = 0; from < count; from += BATCH) {
    const names = Array.from({ length: Math.min(BATCH, count - from) }, (_, at) => `${prefix}${from + at}`);
    const made = client.pipeline();
    for (const [at, name] of names.entries()) {
      if (at % 2 === 0) made.incr(name);
      else made.sadd(name, "m");
    }
    const gone = client.pipeline();
    for (const name of names) gone.unlink(name);
    for (const pipeline of [made, gone]) for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
  }
}

/** Bytes of both stores, once they hold no more than what lives. */
async function bytesWhenForgotten(regions: readonly MeshRegion[]): Promise<number> {
  let last: readonly { readonly bytes: number; readonly cells: number }[] = [];
  const small = await waitFor(
    async () => {
      last = (await Promise.all(regions.map(pipelineOf))).map(({ store }) => store);
      return last.every(({ cells }) => cells <= LIVE + SLACK_CELLS) && last;
    },
    { timeoutMs: FORGOTTEN_TIMEOUT_MS, pollMs: 200, what: () => `stores of ${LIVE} cells; they hold ${last.map(({ cells }) => cells).join(" and ")}` },
  );
  return small.reduce((sum, { bytes }) => sum + bytes, 0);
}

it("a million keys made and deleted leave the stores at what lives, and the second half needs no more room than the first", { timeout: 600_000 }, async () => {
  mesh = await startMesh({ regions: ["eu", "us"] });
  clients = mesh.regions.map(({ url }) => new Redis(url));
  const [eu] = clients as [Redis];
  const live = eu.pipeline();
  for (let at = 0; at < LIVE; at += 1) live.set(`live:${at}`, `value ${at}`);
  await live.exec();
  const bytes: number[] = [];
  for (const round of ["first", "second"]) {
    await Promise.all(clients.map((client, at) => cycle(client, `${round}:${at}:`, CYCLES / 4)));
    expect(await settle(mesh, FORGOTTEN_TIMEOUT_MS)).toMatchObject({ verdict: "equal", keys: LIVE });
    bytes.push(await bytesWhenForgotten(mesh.regions));
  }
  // Pages of the store are used again, not given back.
  expect(bytes[1]).toBeLessThan((bytes[0] ?? 0) * 1.5);
});
