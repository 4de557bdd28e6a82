/**
 * What an agent tells about itself: plain numbers and words, one JSON object.
 *
 * Counters count since the agent started. Figures that nothing has been measured for are 0. Lists of names are bounded:
 * beyond {@link NAMES_MAX} names the rest is summed under {@link OTHERS}.
 */

/** Names listed one by one in `unsupported` and `wholeValue`. */
export const NAMES_MAX = 64;

/** The name under which the rest is summed. */
export const OTHERS = "(others)";

/** Every state of a pipeline. */
export const PIPELINE_STATES = ["starting", "fencing", "running", "waiting", "quarantined", "fenced", "stopped"] as const;

/**
 * What a pipeline is doing. `starting`: attaching. `fencing`: ending what an earlier life may still be sending.
 * `running`: all stages work. `waiting`: something outside is missing, and it tries again. `quarantined`: stopped
 * capturing and applying until an operator decides; what was captured before is still published. `fenced`: another agent has
 * taken over. `stopped`: ended.
 */
export type PipelineState = (typeof PIPELINE_STATES)[number];

/** Every state of a peer, as seen from here. */
export const PEER_STATES = ["up", "behind", "down", "held"] as const;

/** `up`: read to its end. `behind`: catching up. `down`: its log cannot be read. `held`: waits for the clock. */
export type PeerState = (typeof PEER_STATES)[number];

/** One writer of another region. */
export interface PeerStatus {
  /** `region/server`. */
  readonly writer: string;
  /** Milliseconds since 1970 of the newest version of which everything up to it is merged here; 0: nothing yet. */
  readonly frontierMs: number;
  /** From the write in its region to its being visible here, over the last window; 0 where nothing came. */
  readonly lagMsP50: number;
  readonly lagMsP99: number;
  readonly lagMsP999: number;
  /** Mutations that the three figures above are made from. */
  readonly lagSamples: number;
  /** How far the newest version received stood ahead of the local clock; negative: behind. */
  readonly driftMs: number;
  readonly state: PeerState;
  /** Why its records wait, where they do. */
  readonly reason?: string;
  /** Received, not yet merged. */
  readonly queueBytes: number;
  /** Age of what the peer last said of how far it is: what is forgotten here waits for that. Absent: it never did. */
  readonly horizonAgeMs?: number;
}

