/**
 * One life of a pipeline: connections to the server, a region made from the store, and the loop that carries out what
 * the region decides. A life ends at the first failure of a connection; the pipeline then begins the next one, and
 * what was under way is resumed from the store and from the server's mark. Where it is not the tail that fails, what the
 * server has sent is captured before: once it is gone, nobody else has that ({@link TailDrain}).
 *
 * Where the region halts, the life leaves the server at once, and ends when everything captured before is durable in the log;
 * a life that begins halted does only that.
 */
import { ReplicaTail } from "@meridian/psync";
import { sequenceKey, type Region, type Step } from "@meridian/region";
import { RedisTarget, type ApplyReply, type ReadStatus, type ServerFacts } from "@meridian/target";
import { MeridianError, type WriterId } from "@meridian/words";
import type { Endpoint } from "../endpoint.js";
import { checkConformance } from "./conformance.js";
import { feedsOf, mayEvict, type EventFeed } from "./event-feed.js";
import type { LifeDeps } from "./life-deps.js";
import { fenced, halted, lostMark, lostRecord } from "./life-errors.js";
import { regionOf } from "./life-region.js";
import { learnModules } from "./module-commands.js";
import { PeerReader } from "./peer-reader.js";
import { Publisher } from "./publisher.js";
import { PublishedPlaces } from "./published-places.js";
import { SyncedSteps } from "./synced-steps.js";
import { TailDrain } from "./tail-drain.js";
import { Throttle } from "./throttle.js";

/** Keys asked for in one page of the first import. */
const LIST_COUNT = 200;
/** Content of one key beyond which it is not read back: the server's own limit for one value. */
const READ_BYTES_MAX = 512 * 1024 * 1024;
/** How often time is told to a region in which nothing else happens. */
const TICK_MS = 100;
/** How often the server is asked about itself, for its limits may be changed while it is followed, and the store moves what it holds. */
const FACTS_MS = 10_000;
/** Keys and members that may wait for the end of the turn to be committed. */
const UNCOMMITTED_MAX = 1024;

/** See the module's comment. */
export class Life {
  readonly region: Region;
  /** What the server said of itself last. */
  facts: ServerFacts | undefined;
  /** What the check of its stream found worth telling. */
  remarks: readonly string[] = [];
  readonly #deps: LifeDeps;
  readonly #publisher: Publisher;
  readonly #readers: PeerReader[];
  /** Undefined: what leaves waits for no disk. */
  readonly #synced: SyncedSteps | undefined;
  readonly #published = new PublishedPlaces();
  readonly #throttle: Throttle;
  #tail: ReplicaTail | undefined;
  /** The tail hands its stream on to the region. */
  #isFollowing = false;
  /** The server was lost while its stream is still read. */
  #drain: TailDrain | undefined;
  #target: RedisTarget | undefined;
  #feeds: readonly EventFeed[] = [];
  #ticker: NodeJS.Timeout | undefined;
  #asker: NodeJS.Timeout | undefined;
  #end: ((error: MeridianError | undefined) => void) | undefined;
  /** Who waits until everything captured is durable in the log. */
  #onDrained: (() => void) | undefined;
  #isFlushDue = false;
  #isAsking = false;
  /** Closing the connections, once the region has halted. */
  #leaving: Promise<unknown> | undefined;
  #isOver = false;

