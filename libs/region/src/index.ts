export { NAME_BYTES_MAX } from "./keys/cell-key.js";
export { type AbsenceStatus, type FencedPeer } from "./forget/absence.js";
export { CONFLICT_RULES, valueOfPrint, type ConflictRule } from "@meridian/merge";
export { CONFLICT_LIMITS, elementName, type ConflictLimits } from "./conflicts/conflict-ledger.js";
export type { ConflictRecord } from "./conflicts/conflict-record.js";
export { readConflicts, type ConflictPage, type ConflictQuery } from "./conflicts/conflict-store.js";
export { BATCH_BYTES, BATCH_CELLS, BATCHES_IN_FLIGHT_MAX } from "./apply/applier.js";
export { noteRefused, REFUSED_MAX, zeroCounters, type EvictionCounters, type MessageCounters, type RegionCounters } from "./counters.js";
export { EXPIRY_SKEW_MS } from "./apply/server-deadlines.js";
export type {
  Halt,
  Hold,
  Listing,
  Publication,
  Reading,
  StateReader,
  StateTable,
  StateWrite,
  Step,
  StreamPlace,
} from "./effects.js";
export { STORE_BEHIND_ADVICE } from "./halts.js";
export { isPlainRecord } from "./keys/entry-codec.js";
export { EVENT_PATIENCE_MS, SYNC_KEY_PREFIX, type FloatEvents, type FloatOptions, type FloatStatus } from "./capture/float-events.js";
export { EVENT_CLASSES, SIGN_KEY_PREFIX, type EvictionEvents, type EvictionStatus } from "./capture/eviction-events.js";
export { isEvicted, readEvicted, type EvictedPage } from "./capture/evictions.js";
export { CHANNEL_PATTERNS_MAX, ChannelPatterns } from "./capture/channel-patterns.js";
export { HEARTBEAT_PACE, type HeartbeatPace } from "./forget/heartbeat.js";
export { QUEUE_BYTES_MAX } from "./receive/inbox.js";
export type { MessageOptions } from "./capture/local-messages.js";
export { PATIENCE_MS } from "./apply/message-relay.js";
export { FRAME_BYTES, FRAME_MUTATIONS, RECORD_BYTES, sequenceKey } from "./publish/outbox.js";
export type { PendingWork } from "./pending-work.js";
export { REGION_LIMITS, type RegionLimits } from "./region-limits.js";
export type { RegionOptions } from "./region-options.js";
export { decidedPolicies, type PolicyChangeStatus } from "./policies/policy-change.js";
export { linesOf, refusalOf, tableOf, transitionsOf, type Transition, type TransitionKind } from "./policies/policy-transition.js";
export { parsePolicy, PolicyTable, POLICIES_MAX, POLICY_FORMS, policyText, type Policy, type PolicyRow } from "./policies/policy-table.js";
export { Region } from "./region.js";
export { followedLogs, Residency, type Circle } from "./publish/residency.js";
export { capturedPolicies, lastGiven } from "./region-state.js";
export { type PeerHorizon, type StabilityStatus } from "./forget/stability.js";
export { readUnfinished, StoredKeys, type StoredCell } from "./keys/stored-cells.js";
