/** What a region is told at its start. Words only; decides nothing. */
import type { Hlc, WriterId } from "@meridian/words";
import type { ConflictLimits } from "./conflicts/conflict-ledger.js";
import type { PolicyTable } from "./policies/policy-table.js";
import type { RegionCounters } from "./counters.js";
import type { StateReader } from "./effects.js";
import type { FloatOptions } from "./capture/float-events.js";
import type { HeartbeatPace } from "./forget/heartbeat.js";
import type { MessageOptions } from "./capture/local-messages.js";
import type { RegionLimits } from "./region-limits.js";

/** What a region must be told. */
export interface RegionOptions {
  readonly writer: WriterId;
  readonly peers: readonly WriterId[];
  readonly store: StateReader;
  /** How far a peer's clock may run ahead of ours, in ms. */
  readonly maxDriftMs: number;
  /** Cells kept in memory, in each of two generations. */
  readonly cachedSlotsMax: number;
  /** What happens to keys by prefix; undefined: the published rules, to all of them. */
  readonly policies?: PolicyTable;
  /** How much the conflict ledger keeps. */
  readonly conflicts?: ConflictLimits;
  /** Whether entries that come below a group's last delivered id are put into its pending list (default: yes). */
  readonly lateEntriesToGroups?: boolean;
  /** Of which keys keyspace events are told, so that float increments add up; undefined: the register rule. */
  readonly floats?: FloatOptions;
  /** Evictions are told from deletions by keyspace events, and stay in their region; undefined: they are deletions. */
  readonly evictions?: "keep";
  /** Messages of which channels go to other regions, and come from them; undefined: none. */
  readonly messages?: MessageOptions;
  /** How often the region says how far it is; without it {@link HEARTBEAT_PACE}. */
  readonly heartbeat?: HeartbeatPace;
  /** After how long without anything from a peer this region agrees to go on without it, in ms; undefined: never. */
  readonly absentAfterMs?: number;
  /** What is divided and held back where; undefined: by {@link REGION_LIMITS}. */
  readonly limits?: RegionLimits;
  /** Counted on from an earlier life, where there was one. */
  readonly counters?: RegionCounters;
  /** A peer's frame became visible here: its writer, last version and number of mutations. */
  readonly onVisible?: (writer: WriterId, last: Hlc, mutations: number) => void;
}