/** One captured server. */
export interface PipelineStatus {
  /** The server's name in its region. */
  readonly server: string;
  readonly state: PipelineState;
  /** Why it is in this state, where that is not plain. */
  readonly reason?: string;
  /** What an operator can do about it. */
  readonly advice?: string;
  readonly capture: {
    readonly replicationId: string;
    /** Of the server's stream: captured, and durable in the log (what the server has been told). */
    readonly offset: number;
    readonly durableOffset: number;
    /** Of local clients, out of all commands; `ownCommands` are the agent's own applies coming back. */
    readonly mutations: number;
    readonly commands: number;
    readonly ownCommands: number;
    /** True while nothing is captured because the store is full (`store.bytesMax`) or its disk is slow; the server keeps the stream. */
    readonly isPaused: boolean;
  };
  readonly publish: {
    readonly records: number;
    readonly mutations: number;
    readonly bytes: number;
    /** In the store, not yet durable in the log. */
    readonly pendingRecords: number;
    readonly pendingBytes: number;
  };
  readonly receive: { readonly records: number; readonly mutations: number; readonly bytes: number };
  readonly apply: {
    readonly batches: number;
    readonly cells: number;
    /** Cells that a script call left alone because the server held something newer than was known. */
    readonly skipped: number;
    /** Cells applied again after that, or after a lost connection. */
    readonly retried: number;
    /** Script calls sent and not yet seen in the stream. */
    readonly inFlight: number;
    /** What the conflict ledger has recorded: merging had to choose, or hid something. */
    readonly conflicts: number;
    /** Keys read back because the stream did not carry the result. */
    readonly readBacks: number;
  };
  readonly policies: {
    /** Names which keys are local, lww or of some regions: equal in every region, or its records are held. Empty: none is. */
    readonly digest: string;
    /** Commands of clients that wrote local keys. */
    readonly localCommands: number;
    /** The same of keys that reside in other regions, by their group: they stay in this region's server. */
    readonly foreignCommands: Readonly<Record<string, number>>;
    /** Commands of clients that may have brought something of a resident key to a key that others get. */
    readonly residencyCrossed: number;
    /** The longest prefix first. */
    readonly rows: readonly { readonly prefix: string; readonly policy: string }[];
    /** How many changes this region has gone through while it ran; 0: what runs is what the options name. */
    readonly version: number;
    /** Where the last change stands here: `done`, or what is still to be done. */
    readonly stage: string;
    /** Peers that are not known to have switched. */
    readonly awaits: readonly string[];
    /** A change that is proposed and not decided; `waitsFor`: told by the region that has proposed it. */
    readonly proposed?: {
      readonly by: string;
      readonly rows: readonly { readonly prefix: string; readonly policy: string }[];
      readonly waitsFor: readonly string[];
    };
    /** What became of the last change that this region has proposed, where it was not made. */
    readonly ended?: string;
  };
  /** Keys that the server dropped to make room. */
  readonly evictions: {
    readonly mode: "keep" | "replicate";
    /** Why evictions are not told from deletions, and so are deleted everywhere; missing: they are, or the server makes none. */
    readonly reason?: string;
    /** Evictions that were recognized. */
    readonly seen: number;
    /** Keys that are away here, and kept by the other regions. */
    readonly keysAway: number;
    /** The first of them. */
    readonly keys?: readonly string[];
    /** Deletions of which nobody could tell whether they were evictions: taken for a client's. */
    readonly untold: number;
    /** Of these, such as were evictions for certain. */
    readonly unmatched: number;
    /** Keys that were evicted before it could be read what a client had just done to them. */
    readonly unread: number;
  };
  /** Increments of floats: added up where keyspace events tell of them, otherwise values like others, of which the later wins. */
  readonly floats: {
    readonly rule: "sum" | "last writer";
    /** Why they are not added up. */
    readonly reason?: string;
    /** Increments that events have named; `asValues`: such as were taken for values, because what was there before was not known. */
    readonly increments: number;
    readonly asValues: number;
  };
  /** Messages of clients (PUBLISH) that are relayed between regions. */
  readonly messages: {
    /** Patterns of the channels; empty: messages stay. */
    readonly channels: readonly string[];
    /** Published to the other regions, and theirs published here. */
    readonly relayed: number;
    readonly delivered: number;
    /** Received and waiting to be published here, now. */
    readonly waiting: number;
    /** Not published here: too old, or on a channel that is not accepted. */
    readonly expired: number;
    readonly unwanted: number;
    /** Of those delivered, such as did not wait any longer for a write before them that clients kept racing. */
    readonly early: number;
    /** Channels of messages that nobody heard: too long to be relayed, or refused by this server; how many, and why the last one. */
    readonly silenced?: Readonly<Record<string, string>>;
  };
  /** What the conflict ledger has recorded, by rule. */
  readonly conflicts: Readonly<Record<string, number>>;
  readonly peers: readonly PeerStatus[];
  /** Commands that cannot be replicated faithfully, by name. */
  readonly unsupported: Readonly<Record<string, number>>;
  /** What an operator should know though everything runs: one sentence each; absent where there is nothing. */
  readonly notices?: readonly string[];
  /** Values of peers that the server refused, by database and key: their type and the server's words; absent where there are none. */
  readonly refused?: Readonly<Record<string, string>>;
  /** Writes to keys of types that are for now replicated as whole values, by type. */
  readonly wholeValue: Readonly<Record<string, number>>;
  /** `cells`: records of cells and keys, without what was committed in the last ten seconds. */
  readonly store: { readonly bytes: number; readonly cells: number };
  /** What is left of dead keys and counters until every region is past it; absent before the first attach. */
  readonly stability?: {
    /** For how long the oldest of it waits; 0: nothing does. */
    readonly waitingMs: number;
    /** Peers that have not said yet that they are past it. */
    readonly waitsFor: readonly string[];
    /** Keys and members forgotten since the start. */
    readonly forgotten: number;
    /** Records that only say how far this region is; not counted under `publish`. */
    readonly heartbeats: number;
    /** Peers that stayed away for too long: nothing waits for them any more, and what they write is refused. */
    readonly fenced: readonly string[];
    /** Peers of which nothing came for longer than `stability.absentAfter`, and that are not fenced. */
    readonly silent: readonly string[];
  };
  readonly clock: {
    /** How far the agent's versions stand ahead of its physical clock. */
    readonly aheadMs: number;
  };
  readonly log: { readonly kind: "memory" | "redis" | "kafka"; readonly state: "up" | "down"; readonly lastError?: string };
}

/** One agent. */
export interface AgentStatus {
  readonly region: string;
  readonly version: string;
  readonly uptimeMs: number;
  readonly pipelines: readonly PipelineStatus[];
}

/** Whether the agent does its work, and if not, why. */
export interface Readiness {
  readonly ready: boolean;
  /** One sentence for each pipeline that does not run. */
  readonly reasons: readonly string[];
  /** What is not replicated although everything runs, or is about to become a problem; absent where there is nothing. */
  readonly notices?: readonly string[];
}

/** Ready where every pipeline runs. A peer that is down or behind does not make an agent unready. */
export function readinessOf(status: AgentStatus): Readiness {
  const waiting = status.pipelines.filter(({ state }) => state !== "running");
  const reasons = waiting.map(({ server, state, reason }) => `server ${server} is ${state}${reason === undefined ? "" : `: ${reason}`}`);
  if (status.pipelines.length === 0) reasons.push("not started");
  const notices = status.pipelines.flatMap(({ server, notices: said = [] }) => said.map((notice) => `server ${server}: ${notice}`));
  return { ready: reasons.length === 0, reasons, ...(notices.length === 0 ? {} : { notices }) };
}

/** A pipeline's status with bounded lists of names, largest counts first. */
export function boundedStatus(status: PipelineStatus): PipelineStatus {
  return { ...status, unsupported: boundedCounts(status.unsupported), wholeValue: boundedCounts(status.wholeValue) };
}

function boundedCounts(counts: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const all = Object.entries(counts);
  if (all.length <= NAMES_MAX) return counts;
  all.sort(([, a], [, b]) => b - a);
  const rest = all.slice(NAMES_MAX).reduce((sum, [, count]) => sum + count, 0);
  return { ...Object.fromEntries(all.slice(0, NAMES_MAX)), [OTHERS]: rest };
}
