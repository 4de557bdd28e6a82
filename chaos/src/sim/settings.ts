/**
 * What kind of run a seed gives: how many regions, which commands, which faults, how slow each way is. Every run leaves
 * most things out (swarm testing, Groce et al. 2012): what is left then meets in ways that a run with everything never
 * shows.
 */
import type { RegionLimits } from "@meridian/region";
import { Random } from "./random.js";
import { drawGroups } from "./mesh/residents.js";
import { drawRareFaults, type RareFault } from "./mesh/rare-faults.js";
import { drawLimits } from "./mesh/small-limits.js";

/** Kinds of keys that clients write. Each has its own names, so that types meet only in runs with `clashes`. */
export const FAMILIES = ["string", "counter", "pure", "hash", "set", "zset", "list", "sketch", "stream", "float"] as const;
/** Drawn beside the others, so that a seed that never meets them goes on meaning what it meant. */
const LATER_FAMILIES: readonly Family[] = ["sketch", "stream"];
/** Drawn beside these, for the same reason. */
const FLOAT: Family = "float";
export type Family = (typeof FAMILIES)[number];

/** How often each event is chosen among those that are possible, relative to each other. */
export interface EventWeights {
  readonly client: number;
  readonly stream: number;
  readonly flush: number;
  readonly append: number;
  readonly published: number;
  readonly script: number;
  readonly records: number;
  readonly rewind: number;
  readonly crash: number;
  readonly ghost: number;
  readonly start: number;
  readonly skew: number;
  readonly expire: number;
  readonly time: number;
}

/** How the keyspace events of float increments reach the agents; undefined: nobody listens. */
export interface EventPace {
  readonly listen: number;
  readonly told: number;
  readonly hush: number;
}

/** Messages of a run. */
export interface MessageDraw {
  /** Share of commands, 0 to 1. */
  readonly share: number;
  readonly ageMsMax: number;
}

/** What the caller may fix; the seed decides the rest. */
export interface SimOptions {
  readonly regions?: number;
  /** Client commands per run. */
  readonly commands?: number;
  /** Keys of one name get values of different types. */
  readonly clashes?: boolean;
  readonly families?: readonly Family[];
  readonly policies?: boolean;
  readonly registers?: boolean;
  /** Many transactions hold commands whose result must be read. */
  readonly units?: boolean;
  /** Some keys reside in some of the regions only. */
  readonly residents?: boolean;
  readonly switches?: boolean;
  readonly absence?: boolean;
  readonly messages?: boolean;
  /** Keys and fields have names that are too long to stand in the store's as they are. */
  readonly names?: boolean;
  /** Regions have small limits. */
  readonly limits?: boolean;
  readonly faults?: readonly RareFault[];
}

/** See the module's comment. */
export interface SimSettings {
  readonly seed: number;
  readonly regions: number;
  readonly commands: number;
  readonly families: readonly Family[];
  readonly keysPerFamily: number;
  readonly fieldsPerKey: number;
  readonly databases: number;
  /** Commands that region 0 takes before its first agent attaches: they are imported. */
  readonly imported: number;
  /** Shares of commands, 0 to 1. */
  readonly expiries: number;
  readonly deletes: number;
  readonly renames: number;
  readonly edits: number;
  readonly listEdits: number;
  readonly groups: number;
  readonly longValues: number;
  readonly clashes: boolean;
  readonly longNames: boolean;
  readonly weights: EventWeights;
  /** Per region: how much rarer its stream and its records move, 0 (never) to 1. */
  readonly streamPace: readonly number[];
  readonly recordsPace: readonly number[];
  readonly skewMsMax: number;
  readonly timeMsMax: number;
  readonly cachedSlotsMax: number;
  /** Some keys stay in their region, others have a home. */
  readonly policies: boolean;
  /** Some keys are written as a whole. */
  readonly registers: boolean;
  /** Groups of regions, by number, in which some keys reside; none: every key is everybody's. */
  readonly residents: readonly (readonly number[])[];
  /** The policy of some keys is changed while it runs. */
  readonly switches: boolean;
  /** What they begin with. */
  readonly firstPolicy: SwitchedPolicy;
  /** After how long without anything from a region the others go on without it; 0: never. */
  readonly absentAfterMs: number;
  /** Per region: how much rarer its records reach the others, 0 (never) to 1. */
  readonly awayPace: readonly number[];
  /** How often an agent that has something to say tells how far it is. */
  readonly heartbeatMs: number;
  readonly faults: readonly RareFault[];
  /** Messages of clients are relayed: how often they publish one, and how old one may become. */
  readonly messages: MessageDraw | undefined;
  /** How often events are listened to, told and lost. */
  readonly events: EventPace | undefined;
  /** What regions divide and hold back where; undefined: as regions do that are not told otherwise. */
  readonly limits: RegionLimits | undefined;
}

/** Keys whose expiry DEL is recognized only while the agent's clock is this near to the server's. */
const SKEW_MS_MAX_WITH_EXPIRY = 400;

