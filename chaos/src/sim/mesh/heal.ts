/**
 * After the faults: no more commands, clocks right, every way open. A mesh must come to rest by itself, within a limit of
 * rounds: one that goes round in circles has failed.
 */
import type { WriterId } from "@meridian/words";
import { membersOf } from "../checkers/absence-check.js";
import type { AgentHost } from "./agent-host.js";
import type { SimEvent } from "./event.js";
import type { LogModel } from "./log-model.js";
import type { RareFault } from "./rare-faults.js";
import { readRecord } from "./read-record.js";
import { unfinished } from "../checkers/switch-check.js";
import { HEARTBEAT_IDLE_MS, type World } from "./world.js";

/** Rounds in which everything that can move does. */
export const ROUNDS_MAX = 120;
/** Longer than any near deadline of the workload, any skew, and any drift that is waited for. */
const LATER_MS = 60_000;
/** Rounds in which nothing moves: with the first the mesh is at rest, where nothing is left that waits for the others. */
const CALM_ROUNDS = 1;
/** Rounds in which nothing moves but what the regions tell each other, until that is of no use any more. */
const CALM_ROUNDS_MAX = 3;
/** Every region tells that it has everything; then what was put aside meanwhile waits once more, and is worked off piece by piece. */
const FORGET_TURNS_MAX = 60;
/** The same for the few keys of a group, beside a region that stands still. */
const FORGET_TURNS_BESIDE = 12;
/** Faults that are over when the mesh rests, and leave nothing that waits for a time. */
const TIMELESS: ReadonlySet<RareFault> = new Set(["batch", "lulls"]);
const STREAM_BYTES = 1 << 30;
const RECORDS = 1 << 20;
const EVENTS = 1 << 20;

/** Brings the mesh to rest, lets near deadlines pass, and brings it to rest again. Returns what stands in the way. */
export function heal(world: World): string[] {
  for (const at of world.agents.keys()) world.perform({ kind: "skew", at, ms: 0 });
  // What a reader did not get, it gets when it begins again.
  if (world.settings.faults.includes("loss")) for (const at of world.agents.keys()) world.perform({ kind: "crash", at, keep: 0 });
  const moves = world.agents.flatMap((_, at) => movesOf(world, at));
  const restless = settle(world, moves, () => true);
  if (restless.length > 0 || (!isTimed(world) && isBare(world))) return restless;
  world.perform({ kind: "time", ms: LATER_MS });
  for (const at of world.agents.keys()) world.perform({ kind: "expire", at });
  return forget(world, moves);
}

/** Something in this run may come about by time alone: a deadline, a limit after which something is given up. Else what rests stays so. */
function isTimed({ settings, agents, flushed }: World): boolean {
  const { expiries, absentAfterMs, switches, messages, faults } = settings;
  if (flushed !== undefined || expiries > 0 || absentAfterMs > 0 || switches || messages !== undefined) return true;
  return !faults.every((fault) => TIMELESS.has(fault)) || agents.some(({ context }) => context.hearsEvents);
}

/** Lets all regions tell how far they are until nothing is left that only a late change would need. What remains is found at the end. */
function forget(world: World, moves: readonly Move[]): string[] {
  for (let turn = 0; turn < FORGET_TURNS_MAX; turn += 1) {
    // Before the first turn more than that has passed.
    if (turn > 0) world.perform({ kind: "time", ms: HEARTBEAT_IDLE_MS + 1 });
    const restless = settle(world, moves, isBare);
    if (restless.length > 0 || isBare(world)) return restless;
    // What everybody must be past waits for a region that stands still; groups that it is no member of go on.
    if (world.flushed && (world.logs.length === world.writers.length || turn >= FORGET_TURNS_BESIDE)) return restless;
  }
  return [];
}

/** Nothing is left that only a late change would need, all have heard who is fenced, and the policies are what they are to be. */
function isBare(world: World): boolean {
  const isForgotten = membersOf(world).every(({ stored }) => stored.isBare);
  if (world.settings.absentAfterMs > 0 && !membersOf(world).every(isToldOfAbsence)) return false;
  return isForgotten && (!world.settings.switches || unfinished(world).length === 0);
}

