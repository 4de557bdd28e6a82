/**
 * After the faults: no more commands, clocks right, every way open. A mesh must come to rest by itself, within a limit of
 * rounds: one that goes round in circles has failed.
 */
import type { SimEvent } from "./event.js";
import type { World } from "./world.js";

/** Rounds in which everything that can move does. */
export const ROUNDS_MAX = 120;
/** Longer than any near deadline of the workload, any skew, and any drift that is waited for. */
const LATER_MS = 60_000;
const CALM_ROUNDS = 2;
const STREAM_BYTES = 1 << 30;
const RECORDS = 1 << 20;

/** Brings the mesh to rest, lets near deadlines pass, and brings it to rest again. Returns what stands in the way. */
export function heal(world: World): string[] {
  for (const at of world.agents.keys()) world.perform({ kind: "skew", at, ms: 0 });
  const restless = settle(world);
  if (restless.length > 0) return restless;
  world.perform({ kind: "time", ms: LATER_MS });
  for (const at of world.agents.keys()) world.perform({ kind: "expire", at });
  return settle(world);
}

function settle(world: World): string[] {
  let calm = 0;
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    world.perform({ kind: "time", ms: 100 });
    let moved = false;
    for (const at of world.agents.keys()) moved = roundOf(world, at) || moved;
    if (world.problems.length > 0) return [];
    calm = moved ? 0 : calm + 1;
    if (calm >= CALM_ROUNDS) return [];
  }
  return [`the mesh does not come to rest within ${ROUNDS_MAX} rounds`];
}

/** One round of one region. True where anything happened. */
function roundOf(world: World, at: number): boolean {
  let moved = false;
  const attempt = (event: SimEvent): void => {
    moved = world.perform(event) || moved;
  };
  const again = (event: SimEvent): void => {
    while (world.perform(event)) moved = true;
  };
  again({ kind: "ghost-append", at });
  again({ kind: "ghost-script", at });
  attempt({ kind: "start", at });
  attempt({ kind: "fence", at, lost: false });
  for (const from of world.agents.keys()) attempt({ kind: "records", at, from, count: RECORDS });
  attempt({ kind: "stream", at, bytes: STREAM_BYTES });
  attempt({ kind: "flush", at });
  again({ kind: "script", at });
  again({ kind: "page", at });
  again({ kind: "append", at });
  again({ kind: "published", at });
  return moved;
}