/** How often clients of runs with `units` use transactions, and in them commands whose result must be read. */
const UNITS = { groups: 0.6, renames: 0.12, edits: 0.25 };
const UNIT_SALT = 611_953;
const POLICY_SALT = 7_919;
const REGISTER_SALT = 104_729;
const RESIDENT_SALT = 15_487_469;
const SWITCH_SALT = 7_368_787;
const ABSENCE_SALT = 1_299_709;
/** By seed and not by chance, so that what is drawn after it stays. Mostly few: they cost more than all else that a run does. */
const HEARTBEATS_MS = [1, 5000, 20, 5000, 1, 5000, 5000, 5000];
const LIST_SALT = 15_485;
const CLASH_SALT = 32_452;
const MEETING_SALT = 49_979;
const NAMES_SALT = 86_028_121;

/** Draws the settings of a run. */
export function drawSettings(seed: number, options: SimOptions, random: Random): SimSettings {
  const regions = options.regions ?? random.pick([2, 3, 3, 3, 3, 4, 5]);
  const expiries = random.chance(0.3) ? random.pick([0.1, 0.3]) : 0;
  const some = (share: number, most: number): number => (random.chance(share) ? (random.between(1, 10) / 10) * most : 0);
  const clashes = options.clashes ?? (options.families === undefined && new Random(seed + MEETING_SALT).chance(0.1));
  const switches = drawSwitches(seed, options.switches ?? (options.families || options.faults || options.units ? false : undefined));
  const absence = drawAbsence(seed, options.absence ?? (options.faults && false));
  const small = drawLimits(seed, options.limits);
  const isOfUnits = options.units ?? new Random(seed + UNIT_SALT).chance(0.06);
  const pace = (): number[] => Array.from({ length: regions }, () => random.pick([1, 1, 1, 0.5, 0.2, 0.05]));
  return {
    seed,
    regions,
    commands: options.commands ?? random.between(6, 40),
    families: options.families ?? (clashes ? drawClashing(seed, drawFamilies(random)) : drawMixed(seed, drawFamilies(random))),
    keysPerFamily: random.pick([1, 1, 2, 3]),
    fieldsPerKey: random.pick([1, 2, 3]),
    databases: random.chance(0.15) ? 2 : 1,
    imported: random.chance(0.15) ? random.between(1, 8) : 0,
    expiries,
    deletes: some(0.7, 0.4),
    renames: some(0.2, 0.3),
    edits: some(0.2, 0.4),
    groups: some(0.3, 0.5),
    longValues: some(0.4, 1),
    clashes,
    longNames: options.names ?? new Random(seed + NAMES_SALT).chance(0.03),
    ...(isOfUnits ? UNITS : {}),
    weights: small.slowed(switches.slowed(absence.slowed(drawWeights(random)))),
    streamPace: pace(),
    recordsPace: pace(),
    skewMsMax: random.chance(0.5) ? (expiries > 0 ? SKEW_MS_MAX_WITH_EXPIRY : random.pick([5, 300, 3000])) : 0,
    timeMsMax: switches.timed(absence.timed(random.pick([0, 3, 50, 400]))),
    cachedSlotsMax: random.pick([1, 4, 10_000]),
    heartbeatMs: HEARTBEATS_MS[seed % HEARTBEATS_MS.length] ?? 1,
    // Drawn apart, so that every other choice of a seed stays what it was.
    policies: options.policies ?? new Random(seed + POLICY_SALT).chance(0.1),
    // Which logs there are does not change while regions run; beside that, only where it is asked for.
    residents: switches.isOn && options.residents !== true ? [] : drawResidents(seed, regions, options.residents),
    registers: options.registers ?? new Random(seed + REGISTER_SALT).chance(0.1),
    switches: switches.isOn,
    firstPolicy: switches.first,
    absentAfterMs: absence.absentAfterMs,
    awayPace: absence.pace(regions),
    listEdits: drawListEdits(seed),
    // A region that stops for another reason is another run.
    messages: drawMessages(seed, options.messages),
    events: drawEvents(seed),
    limits: small.limits,
    faults: options.faults ?? (absence.absentAfterMs > 0 ? [] : drawRareFaults(seed).filter((fault) => !switches.isOn || fault !== "flushall")),
  };
}

/** What the keys whose policy is changed can have. */
export const SWITCHED_POLICIES = ["crdt", "local", "lww", "home=eu"] as const;
export type SwitchedPolicy = (typeof SWITCHED_POLICIES)[number];

interface SwitchDraw extends Pick<AbsenceDraw, "slowed" | "timed"> {
  readonly isOn: boolean;
  readonly first: SwitchedPolicy;
}

/** Drawn apart: a change takes several heartbeats of all regions, so less is written between two of them. */
function drawSwitches(seed: number, isWanted: boolean | undefined): SwitchDraw {
  const random = new Random(seed + SWITCH_SALT);
  const isOn = isWanted ?? random.chance(0.03);
  const first = random.pick(SWITCHED_POLICIES);
  const share = random.pick([0.05, 0.1, 0.3]);
  return {
    isOn,
    first: isOn ? first : "crdt",
    slowed: (weights) => (isOn ? { ...weights, client: weights.client * share, time: weights.time * 2 } : weights),
    timed: (timeMsMax) => (isOn ? Math.max(timeMsMax, 100) : timeMsMax),
  };
}

