/**
 * One region's agent in the simulator: the shell around the real `Region`, as `services/agent` is around it in life, but
 * every thing that the shell does is an event that may or may not happen next.
 */
import type { ApplyBatch } from "@meridian/mark";
import { isPlainRecord, Region, StoredKeys, SYNC_KEY_PREFIX, type HeartbeatPace, type Listing, type MessageOptions, type PolicyTable, type Reading, type RegionLimits, type Step, zeroCounters } from "@meridian/region";
import { MemoryStore } from "@meridian/store";
import type { KeyEvent } from "@meridian/target";
import type { WriterId } from "@meridian/words";
import type { LogModel } from "./log-model.js";
import type { AfterScript } from "../checkers/script-watch.js";
import type { ServerHost } from "./server-host.js";

/** How far ahead of its clock an agent takes peers' versions, in ms. */
export const MAX_DRIFT_MS = 500;
/** Keys in one page of a scan: few, so that an import takes several. */
const PAGE_KEYS = 2;
const READ_BYTES_MAX = 1024 * 1024;
/** Events of every key are listened to. */
const HEARD_FLOATS = { prefixes: [""] };

/** A script on its way to the server, and up to where the stream was captured when it was issued. */
export type Script =
  | { readonly kind: "apply"; readonly batch: ApplyBatch; readonly seenOffset: number }
  | { readonly kind: "read"; readonly reading: Reading; readonly epoch: number }
  | { readonly kind: "scan"; readonly listing: Listing }
  /** The key from which on keyspace events fit the stream. */
  | { readonly kind: "signal"; readonly key: string };

/** What the world gives to an agent. */
export interface AgentContext {
  readonly writer: WriterId;
  readonly peers: readonly WriterId[];
  readonly server: ServerHost;
  readonly log: LogModel;
  readonly cachedSlotsMax: number;
  /** Undefined: those that every region has. */
  readonly limits: RegionLimits | undefined;
  /** Called when the agent tells the server that it may forget its stream up to an offset. */
  readonly onAcknowledge: (offset: number) => void;
  readonly policies: PolicyTable | undefined;
  /** Messages that are relayed. */
  readonly messages: MessageOptions | undefined;
  /** Records that may be under way to the log at once. */
  readonly appendsMax: number;
  readonly heartbeat: HeartbeatPace;
  /** Undefined: no region is ever taken for absent. */
  readonly absentAfterMs: number | undefined;
  /** Keyspace events may be listened to. */
  readonly hearsEvents: boolean;
  /** The server may drop keys to make room, which events tell from deletions. */
  readonly mayEvict: boolean;
  /** Called before a script runs; returns what is to be checked when it has run. */
  readonly onApply: (batch: ApplyBatch, seenOffset: number, serverMs: number) => AfterScript | undefined;
}

/** See the module's comment. */
export class AgentHost {
  readonly context: AgentContext;
  /** Over all lives. */
  readonly counters = zeroCounters();
  store = new MemoryStore(undefined, isPlainRecord);
  region: Region | undefined;
  isFenced = false;
  skewMs = 0;
  /** Bytes of the stream delivered to the region, as an offset. */
  streamAt = 0;
  readonly scripts: Script[] = [];
  readonly ghostScripts: Script[] = [];
  /** Records handed over and not in the log yet. */
  readonly outbound: { readonly seq: number; readonly writer: WriterId; readonly record: Buffer }[] = [];
  readonly ghostAppends: { readonly writer: WriterId; readonly record: Buffer }[] = [];
  /** Records in the log that stand behind one that is not. */
  #landed: number[] = [];
  /** Records in the log of which the agent does not know yet. */
  readonly durable: number[] = [];
  readonly pages: { readonly db: number; readonly cursor: string; readonly keys: readonly string[] }[] = [];
  /** Records of each peer delivered so far. */
  readonly cursors = new Map<WriterId, number>();
  lives = 0;
  /** Where each life took the stream up. */
  readonly starts: number[] = [];
  /** Keyspace events on their way to the agent. */
  readonly #told: KeyEvent[] = [];
  #subscriptions = 0;
  #stored: { readonly store: MemoryStore; readonly commits: number; readonly keys: StoredKeys } | undefined;
  /** How often the connection that tells events was lost. */
  silences = 0;
  /** All that the server held when its first agent came has been read. */
  hasImported = false;
  /** Events were followed before the server dropped any key. */
  isHeardFromStart = false;

  constructor(context: AgentContext) {
    this.context = context;
  }