/** It asks nobody who stays away, owes nobody an answer, and has told whom it fences. */
function isToldOfAbsence({ region }: AgentHost): boolean {
  const absence = region?.stability.absence;
  return !absence || (absence.asked.length === 0 && absence.boundTo === undefined && absence.fenced.every(({ isOut }) => isOut));
}

/** `isDone`: asked where nothing moves; else a few rounds more are waited for. */
function settle(world: World, moves: readonly Move[], isDone: (world: World) => boolean): string[] {
  let calm = 0;
  let done = workOf(world);
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    world.perform({ kind: "time", ms: 100 });
    const moved = performAll(world, moves);
    if (world.problems.length > 0) return [];
    const before = done;
    done = workOf(world);
    calm = done === before && isStill(world) ? calm + 1 : 0;
    if (calm < CALM_ROUNDS || (calm < CALM_ROUNDS_MAX && !isDone(world))) continue;
    // The last heartbeats are durable: now the agents forget them too.
    if (moved) for (const at of world.agents.keys()) world.perform({ kind: "flush", at });
    return [];
  }
  return [`the mesh does not come to rest within ${ROUNDS_MAX} rounds`];
}

/** One round. False: nothing was possible. */
function performAll(world: World, moves: readonly Move[]): boolean {
  let moved = false;
  for (const { event, again } of moves) {
    while (world.perform(event)) {
      moved = true;
      if (!again) break;
    }
  }
  return moved;
}

/** Nothing waits anywhere, no write in a log neither; a region that lost its history has noticed that. */
function isStill({ sound, agents, flushed, log }: World): boolean {
  for (const agent of sound) if (!agent.isShutOut && !(agent.region?.isQuiet === true && hasRead(agent, log))) return false;
  return !flushed || agents[flushed.at]?.region?.halt !== undefined;
}

function hasRead({ region, cursors }: AgentHost, log: LogModel): boolean {
  for (const [writer, read] of cursors) {
    const records = log.of(writer);
    if (records.length === read || region?.wants(writer) !== true) continue;
    for (let at = read; at < records.length; at += 1) if (!isHeartbeat(records[at] as Buffer, writer)) return false;
  }
  return true;
}

function isHeartbeat(record: Buffer, writer: WriterId): boolean {
  return readRecord(record, writer).frames.every(({ mutations }) => mutations === 0);
}

/** More than a region counts within one life. */
const LIFE = 2 ** 32;

/** What was done so far, as a number that only grows; heartbeats apart: those go on in a mesh at rest. */
function workOf(world: World): number {
  let work = 0;
  for (const { region, lives } of world.agents) {
    if (!region) continue;
    const { mutations, received, batches, cells, skipped, retried, commands, readBacks } = region.counters;
    work += lives * LIFE + mutations + received + batches + cells + skipped + retried + commands + readBacks + region.stability.forgotten;
  }
  return work;
}

interface Move {
  readonly event: SimEvent;
  /** As often as it is possible. */
  readonly again: boolean;
}

/** One round of one region: everything that can move does. Made once, for most of it can not, most of the time. */
function movesOf(world: World, at: number): Move[] {
  const once = (event: SimEvent): Move => ({ event, again: false });
  const again = (event: SimEvent): Move => ({ event, again: true });
  return [
    again({ kind: "ghost-append", at }),
    again({ kind: "ghost-script", at }),
    once({ kind: "start", at }),
    once({ kind: "fence", at, lost: false }),
    ...world.logs.map(({ at: from, group }) => once({ kind: "records", at, from, count: RECORDS, ...(group !== "" && { group }) })),
    once({ kind: "stream", at, bytes: STREAM_BYTES }),
    ...(world.settings.faults.includes("eviction") ? [once({ kind: "listen", at })] : []),
    again({ kind: "told", at, count: EVENTS }),
    once({ kind: "flush", at }),
    again({ kind: "script", at }),
    again({ kind: "page", at }),
    again({ kind: "append", at }),
    again({ kind: "published", at }),
  ];
}
