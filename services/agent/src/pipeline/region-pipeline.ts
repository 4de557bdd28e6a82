/**
 * The pipeline of one captured server: life after life over one store and one log, until it is stopped or meets
 * something that another life cannot heal.
 */
import { openLog, type MutationLog } from "@meridian/log";
import { isEvicted, isPlainRecord, capturedPolicies, decidedPolicies, followedLogs, Residency, readConflicts, zeroCounters, type ConflictLimits, type ConflictPage, type ConflictQuery, type PolicyTable } from "@meridian/region";
import { openLmdbStore, type Store } from "@meridian/store";
import { hlcMs, MeridianError, writerId, type Hlc, type WriterId } from "@meridian/words";
import type { Pipeline, PipelineContext, PipelineFactory } from "../agent-pipeline.js";
import { endpointOf } from "../endpoint.js";
import { LagMeter } from "../lag-meter.js";
import type { PipelineState, PipelineStatus } from "../status.js";
import { messagesOf } from "../message-options.js";
import { policiesOf } from "../policy-options.js";
import { policyReply, type PolicyReply, type PolicyRequest } from "../policy-requests.js";
import type { LifeSettings } from "./life-deps.js";
import { Life } from "./life.js";
import { refuseOldStore } from "./published-places.js";
import { logConfigOf } from "./log-config.js";
import { pipelineStatus } from "./pipeline-status.js";

/**
 * First pause between two lives; it doubles up to the last. A server that is restarted twice during one pause no longer knows the
 * history that its stream would go on from: it keeps one earlier id.
 */
const PAUSE_FIRST_MS = 50;
const PAUSE_LAST_MS = 1_000;
/** A life that worked so long earns the first pause again. */
const STEADY_MS = 10_000;
/** Cells in memory per generation. */
const CACHED_SLOTS_MAX = 4_096;
/** How long stopping waits for captured mutations to become durable; the rest is resumed from the store. */
const DRAIN_MS_MAX = 5_000;
const HOUR_MS = 3_600_000;
const ALL_KEYS = [""];

/** Makes pipelines over real servers. */
export const regionPipelines: PipelineFactory = (context) => new RegionPipeline(context);

/** See the module's comment. */
export class RegionPipeline implements Pipeline {
  readonly writer: WriterId;
  readonly peers: readonly WriterId[];
  /** Whose logs this region writes: its own, and those of the groups that it is a member of. */
  readonly ownLogs: readonly WriterId[];
  /** Whose logs it reads. */
  readonly followed: readonly WriterId[];
  readonly context: PipelineContext;
  readonly counters = zeroCounters();
  readonly lag: LagMeter;
  readonly policies: PolicyTable | undefined;
  readonly drift = new Map<WriterId, number>();
  readonly peerFailures = new Map<WriterId, MeridianError>();
  life: Life | undefined;
  store: Store | undefined;
  log: MutationLog | undefined;
  failure: MeridianError | undefined;
  #state: PipelineState = "starting";
  #report: (error: unknown) => void = () => {};
  #running: Promise<void> | undefined;
  #isStopping = false;
  /** Ends reading what the own log holds. */
  readonly #giveUp = new AbortController();
  #lastEpoch = 0;
  #wake: (() => void) | undefined;

  constructor(context: PipelineContext) {
    const { options, server } = context;
    this.context = context;
    this.writer = writerId(options.region, server.name);
    this.peers = options.peers.map((region) => writerId(region, server.name));
    this.policies = policiesOf(options);
    const residency = Residency.of(this.policies, this.writer, this.peers);
    this.ownLogs = [this.writer, ...(residency?.groups ?? []).map(({ writer }) => writer)];
    this.followed = followedLogs(this.peers, residency);
    this.lag = new LagMeter(options.lag.windowMs);
  }

  onFatal(report: (error: unknown) => void): void {
    this.#report = report;
  }

