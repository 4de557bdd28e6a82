/** What a life works with, and its named limits. */
import type { MutationLog } from "@meridian/log";
import type { ConflictLimits, MessageOptions, PolicyTable, RegionCounters, RegionOptions } from "@meridian/region";
import type { Logger } from "@meridian/shell";
import type { Store } from "@meridian/store";
import type { MeridianError, WriterId } from "@meridian/words";
import type { Endpoint } from "../endpoint.js";
import type { ProbeWhen } from "./conformance.js";
import type { EvictionMode, FloatSettings } from "./event-feed.js";

/** Named limits and settings of a life. */
export interface LifeSettings {
  readonly connectTimeoutMs: number;
  readonly ackIntervalMs: number;
  readonly replyTimeoutMs: number;
  readonly maxDriftMs: number;
  readonly cachedSlotsMax: number;
  readonly publishInFlightMax: number;
  /** Size of the store from which the stream is paused while something waits for the log. */
  readonly storeBytesMax: number;
  /** Whether the disk must have a step's writes before anything of it leaves. */
  readonly syncsCommits: boolean;
  /** Whether the server's stream is probed before it is first followed. */
  readonly probe: ProbeWhen;
  readonly acceptUnknownRewrites: boolean;
  /** How much the conflict ledger keeps. */
  readonly conflicts: ConflictLimits;
  /** What happens to keys by prefix; undefined: the published rules. */
  readonly policies: PolicyTable | undefined;
  /** Which messages are relayed; undefined: none. */
  readonly messages: MessageOptions | undefined;
  /** Whether late entries of streams are told to consumer groups. */
  readonly lateEntriesToGroups: boolean;
  /** After how long without anything from a peer this region agrees to go on without it; undefined: never. */
  readonly absentAfterMs: number | undefined;
  /** Whether, and of which keys, float increments are told by events. */
  readonly floats: FloatSettings;
  /** What becomes of keys that the server drops to make room. */
  readonly evictions: EvictionMode;
}

/** What a life works with. */
export interface LifeDeps {
  readonly writer: WriterId;
  readonly peers: readonly WriterId[];
  readonly endpoint: () => Endpoint;
  readonly store: Store;
  readonly log: MutationLog;
  readonly logger: Logger;
  /** The lease of the last life in this process; 0: this is the first. */
  readonly lastEpoch: number;
  readonly settings: LifeSettings;
  readonly counters: RegionCounters;
  readonly onVisible: NonNullable<RegionOptions["onVisible"]>;
  readonly onPeerFailure: (writer: WriterId, error: MeridianError) => void;
  /** The region stands still: told at once, before the rest is published. */
  readonly onHalt: (error: MeridianError) => void;
}
