/** A pipeline's status, put together from its region, its log and its meters. */
import { policyText, readEvicted, type PolicyTable, type Region } from "@meridian/region";
import { hlcMs, type WriterId } from "@meridian/words";
import type { PeerState, PeerStatus, PipelineState, PipelineStatus } from "../status.js";
import { absenceNotices, evictionNotices, fullNotice, noticesOf } from "./notices.js";
import type { RegionPipeline } from "./region-pipeline.js";

/** Queued bytes from which a peer counts as behind. */
const BEHIND_BYTES = 1024 * 1024;

const PAUSED = {
  store: { reason: "capture is paused: the store is full", advice: "see that the log takes records, or raise store.bytesMax" },
  disk: { reason: "capture is paused: the store is behind its disk", advice: "it goes on by itself; where that is slow, give the store a faster disk" },
};

/** Nobody of this region is refused anything but what the full server refuses; peers' writes wait. */
const FULL = {
  reason: "the server is at maxmemory: nothing that the peers write is taken",
  advice: "raise maxmemory, or make room here: what peers delete waits too; behind it everything goes on by itself",
};

/** See the module's comment. */
export function pipelineStatus(pipeline: RegionPipeline, state: PipelineState): PipelineStatus {
  const { context, counters, life, failure, store } = pipeline;
  const region = life?.region;
  const paused = life?.pausedFor;
  const fullSinceMs = life?.fullSinceMs;
  const pending = region?.pending;
  const absence = life ? absenceNotices(life.region.stability.absence) : [];
  const floats = floatsStatus(pipeline);
  const changes = [...absence, ...policyNotices(pipeline)];
  const evictions = evictionsStatus(pipeline);
  const evictionFacts = { mode: evictions.mode, reason: evictions.reason, keysAway: evictions.keysAway };
  const evicted = evictionNotices(counters, life?.facts, evictionFacts);
  const full = fullSinceMs === undefined ? [] : [fullNotice(fullSinceMs)];
  const notices = [...full, ...noticesOf(counters, life?.facts), ...evicted, ...changes, ...floatNotices(floats), ...(life?.remarks ?? [])];
  return {
    server: context.server.name,
    state,
    ...(failure && state !== "running" ? { reason: failure.message, advice: failure.advice } : paused ? PAUSED[paused] : fullSinceMs === undefined ? {} : FULL),
    capture: {
      replicationId: region?.place?.replicationId ?? "",
      offset: region?.capturedOffset ?? 0,
      durableOffset: region?.durableOffset ?? 0,
      mutations: counters.mutations,
      commands: counters.commands,
      ownCommands: counters.ownCommands,
      isPaused: paused !== undefined,
    },
    publish: {
      records: counters.records,
      mutations: counters.mutations,
      bytes: counters.publishedBytes,
      pendingRecords: pending?.records ?? 0,
      pendingBytes: pending?.bytes ?? 0,
    },
    receive: { records: counters.receivedRecords, mutations: counters.received, bytes: counters.receivedBytes },
    apply: {
      batches: counters.batches,
      cells: counters.cells,
      skipped: counters.skipped,
      retried: counters.retried,
      inFlight: (pending?.batches ?? 0) + (pending?.frames ?? 0) + (pending?.retries ?? 0) + (pending?.reads ?? 0),
      conflicts: counters.conflicts,
      readBacks: counters.readBacks,
    },
    policies: policiesStatus(pipeline),
    floats,
    evictions,
    messages: messagesStatus(pipeline),
    conflicts: Object.fromEntries(counters.conflictsByRule),
    peers: pipeline.followed.map((writer) => peerStatus(pipeline, writer)),
    unsupported: {
      ...Object.fromEntries(counters.unsupported),
      // Not a command, but as silent otherwise: a cell that should come back and whose value nobody here holds.
      ...(counters.divided > 0 ? { "(transactions divided)": counters.divided } : {}),
      ...(counters.unitsCut > 0 ? { "(transactions published in parts)": counters.unitsCut } : {}),
      ...(counters.valuesMissing > 0 ? { "(values missing)": counters.valuesMissing } : {}),
    },
    ...(notices.length === 0 ? {} : { notices }),
    ...(counters.refused.size === 0 ? {} : { refused: Object.fromEntries(counters.refused) }),
    wholeValue: Object.fromEntries(counters.wholeValue),
    store: { bytes: store?.sizeBytes() ?? 0, cells: store?.cellCount() ?? 0 },
    ...(region ? { stability: stabilityStatus(region, counters.heartbeats) } : {}),
    clock: { aheadMs: region?.aheadMs(Date.now()) ?? 0 },
    log: logStatus(pipeline),
  };
}

/** Nobody who has turned events off needs to be told. */
const OFF = "capture.floatEvents is off";

function floatsStatus({ life, counters, context }: RegionPipeline): PipelineStatus["floats"] {
  const { floats: increments, floatsAsValues: asValues } = counters;
  const status = life?.region.floats?.status;
  if (status?.follows) return { rule: "sum", increments, asValues };
  return { rule: "last writer", reason: status?.reason ?? (context.options.capture.floatEvents === "off" ? OFF : "not attached"), increments, asValues };
}

/** Names of evicted keys that the status shows. */
const EVICTED_SHOWN = 10;