  async start(): Promise<void> {
    const { options } = this.context;
    this.store = openLmdbStore({ path: `${options.store.path}/${this.writer.replace("/", "-")}`, owner: this.writer, isPlain: isPlainRecord });
    // Once a change was decided, what all regions have decided holds, whatever the options still say.
    const decided = decidedPolicies(this.store);
    if (!decided) refuseOtherPolicies(this.writer, capturedPolicies(this.store), this.policies?.digest ?? 0);
    else refuseOtherGroups(this.writer, decided, this.policies);
    this.log = openLog(logConfigOf(options), { logger: this.context.logger });
    await this.#openLog(this.log);
    if (!this.#isStopping) await this.#refuseLostStore(this.log, this.store);
    if (!this.#isStopping) await refuseOldStore({ log: this.log, store: this.store }, this.writer, this.ownLogs, this.#giveUp.signal);
    this.#running = this.#live();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#giveUp.abort();
    this.#wake?.();
    await this.life?.stop(DRAIN_MS_MAX);
    await this.#running;
    await this.log?.close();
    const { store } = this;
    // The agent's other pipelines go on, and the status of all is asked for.
    this.store = undefined;
    await store?.close();
    this.#state = "stopped";
  }

  status(): PipelineStatus {
    return pipelineStatus(this, this.#shownState());
  }

  changePolicies(asked: PolicyRequest): PolicyReply | undefined {
    const region = this.life?.isRunning ? this.life.region : undefined;
    return region && policyReply(region, asked);
  }

  conflicts(query: ConflictQuery): ConflictPage | undefined {
    return this.store && readConflicts(this.store, query);
  }

  evicted(db: number, keys: readonly string[]): readonly boolean[] | undefined {
    const { store } = this;
    return store && keys.map((key) => isEvicted(store, db, key));
  }

  /** A log that is away is waited for; one with wrong settings is refused. */
  async #openLog(log: MutationLog): Promise<void> {
    for (let pauseMs = PAUSE_FIRST_MS; !this.#isStopping; pauseMs = Math.min(pauseMs * 2, PAUSE_LAST_MS)) {
      try {
        return await log.open([...this.ownLogs, ...this.followed]);
      } catch (error) {
        if (!(error instanceof MeridianError) || !error.retryable) throw error;
        this.failure = error;
        this.#state = "waiting";
        this.context.logger.warn({ code: error.code, advice: error.advice }, error.message);
        await this.#pause(pauseMs);
      }
    }
  }

  /** Versions that were given once must not be given again: an empty store beside a log of ours is a lost one. */
  async #refuseLostStore(log: MutationLog, store: Store): Promise<void> {
    if (store.get("state", "region")) return;
    for (const writer of this.ownLogs) {
      if ((await log.end(writer)) === undefined) continue;
      throw new MeridianError("STORE_LOST", `the log holds records of ${writer}, but the store is empty`, {
        advice: "point store.path at the store that published them; if it is lost, give this region a new name and rebuild it from a peer",
      });
    }
  }

  async #live(): Promise<void> {
    let pauseMs = PAUSE_FIRST_MS;
    while (!this.#isStopping) {
      const began = Date.now();
      this.life = this.#newLife();
      const error = await this.life.run().catch((cause: unknown) => asFailure(cause));
      if (!error) return;
      // A quarantine that still has records to publish waits for the log as one: its reason stays visible.
      const isHalted = this.life.region.halt !== undefined;
      if (!isHalted || !error.retryable) this.failure = error;
      if (!this.#isHealable(error)) return;
      this.context.logger.warn({ code: error.code, advice: error.advice, pauseMs }, error.message);
      if (!isHalted) this.#state = "waiting";
      if (Date.now() - began > STEADY_MS) pauseMs = PAUSE_FIRST_MS;
      await this.#pause(pauseMs);
      pauseMs = Math.min(pauseMs * 2, PAUSE_LAST_MS);
    }
  }

  /** Quarantine stays visible while the rest is published, over as many lives as that takes, and behind it. */
  #onHalt(error: MeridianError): void {
    if (this.#state === "quarantined") return;
    this.#state = "quarantined";
    this.failure = error;
    this.context.logger.error({ code: error.code, advice: error.advice }, error.message);
  }

  /** What another life cannot heal is reported; a quarantine was told when it began. */
  #isHealable(error: MeridianError): boolean {
    if (error.retryable) return true;
    if (error.code === "QUARANTINED" || error.code === "LINEAGE_BROKEN" || error.code === "ABSENT_TOO_LONG" || error.code === "STORE_BEHIND") return false;
    this.context.logger.error({ code: error.code, advice: error.advice }, error.message);
    this.#state = error.code === "FENCED" ? "fenced" : "stopped";
    this.#report(error);
    return false;
  }