/** Drawn apart. */
function drawResidents(seed: number, regions: number, isWanted: boolean | undefined): readonly (readonly number[])[] {
  const random = new Random(seed + RESIDENT_SALT);
  return (isWanted ?? random.chance(0.1)) ? drawGroups(random, regions) : [];
}

interface AbsenceDraw {
  readonly absentAfterMs: number;
  readonly slowed: (weights: EventWeights) => EventWeights;
  readonly timed: (timeMsMax: number) => number;
  readonly pace: (regions: number) => number[];
}

/**
 * Drawn apart. The limit is so short that regions that are only slow are taken for absent, and one or two hardly reach the others; more
 * happens between two commands, because regions have to say several times that they hear nothing.
 */
function drawAbsence(seed: number, isWanted: boolean | undefined): AbsenceDraw {
  const random = new Random(seed + ABSENCE_SALT);
  const isOn = isWanted ?? random.chance(0.02);
  return {
    absentAfterMs: isOn ? random.pick([10, 30, 100]) : 0,
    slowed: (weights) => (isOn ? { ...weights, client: weights.client * 0.03, time: weights.time * 2 } : weights),
    timed: (timeMsMax) => (isOn ? Math.max(timeMsMax, 50) : timeMsMax),
    pace: (regions) => Array.from({ length: regions }, () => (isOn && random.chance(0.4) ? 0.004 : 1)),
  };
}

/** Drawn apart too. */
function drawListEdits(seed: number): number {
  const random = new Random(seed + LIST_SALT);
  return random.chance(0.7) ? (random.between(1, 10) / 10) * 0.7 : 0;
}

/** Mixed into a seed for what is drawn beside. */
const LATER_SALT = 0x5ca1ab1e;

function withLaterFamilies(seed: number, drawn: readonly Family[]): readonly Family[] {
  const random = new Random(seed + LATER_SALT);
  if (random.chance(0.95)) return drawn;
  const later = random.pick(LATER_FAMILIES);
  return random.chance(0.6) ? [later] : [...drawn, later];
}

const CLASHING: readonly Family[] = FAMILIES.filter((family) => family !== "pure" && family !== FLOAT);

/** At least two, of all that there are. */
function drawClashing(seed: number, drawn: readonly Family[]): readonly Family[] {
  const random = new Random(seed + CLASH_SALT);
  const families = new Set<Family>(drawn.filter((family) => family !== "pure"));
  if (random.chance(0.5)) families.clear();
  while (families.size < 2) families.add(random.pick(CLASHING));
  return [...families];
}

const FLOAT_SALT = 32_452_843;

function drawMixed(seed: number, drawn: readonly Family[]): readonly Family[] {
  return withFloats(seed, withLaterFamilies(seed, drawn));
}

function withFloats(seed: number, drawn: readonly Family[]): readonly Family[] {
  const random = new Random(seed + FLOAT_SALT);
  if (random.chance(0.94)) return drawn;
  return random.chance(0.6) ? [FLOAT] : [...drawn, FLOAT];
}

const MESSAGE_SALT = 86_028_121;

/** Drawn apart too. */
function drawMessages(seed: number, isWanted: boolean | undefined): MessageDraw | undefined {
  const random = new Random(seed + MESSAGE_SALT);
  const isOn = random.chance(0.06);
  if (!(isWanted ?? isOn)) return undefined;
  return { share: random.pick([0.1, 0.3, 0.6]), ageMsMax: random.pick([Infinity, Infinity, Infinity, 1500]) };
}

const EVENTS_SALT = 49_979_687;

/** Most runs with floats hear of them; in some the connection comes and goes. */
function drawEvents(seed: number): EventPace | undefined {
  const random = new Random(seed + EVENTS_SALT);
  if (random.chance(0.15)) return undefined;
  return { listen: random.pick([1, 5, 20]), told: random.pick([2, 10, 50]), hush: random.chance(0.3) ? random.pick([0.1, 0.5, 2]) : 0 };
}

function drawFamilies(random: Random): Family[] {
  const families = FAMILIES.filter((family) => !LATER_FAMILIES.includes(family) && family !== FLOAT);
  if (random.chance(0.5)) return [random.pick(families)];
  const chosen = families.filter(() => random.chance(0.4));
  return chosen.length === 0 ? ["string"] : chosen;
}

function drawWeights(random: Random): EventWeights {
  const around = (usual: number): number => usual * random.pick([0.2, 0.5, 1, 1, 2, 5]);
  const rare = (share: number, weight: number): number => (random.chance(share) ? around(weight) : 0);
  return {
    client: around(10),
    stream: around(10),
    flush: around(10),
    append: around(10),
    published: around(10),
    script: around(10),
    records: around(10),
    rewind: rare(0.3, 0.5),
    crash: rare(0.4, random.pick([0.5, 2])),
    ghost: around(3),
    start: around(4),
    skew: rare(0.4, 1),
    expire: around(2),
    time: around(2),
  };
}