  /** What the store says of its keys; read once per commit, for it is asked for again when nothing has moved. */
  get stored(): StoredKeys {
    const { store } = this;
    if (this.#stored?.store !== store || this.#stored.commits !== store.commits) {
      this.#stored = { store, commits: store.commits, keys: new StoredKeys(store) };
    }
    return this.#stored.keys;
  }

  /** The others went on without this region. */
  get isShutOut(): boolean {
    return this.region?.halt?.code === "ABSENT_TOO_LONG";
  }

  /** A new life from the store: attach, and tell the region. */
  start(nowMs: number): void {
    const { writer, peers, server, cachedSlotsMax, limits, heartbeat, policies, absentAfterMs, messages } = this.context;
    const { hearsEvents, mayEvict } = this.context;
    const region = new Region({
      writer, peers, cachedSlotsMax, heartbeat,
      counters: this.counters,
      store: this.store,
      maxDriftMs: MAX_DRIFT_MS,
      ...(policies && { policies }),
      ...(absentAfterMs && { absentAfterMs }),
      ...(messages && { messages }),
      ...(limits && { limits }),
      ...(hearsEvents && { floats: HEARD_FLOATS }),
      ...(mayEvict && { evictions: "keep" as const }),
    });
    region.evictions?.events.expect(true);
    this.region = region;
    this.isFenced = false;
    this.lives += 1;
    const known = region.place;
    const offset = known?.offset ?? server.model.resync();
    this.streamAt = offset;
    this.starts.push(offset);
    for (const peer of region.followed) this.cursors.set(peer, Number(region.positionOf(peer) ?? 0));
    region.onAttached({ replicationId: "sim", offset }, known !== undefined, server.model.databases);
    this.flush(nowMs, undefined);
  }

  /** Takes the server over. */
  fence(serverMs: number): void {
    const { epoch } = this.context.server.model.fence(serverMs);
    this.isFenced = true;
    this.region?.onFenced(epoch);
  }