  #newLife(): Life {
    const { options, server, logger } = this.context;
    this.#lastEpoch = Math.max(this.#lastEpoch, this.life?.region.epoch ?? 0);
    this.peerFailures.clear();
    return new Life({
      writer: this.writer,
      peers: this.peers,
      endpoint: () => endpointOf(server),
      store: this.store as Store,
      log: this.log as MutationLog,
      logger,
      lastEpoch: this.#lastEpoch,
      settings: {
        connectTimeoutMs: options.capture.connectTimeoutMs,
        ackIntervalMs: options.capture.ackIntervalMs,
        replyTimeoutMs: options.apply.replyTimeoutMs,
        maxDriftMs: options.clock.maxDriftMs,
        cachedSlotsMax: CACHED_SLOTS_MAX,
        publishInFlightMax: options.publish.inFlightMax,
        storeBytesMax: options.store.bytesMax,
        syncsCommits: options.store.fsync === "commit",
        probe: options.capture.probe,
        acceptUnknownRewrites: options.capture.acceptUnknownRewrites,
        conflicts: conflictLimits(options),
        policies: this.policies,
        messages: messagesOf(options),
        lateEntriesToGroups: options.apply.lateEntriesToGroups,
        absentAfterMs: options.stability.absentAfterMs || undefined,
        floats: floatSettings(options),
        evictions: options.capture.evictions,
      },
      counters: this.counters,
      onVisible: (writer, last, mutations) => this.#onVisible(writer, last, mutations),
      onPeerFailure: (writer, error) => this.#onPeerFailure(writer, error),
      onHalt: (error) => this.#onHalt(error),
    });
  }

  #onVisible(writer: WriterId, last: Hlc, mutations: number): void {
    const lagMs = Date.now() - hlcMs(last);
    this.drift.set(writer, -lagMs);
    this.lag.record(writer, lagMs, mutations, performance.now());
  }

  #onPeerFailure(writer: WriterId, error: MeridianError): void {
    this.peerFailures.set(writer, error);
    this.context.logger.error({ writer, code: error.code, advice: error.advice }, error.message);
  }

  #shownState(): PipelineState {
    if (this.#state === "stopped" || this.#state === "fenced" || this.#state === "quarantined") return this.#state;
    if (this.life?.isRunning) return "running";
    return this.life && this.life.region.epoch > 0 ? "fencing" : this.#state;
  }

  async #pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }
}

/** What was captured under one table cannot be gone on with under another: the regions would not know from where on. */
function refuseOtherPolicies(writer: WriterId, captured: number | undefined, given: number): void {
  if (captured === undefined || captured === given) return;
  throw new MeridianError("BAD_OPTION", `${writer} was captured with other local, lww or regions policies than the options name`, {
    advice: "start with the policies that it had; they are changed while the regions run: `meridian policy set`",
  });
}

/** Which logs there are follows from the options: what resides where is not changed while regions run. */
function refuseOtherGroups(writer: WriterId, decided: PolicyTable, given: PolicyTable | undefined): void {
  const wanted = [...decided.groups.keys()].sort();
  if (wanted.join(" ") === [...(given?.groups.keys() ?? [])].sort().join(" ")) return;
  throw new MeridianError("BAD_OPTION", `${writer} runs policies that were decided while it ran, with other groups of regions than the options name`, {
    advice: `keep the regions= policies that it had: ${wanted.map((group) => `regions=${decided.groups.get(group)?.join(",") ?? group}`).join("; ") || "none"}`,
  });
}

function floatSettings({ capture }: PipelineContext["options"]): LifeSettings["floats"] {
  return { mode: capture.floatEvents, prefixes: capture.floatPrefixes.length > 0 ? capture.floatPrefixes : ALL_KEYS };
}

function conflictLimits({ conflicts }: PipelineContext["options"]): ConflictLimits {
  return { bytesMax: conflicts.bytesMax, ageMsMax: conflicts.ageHoursMax * HOUR_MS, valueBytesMax: conflicts.valueBytesMax };
}

function asFailure(cause: unknown): MeridianError {
  if (cause instanceof MeridianError) return cause;
  throw cause;
}
