/**
 * What a region remembers beside its cells: where it stands in the stream and in its peers' logs. Written with every
 * commit, as JSON: a few hundred bytes that a person can read.
 */
import {
  HLC_ZERO,
  MeridianError,
  parseWriterId,
  VersionVector,
  type Hlc,
  type WriterId,
} from "@meridian/words";
import type { Halt, StateReader, StreamPlace } from "./effects.js";

/** The name of the record in the `state` table. */
export const STATE_KEY = "region";

/** See the module's comment. */
export interface RegionState {
  /** Where capture continues, or undefined before the first attach. */
  place: StreamPlace | undefined;
  /** The database that the stream has selected at that place. */
  db: number;
  /** What is merged at that place. */
  frontier: VersionVector;
  /** Per peer, up to where its messages were published here. */
  told: VersionVector;
  /** The last record taken from each peer's log. */
  positions: Map<WriterId, string>;
  /** The last version given: nothing later was ever published, because this is written before. */
  last: Hlc;
  /** The same, for each log of a group. */
  lasts: readonly (readonly [WriterId, Hlc])[];
  writers: readonly WriterId[];
  nextOut: number;
  nextIn: number;
  /** The lease under which this agent applies; 0 before the first fence. */
  epoch: number;
  /** Databases whose first import is not finished. */
  importing: readonly number[];
  /** Names the table of policies under which everything so far was captured. */
  policies: number;
  /** Keys that the server has evicted and that are not back. */
  evicted: number;
  halt: Halt | undefined;
}

/** The state of a region that was never attached. */
export function firstState(): RegionState {
  return {
    place: undefined,
    db: 0,
    frontier: new VersionVector(),
    told: new VersionVector(),
    positions: new Map(),
    last: HLC_ZERO,
    lasts: [],
    writers: [],
    nextOut: 1,
    nextIn: 1,
    epoch: 0,
    importing: [],
    policies: 0,
    evicted: 0,
    halt: undefined,
  };
}

/** Encodes a state. Written by hand, with every commit: twice as fast as `JSON.stringify`, which is left what a stranger may have named. */
export function encodeState(state: RegionState): Buffer {
  const { place, db, frontier, told, positions, last, lasts, writers, nextOut, nextIn, epoch, importing, policies, evicted, halt } = state;
  const at = place ? `"place":{"replicationId":${JSON.stringify(place.replicationId)},"offset":${place.offset}},` : "";
  const seen = `"frontier":${vectorText(frontier.entries())},"told":${vectorText(told.entries())},"positions":${positionsText(positions)}`;
  const given = `"last":${last},"lasts":${vectorText(lasts)},"writers":${namesText(writers)},"nextOut":${nextOut},"nextIn":${nextIn}`;
  const rest = `"epoch":${epoch},"importing":[${importing.join(",")}],"policies":${policies},"evicted":${evicted}`;
  return Buffer.from(`{${at}"db":${db},${seen},${given},${rest}${halt ? `,"halt":${JSON.stringify(halt)}` : ""}}`);
}

/** A vector as JSON, the pairs of its entries. Names of writers hold nothing that JSON would write otherwise. */
function vectorText(entries: Iterable<readonly [WriterId, Hlc]>): string {
  let text = "";
  for (const [writer, hlc] of entries) text += `${text === "" ? "" : ","}["${writer}",${hlc}]`;
  return `[${text}]`;
}

function positionsText(positions: ReadonlyMap<WriterId, string>): string {
  let text = "";
  for (const [writer, position] of positions) text += `${text === "" ? "" : ","}["${writer}",${JSON.stringify(position)}]`;
  return `[${text}]`;
}

function namesText(writers: readonly WriterId[]): string {
  return writers.length === 0 ? "[]" : `["${writers.join('","')}"]`;
}

/** Decodes a state. Throws `STORE_CORRUPT`. */
export function decodeState(bytes: Buffer): RegionState {
  try {
    const plain = JSON.parse(bytes.toString()) as Omit<RegionState, "frontier" | "told" | "positions"> & {
      frontier: [WriterId, Hlc][];
      told?: [WriterId, Hlc][];
      positions: [WriterId, string][];
    };
    const writers = plain.writers.map(parseWriterId);
    const [frontier, told, positions] = [new VersionVector(plain.frontier), new VersionVector(plain.told), new Map(plain.positions)];
    return Object.assign(firstState(), plain, { writers, frontier, told, positions });
  } catch (cause) {
    throw new MeridianError("STORE_CORRUPT", "the store's region record cannot be read", {
      advice: "restore the store from a backup, or remove it and start this region as a new one",
      cause,
    });
  }
}

/** What a store says of its region; that of a new one where there is nothing. Throws `STORE_CORRUPT`. */
export function readState(store: StateReader): RegionState {
  const bytes = store.get("state", STATE_KEY);
  return bytes ? decodeState(bytes) : firstState();
}

/** The digest of the policies that a store was captured under; undefined: nothing was captured yet. */
export function capturedPolicies(store: StateReader): number | undefined {
  const bytes = store.get("state", STATE_KEY);
  return bytes && decodeState(bytes).policies;
}

/** The last version that this region has given in each of its logs, by its store; nothing: it was never attached. */
export function lastGiven(store: StateReader, main: WriterId): ReadonlyMap<WriterId, Hlc> {
  const bytes = store.get("state", STATE_KEY);
  if (!bytes) return new Map();
  const { last, lasts } = decodeState(bytes);
  return new Map([[main, last], ...lasts]);
}

/** The first version that no earlier life can have given or seen. */
export function firstUnused(state: RegionState): Hlc {
  let last: number = state.last;
  for (const [, hlc] of [...state.lasts, ...state.frontier.entries()]) last = Math.max(last, hlc);
  return (last + 1) as Hlc;
}