function evictionsStatus({ life, counters, context, store }: RegionPipeline): PipelineStatus["evictions"] {
  const { seen, untold, unmatched, unread } = counters.evictions;
  const mode = context.options.capture.evictions;
  const events = life?.region.evictions?.events;
  const status = events?.status;
  const reason = mode === "replicate" || events?.isExpected === false || status?.follows ? undefined : (status?.reason ?? "not attached");
  const keysAway = life?.region.evictions?.keysAway ?? 0;
  const some = store && keysAway > 0 ? readEvicted(store, undefined, EVICTED_SHOWN).keys : [];
  const keys = some.map(({ db, key }) => `db${db} ${Buffer.from(key, "latin1").toString()}`);
  const named = keys.length > 0 ? { keys } : {};
  return { mode, ...(reason === undefined ? {} : { reason }), seen, keysAway, ...named, untold, unmatched, unread };
}

function floatNotices({ rule, reason }: PipelineStatus["floats"]): string[] {
  if (rule === "sum" || reason === undefined || reason === OFF) return [];
  return [`INCRBYFLOAT and HINCRBYFLOAT are replicated as their results, the later wins: ${reason}`];
}

function messagesStatus({ context, counters }: RegionPipeline): PipelineStatus["messages"] {
  const { silenced, ...counts } = counters.messages;
  const named = Object.fromEntries([...silenced].map(([channel, { count, reason }]) => [channel, `${count}: ${reason}`]));
  return { channels: context.options.messages.channels, ...counts, ...(silenced.size === 0 ? {} : { silenced: named }) };
}

function policiesStatus({ policies, counters, life }: RegionPipeline): PipelineStatus["policies"] {
  const change = life?.region.policies.status;
  const table = change?.table ?? policies;
  const { proposed, ended } = change ?? {};
  return {
    digest: table?.digest ? table.digest.toString(16).padStart(8, "0") : "",
    localCommands: counters.localCommands,
    foreignCommands: Object.fromEntries(counters.foreign),
    residencyCrossed: counters.residencyCrossed,
    rows: rowsOf(table),
    version: change?.version ?? 0,
    stage: change?.stage ?? "done",
    awaits: change?.awaits ?? [],
    ...(proposed ? { proposed: { by: proposed.by, rows: rowsOf(proposed.table), waitsFor: proposed.waitsFor } } : {}),
    ...(ended ? { ended } : {}),
  };
}

function rowsOf(table: PolicyTable | undefined): PipelineStatus["policies"]["rows"] {
  return (table?.rows ?? []).map(({ prefix, policy }) => ({ prefix: Buffer.from(prefix, "latin1").toString("utf8"), policy: policyText(policy) }));
}

function policyNotices({ life }: RegionPipeline): string[] {
  const change = life?.region.policies.status;
  if (!change) return [];
  const { isOverruled, version, table, stage, awaits, proposed } = change;
  const running = rowsOf(table).map(({ prefix, policy }) => `${prefix}=${policy}`).join(" ") || "none";
  return [
    ...(isOverruled ? [`the policies that run were decided by all regions (change ${version}) and are not those of the options: ${running}; write them there`] : []),
    ...(stage === "done" ? [] : [`the policies were changed (change ${version}): ${stage}${stage === "awaits peers" ? ` ${awaits.join(" ")}` : ""}`]),
    ...(proposed ? [`${proposed.by} has proposed other policies${proposed.waitsFor.length > 0 ? `; waits for ${proposed.waitsFor.join(" ")}` : ""}`] : []),
  ];
}

function stabilityStatus({ stability }: Region, heartbeats: number): NonNullable<PipelineStatus["stability"]> {
  const { oldestMs, forgotten, peers, absence } = stability;
  const waitsFor = peers.filter(({ holdsBack }) => holdsBack).map(({ writer }) => writer);
  const waitingMs = oldestMs === undefined ? 0 : Math.max(0, Date.now() - oldestMs);
  return { waitingMs, waitsFor, forgotten, heartbeats, fenced: absence.fenced.map(({ writer }) => writer), silent: absence.silent };
}

function logStatus({ context, log }: RegionPipeline): PipelineStatus["log"] {
  const health = log?.health();
  return {
    kind: context.options.log.kind,
    state: health?.state ?? "down",
    ...(health?.lastError === undefined ? {} : { lastError: health.lastError }),
  };
}

function peerStatus(pipeline: RegionPipeline, writer: WriterId): PeerStatus {
  const region = pipeline.life?.region;
  const lag = pipeline.lag.summary(writer, performance.now());
  const frontier = region?.frontier.get(writer);
  const hold = region?.holds.find((held) => held.writer === writer);
  const queueBytes = region?.queuedBytes(writer) ?? 0;
  const settledMs = region?.stability.peers.find((peer) => peer.writer === writer)?.settledMs ?? 0;
  return {
    writer,
    frontierMs: frontier ? hlcMs(frontier) : 0,
    lagMsP50: lag.p50Ms,
    lagMsP99: lag.p99Ms,
    lagMsP999: lag.p999Ms,
    lagSamples: lag.samples,
    driftMs: pipeline.drift.get(writer) ?? 0,
    state: peerState(pipeline, writer, queueBytes),
    ...(hold ? { reason: hold.reason } : {}),
    queueBytes,
    ...(settledMs > 0 ? { horizonAgeMs: Math.max(0, Date.now() - settledMs) } : {}),
  };
}

function peerState(pipeline: RegionPipeline, writer: WriterId, queueBytes: number): PeerState {
  if (pipeline.peerFailures.has(writer) || pipeline.log?.health().state !== "up") return "down";
  const hold = pipeline.life?.region.holds.find((held) => held.writer === writer);
  if (hold) return hold.code === "CLOCK_DRIFT" ? "held" : "down";
  return queueBytes > BEHIND_BYTES ? "behind" : "up";
}