  constructor(deps: LifeDeps) {
    this.#deps = deps;
    const { store, settings } = deps;
    this.region = regionOf(deps);
    this.#throttle = new Throttle({
      store,
      storeBytesMax: settings.storeBytesMax,
      pendingRecords: () => this.region.pending.records,
      tail: () => this.#tail,
    });
    this.#publisher = new Publisher({
      log: deps.log,
      inFlightMax: settings.publishInFlightMax,
      recall: (seq) => this.#recall(seq),
      onStored: (own, position) => this.#published.note(own, position),
      onPublished: (seq) => {
        this.region.onPublished(seq);
        this.#flushSoon();
      },
      onFailure: (error) => this.#over(error),
    });
    const sync = (): Promise<void> => store.sync?.() ?? Promise.resolve();
    const send = (step: Step): void => this.#send(step);
    this.#synced = settings.syncsCommits ? new SyncedSteps({ sync, send, onFailure: (error) => this.#over(error) }) : undefined;
    this.#readers = this.region.followed.map((peer) => this.#reader(peer));
  }

  /** True once the fence was seen in the stream. */
  get isRunning(): boolean {
    return this.region.isReady && !this.#isOver && !this.region.halt;
  }

  /** Why capture stands still: the store is full, or behind its disk; undefined where it does not. */
  get pausedFor(): "store" | "disk" | undefined {
    return this.#isOver || this.region.halt ? undefined : this.#throttle.reason;
  }

  /** Since when peers' writes wait because the server is at maxmemory (wall clock, ms); undefined: they do not. */
  get fullSinceMs(): number | undefined {
    return this.#isOver ? undefined : this.#target?.fullSinceMs;
  }

  /** Connects and works until something fails (the error) or `stop` is called (undefined). */
  async run(): Promise<MeridianError | undefined> {
    const ended = new Promise<MeridianError | undefined>((resolve) => {
      this.#end = resolve;
    });
    try {
      if (this.region.halt) this.#flush();
      else await this.#connect();
    } catch (error) {
      if (this.region.halt) this.#over(error as MeridianError);
      else this.#onServerFailure(error as MeridianError);
    }
    const failure = await ended;
    this.#publisher.stop();
    await this.#disconnect();
    return failure;
  }

  /** Ends the life. With `drainMs`, captured mutations get so long to become durable in the log. */
  async stop(drainMs: number): Promise<void> {
    const drained = new Promise<void>((resolve) => (this.#onDrained = resolve));
    const timer = setTimeout(() => this.#onDrained?.(), drainMs);
    for (const reader of this.#readers) await reader.stop();
    this.#flush();
    this.#noteDrained();
    await drained;
    clearTimeout(timer);
    this.#over(undefined);
  }

  /** Everything captured is durable in the log, or never will be. */
  #noteDrained(): void {
    if (this.#onDrained && (this.#isOver || this.region.pending.records === 0)) this.#onDrained();
  }

  async #connect(): Promise<void> {
    const { settings, logger } = this.#deps;
    const endpoint = this.#deps.endpoint();
    const { connectTimeoutMs, replyTimeoutMs, ackIntervalMs } = settings;
    const ways = { clientName: "meridian-apply", messages: settings.messages !== undefined, waitsForMemory: true };
    this.#target = await RedisTarget.connect({ ...endpoint, connectTimeoutMs, replyTimeoutMs, ...ways });
    const facts = (this.facts = await this.#target.info());
    const modules = await learnModules(this.#target, facts);
    this.remarks = [...(await this.#checkStream(endpoint, facts)), ...modules.remarks];
    const heard = { onChunk: (chunk: Buffer) => this.#onChunk(chunk), onLost: (error: MeridianError) => this.#onTailLost(error) };
    this.#tail = new ReplicaTail({ ...endpoint, connectTimeoutMs, ackIntervalMs, logger }, heard);
    const attached = await this.#tail.attach(this.region.place);
    this.#tail.pause();
    // Asked behind the attach: a database that was empty when the server was asked first may have got keys before the stream began.
    const databases = attached.resumed ? [] : (await this.#target.info()).databases;
    this.region.onAttached(attached, attached.resumed, databases, modules.foreign);
    this.#isFollowing = true;
    logger.info({ replicationId: attached.replicationId, offset: attached.offset, resumed: attached.resumed }, "attached to the server");
    this.#flush();
    if (this.region.halt) return;
    await this.#refuseTakenOver(this.#target);
    const { epoch } = await this.#target.fence(this.#deps.lastEpoch);
    logger.info({ epoch }, "took the server over");
    this.region.onFenced(epoch);
    this.region.evictions?.events.expect(mayEvict(facts));
    this.#feeds = feedsOf(this.region, { settings, endpoint, target: this.#target, logger, onTold: () => this.#flushSoon() });
    for (const feed of this.#feeds) await feed.start();
    this.#tail.resume();
    for (const reader of this.#readers) reader.start();
    this.#ticker = setInterval(() => this.#tick(), TICK_MS);
    this.#asker = setInterval(() => {
      this.#ask();
      this.#attempt(() => this.#published.keepIn(this.#deps.store));
      // Where little is committed the store would hold it back for hours: a start would replay it, and its size would not be told.
      this.#deps.store.flush?.();
    }, FACTS_MS);
    this.#flush();
  }

  #checkStream(endpoint: Endpoint, facts: ServerFacts): Promise<string[]> {
    const { settings, store, logger } = this.#deps;
    const { connectTimeoutMs, replyTimeoutMs, probe, acceptUnknownRewrites: acceptUnknown } = settings;
    return checkConformance({ endpoint, facts, store, logger, probe, acceptUnknown, connectTimeoutMs, replyTimeoutMs });
  }

  /** Only a new process takes a server over. One that lost its connection because another agent did so must not take it back. */
  async #refuseTakenOver(target: RedisTarget): Promise<void> {
    const { lastEpoch } = this.#deps;
    if (lastEpoch > 0 && (await target.read({ id: 0, keys: [] }, lastEpoch, READ_BYTES_MAX)) === "FENCED") throw fenced(undefined);
  }

  #disconnect(): Promise<unknown> {
    clearInterval(this.#ticker);
    clearInterval(this.#asker);
    const close = (): Promise<unknown>[] => [...this.#feeds, this.#tail, this.#target].map(async (one) => one?.close());
    this.#leaving ??= Promise.all([...this.#readers.map((reader) => reader.stop()), ...close()]);
    return this.#leaving;
  }

  #reader(writer: WriterId): PeerReader {
    return new PeerReader({
      log: this.#deps.log,
      writer,
      after: this.region.positionOf(writer),
      onRecord: (from, position, bytes) => {
        this.region.onRecord(from, position, bytes);
        this.#flushSoon();
      },
      wants: () => this.region.wants(writer),
      onFailure: this.#deps.onPeerFailure,
    });
  }

  #onChunk(chunk: Buffer): void {
    if (this.#isOver || this.region.halt) return;
    this.region.onStream(chunk, Date.now());
    this.#drain?.note();
    // A socket can hand over megabytes in one turn; what they leave behind would outlive the young generation.
    if (this.region.uncommitted >= UNCOMMITTED_MAX) this.#flush();
    else this.#flushSoon();
  }

  /** Chunks and records that arrive in one turn of the event loop share one transaction. */
  #flushSoon(): void {
    if (this.#isFlushDue || this.#isOver) return;
    this.#isFlushDue = true;
    setImmediate(() => {
      this.#isFlushDue = false;
      this.#flush();
    });
  }

  #tick(): void {
    this.#flush();
    // A full server drops first what was not used for long: the mark must not be that, and is missed at once where it has gone.
    if (this.#isOver || !this.region.isReady || this.region.evictions?.events.isExpected !== true) return;
    this.#answer(this.#target?.hasMark(), (isThere) => isThere || this.#onServerFailure(lostMark("evicted")));
  }

  #flush(): void {
    this.#attempt(() => this.#carryOut(this.region.flush(Date.now())));
  }

  /** What the store refuses, as where its disk is full, ends this life and not the process. */
  #attempt(work: () => void): void {
    if (this.#isOver) return;
    try {
      work();
    } catch (error) {
      if (!(error instanceof MeridianError)) throw error;
      this.#over(error);
    }
  }

  #carryOut(step: Step): void {
    if (step.writes.length > 0) this.#deps.store.commit(step.writes);
    if (this.#synced) this.#synced.add(step);
    else this.#send(step);
  }

  /** What a step wrote is committed: the rest of it leaves. */
  #send(step: Step): void {
    if (this.#isOver) return;
    this.#publisher.publish(step.publish);
    if (this.region.halt) {
      this.#standStill(halted(this.region));
      return;
    }
    if (!this.#drain) this.#tellServer(step);
    if (step.acknowledge !== undefined) this.#tail?.ack(step.acknowledge);
    for (const reader of this.#readers) reader.poke();
    this.#throttle.look();
    this.#giveSign();
    if (this.region.isFenced) this.#over(fenced(undefined));
    this.#noteDrained();
  }

  #tellServer(step: Step): void {
    for (const batch of step.apply) this.#answer(this.#target?.apply(batch), (reply) => this.#onApplied(reply));
    for (const reading of step.read) {
      this.#answer(this.#target?.read(reading, this.region.epoch, READ_BYTES_MAX), (status) => this.#onRead(status));
    }
    for (const { db, cursor } of step.list) {
      this.#answer(this.#target?.scan(db, cursor, LIST_COUNT), (page) => {
        this.region.onListed(db, page.cursor, page.keys);
        this.#flushSoon();
      });
    }
    if (this.region.switching.wantsDatabases) this.#ask();
  }

  /** A server that is full of what it may not drop takes no sign: then events are of no use, and nothing else has happened. */
  #giveSign(): void {
    const events = this.region.evictions?.events;
    const sign = events?.takeSign(Date.now());
    if (sign !== undefined) this.#target?.signal(sign).catch((error: unknown) => events?.closed(String(error)));
  }

  /** Asks the server about itself. */
  #ask(): void {
    if (this.#isAsking) return;
    this.#isAsking = true;
    // What was asked before the databases were wanted may lack one that has got keys since.
    const isWanted = this.region.switching.wantsDatabases;
    this.#answer(this.#target?.info(), (facts) => {
      this.#isAsking = false;
      this.facts = facts;
      this.region.evictions?.events.expect(mayEvict(facts));
      if (isWanted) this.region.switching.list(facts.databases);
    });
  }

  #answer<T>(call: Promise<T> | undefined, onReply: (reply: T) => void): void {
    call?.then(onReply).catch((error: unknown) => {
      if (!(error instanceof MeridianError)) throw error;
      this.#onServerFailure(error);
    });
  }

  /**
   * What stands still has no business with the server any more, and tells it nothing: after a lineage break its offsets are of
   * another history. What was captured is owed to the peers.
   */
  #standStill(halt: MeridianError): void {
    if (!this.#leaving) {
      this.#deps.onHalt(halt);
      void this.#disconnect();
    }
    if (this.region.pending.records === 0) this.#over(halt);
  }

  #onApplied({ status, epoch }: ApplyReply): void {
    if (status === "FENCED") this.#onServerFailure(fenced(epoch));
    else if (status !== "OK" && status !== "DUP") this.#onServerFailure(lostMark(status));
  }

  #onRead(status: ReadStatus): void {
    if (status === "FENCED") this.#onServerFailure(fenced(undefined));
    else if (status !== "OK") this.#onServerFailure(lostMark(status));
  }

  #recall(seq: number): Buffer {
    const record = this.#deps.store.get("out", sequenceKey(seq));
    if (record) return Buffer.from(record);
    throw lostRecord(seq);
  }

  /** Of no matter to a region that has left its server. */
  #onServerFailure(error: MeridianError): void {
    if (this.region.halt || this.#isOver || this.#drain) return;
    if (!this.#isFollowing || error.code !== "SERVER_UNAVAILABLE") return this.#over(error);
    this.#drain = new TailDrain(() => this.#throttle.isPaused, () => this.#endWith(error));
    if (!this.#throttle.isPaused) this.#tail?.resume();
  }

  #onTailLost(error: MeridianError): void {
    this.#isFollowing = false;
    if (this.#drain) this.#drain.end();
    else this.#endWith(error);
  }

  /** What was captured is committed; of a stream that cannot be read on only what was committed before. */
  #endWith(error: MeridianError): void {
    if (error.code === "SERVER_UNAVAILABLE") this.#flush();
    if (!this.region.halt) this.#over(error);
  }

  #over(error: MeridianError | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#drain?.stop();
    this.#end?.(error);
    this.#noteDrained();
  }
}
