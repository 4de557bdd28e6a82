/**
 * Small limits: in few runs a few commands reach all that divides what regions do, and that holds back what comes. Drawn apart from
 * everything else, so that no other choice of a seed depends on them.
 */
import { REGION_LIMITS, type RegionLimits } from "@meridian/region";
import { Random } from "../random.js";
import type { EventWeights } from "../settings.js";

/** So that no seed gets them that had found a mistake before. */
const SALT = 1_096_463;
const SHARE = 1 / 8;
/** Of the limits of such a run, those that are small. */
const SMALL = 0.5;

const FEW = [1, 1, 2, 3, 5, 8];
/** From less than a command to a few of them. */
const BYTES = [1, 40, 100, 400, 1_000];

/** What each limit may be in such a run. */
const CHOICES: Readonly<Record<keyof RegionLimits, readonly number[]>> = {
  batchesInFlight: [1, 1, 2, 3],
  batchCells: FEW,
  batchBytes: BYTES,
  batchMessages: [1, 2, 3],
  batchMessageBytes: BYTES,
  conversionCells: FEW,
  frameMutations: FEW,
  frameBytes: BYTES,
  recordBytes: BYTES,
  unitMutations: FEW,
  unitBytes: BYTES,
  queueBytes: BYTES,
  messageBytes: BYTES,
  readKeys: [1, 1, 2, 3],
  readsInFlight: [1, 1, 2],
  importBacklogKeys: [1, 2, 3],
  events: FEW,
  eventWrites: FEW,
  heldBytes: BYTES,
  buckets: [1, 1, 2, 3],
  bucketNames: FEW,
  leavingRecords: FEW,
  sweepKeys: FEW,
  pageRecords: FEW,
};

/** The limits of a run. */
export interface LimitsDraw {
  /** Undefined: those that every region has. */
  readonly limits: RegionLimits | undefined;
  /** More comes together in such a run: agents decide more rarely, and their scripts take longer. */
  readonly slowed: (weights: EventWeights) => EventWeights;
}

/** The limits of a seed. */
export function drawLimits(seed: number, isWanted: boolean | undefined): LimitsDraw {
  const random = new Random(seed + SALT);
  const isOn = random.chance(SHARE);
  if (!(isWanted ?? isOn)) return { limits: undefined, slowed: (weights) => weights };
  const [flush, script] = [random.pick([1, 0.3, 0.1]), random.pick([1, 0.3, 0.1])];
  const limits: Record<string, number> = {};
  for (const [name, usual] of Object.entries(REGION_LIMITS)) {
    const small = random.pick(CHOICES[name as keyof RegionLimits]);
    limits[name] = random.chance(SMALL) ? small : (usual as number);
  }
  return {
    limits: { ...REGION_LIMITS, ...limits },
    slowed: (weights) => ({ ...weights, flush: weights.flush * flush, script: weights.script * script }),
  };
}