  /** Subscribes to keyspace events, and sends the key from which on they fit the stream. False: not possible now. */
  listen(): boolean {
    const { model } = this.context.server;
    if (!this.isFenced || !this.isDeaf) return false;
    this.hush();
    model.listen(true);
    const id = String((this.#subscriptions += 1));
    this.region?.evictions?.events.opened(id);
    if (!this.region?.floats) return true;
    this.region.floats.opened(id);
    this.scripts.push({ kind: "signal", key: SYNC_KEY_PREFIX + id });
    return true;
  }

  /** True where events could be listened to, and something is not told of them. */
  get isDeaf(): boolean {
    return this.region?.floats?.isClosed === true || this.region?.evictions?.events.isClosed === true;
  }

  /** Tells so many events. False: there are none. */
  tell(count: number): boolean {
    this.#told.push(...this.context.server.model.takeEvents());
    const now = this.#told.splice(0, count);
    for (const { db, key, event } of now) {
      this.region?.floats?.told(db, key, event);
      this.region?.evictions?.events.told(db, key, event);
    }
    return now.length > 0;
  }

  /** The subscription is lost. False: there was none. */
  hush(): boolean {
    this.#told.length = 0;
    this.context.server.model.listen(false);
    const open = [this.region?.floats, this.region?.evictions?.events].filter((source) => source?.isClosed === false);
    for (const source of open) source?.closed("lost");
    if (open.length > 0) this.silences += 1;
    return open.length > 0;
  }

  /** The agent dies: only the store, the log and what is on the wire remain. */
  crash(keep: number): void {
    this.ghostScripts.push(...this.scripts.splice(0).slice(0, keep));
    const left = this.outbound.splice(0);
    // One append is in flight per log, of one record or a few; it may still arrive.
    const sent = logsIn(left).flatMap((writer) => left.filter((one) => one.writer === writer).slice(0, this.context.appendsMax));
    if (this.ghostAppends.length === 0) this.ghostAppends.push(...sent);
    this.#landed = [];
    this.durable.length = 0;
    this.pages.length = 0;
    this.#told.length = 0;
    this.context.server.model.listen(false);
    this.region = undefined;
    this.isFenced = false;
    this.store = this.store.crash();
  }

  /** Lets the region decide, and does it: all, or the first `stopAfter` parts. Returns the number of parts done. */
  flush(nowMs: number, stopAfter: number | undefined): number {
    const { region } = this;
    if (!region) return 0;
    const step = region.flush(nowMs);
    const parts = partsIn(step) + (region.switching.wantsDatabases ? 1 : 0);
    const count = Math.min(parts, stopAfter ?? parts);
    this.#carryOut(step, region, count, region.switching.wantsDatabases);
    const sign = count === parts ? region.evictions?.events.takeSign(nowMs) : undefined;
    if (sign !== undefined) this.scripts.push({ kind: "signal", key: sign });
    return count;
  }

  /** The first `count` parts of a step, in their order. */
  #carryOut({ writes, publish, apply, read, list, acknowledge }: Step, region: Region, count: number, wantsDatabases: boolean): void {
    let left = count;
    if (writes.length > 0 && left-- > 0) this.store.commit(writes);
    for (const { seq, writer, record } of publish) if (left-- > 0) this.outbound.push({ seq, writer, record });
    for (const batch of apply) if (left-- > 0) this.scripts.push({ kind: "apply", batch, seenOffset: region.capturedOffset });
    for (const reading of read) if (left-- > 0) this.scripts.push({ kind: "read", reading, epoch: region.epoch });
    for (const listing of list) if (left-- > 0) this.scripts.push({ kind: "scan", listing });
    if (wantsDatabases && left-- > 0) region.switching.list(this.context.server.model.databases);
    if (acknowledge !== undefined && left > 0) this.context.onAcknowledge(acknowledge);
  }

  /** The oldest record on its way to one of the logs is durable; the agent is told of it when all before it are too. */
  append(log = 0): void {
    const logs = log === 0 ? [] : logsIn(this.outbound);
    const writer = logs[log % logs.length];
    const [next] = this.outbound.splice(writer === undefined ? 0 : this.outbound.findIndex((one) => one.writer === writer), 1);
    if (!next) return;
    // What a dead agent sent comes before what its heir sends: the log takes one at a time.
    while (this.ghostAppends.length > 0) this.ghostAppend();
    this.context.log.append(next.writer, next.record);
    this.#landed.push(next.seq);
    const oldest = this.outbound[0]?.seq ?? Infinity;
    this.durable.push(...this.#landed.filter((seq) => seq < oldest).sort((a, b) => a - b));
    this.#landed = this.#landed.filter((seq) => seq >= oldest);
  }

  ghostAppend(): void {
    const next = this.ghostAppends.shift();
    if (next) this.context.log.append(next.writer, next.record);
  }

  /** Runs the oldest script of the connection. False: the server refused it, the connection is of no use any more. */
  runScript(serverMs: number): boolean {
    const script = this.scripts.shift();
    return script === undefined || this.#run(script, serverMs, this.lives);
  }

  /** Runs the oldest script of a dead agent, whose answer nobody hears. */
  runGhost(serverMs: number): void {
    const script = this.ghostScripts.shift();
    if (script && script.kind !== "scan") this.#run(script, serverMs, undefined);
  }

  /** `life`: of the agent that hears the answer; undefined: none does. */
  #run(script: Script, serverMs: number, life: number | undefined): boolean {
    const { model } = this.context.server;
    if (script.kind === "scan") {
      const { db, cursor } = script.listing;
      this.pages.push({ db, ...model.scan(db, cursor, PAGE_KEYS, serverMs) });
      return true;
    }
    if (script.kind === "signal") {
      model.execute(["SET", script.key, ""], serverMs);
      model.execute(["DEL", script.key], serverMs);
      return true;
    }
    if (script.kind === "read") {
      const isRead = model.read(script.reading, script.epoch, READ_BYTES_MAX, serverMs) === "OK";
      if (isRead && life) for (const { db, key } of script.reading.keys) this.context.server.noteReading(db, key, life, serverMs);
      return isRead;
    }
    const check = this.context.onApply(script.batch, script.seenOffset, serverMs);
    const { status, skipped } = model.apply(script.batch, serverMs);
    if (status === "OK") {
      this.context.server.marks.push({ endOffset: model.offset, header: script.batch.args[3] as Buffer });
      check?.(skipped);
    }
    return status === "OK" || status === "DUP";
  }
}

/** How much there is to do, that databases are to be listed apart. */
function partsIn({ writes, publish, apply, read, list, acknowledge }: Step): number {
  return (writes.length > 0 ? 1 : 0) + publish.length + apply.length + read.length + list.length + (acknowledge === undefined ? 0 : 1);
}

/** The logs of records, in the order of each one's first. */
function logsIn(records: readonly { readonly writer: WriterId }[]): WriterId[] {
  return [...new Set(records.map(({ writer }) => writer))];
}
