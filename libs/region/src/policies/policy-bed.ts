/**
 * A region as far as policies and absence are concerned, for tests: what decides about either, and what takes records, as it is in a
 * region; logs, and nothing of servers and keys.
 */
import { blankMutation, encodeRecord, FrameBuilder, heartbeatFrame, type FrameMessage } from "@meridian/wire";
import { groupOf, groupWriter, MutationKind, regionOf, VersionVector, type Hlc, type WriterId } from "@meridian/words";
import type { StateReader, StateWrite } from "../effects.js";
import { Absence, type AbsenceState } from "../forget/absence.js";
import { Inbox } from "../receive/inbox.js";
import { REGION_LIMITS } from "../region-limits.js";
import { PolicyChange } from "./policy-change.js";
import { linesOf } from "./policy-transition.js";
import type { PolicyTable } from "./policy-table.js";

/** After so much silence a region is asked about, in ms. */
export const LIMIT_MS = 100;
/** The regions `ap` and `eu` have logs of their own beside. */
export const GROUP = "ap+eu";
const SPAN = { replicationId: "mesh", firstOffset: 0, lastOffset: 1 };

/** A record as it stands in a log, and what its writer ran then. */
interface Logged {
  readonly bytes: Buffer;
  readonly table: string;
}

/** All that a mesh has written. */
export type Logs = Map<WriterId, Logged[]>;

const textOf = (table: PolicyTable): string => linesOf(table).map(({ prefix, policy }) => `${prefix}=${policy}`).join(" ");

/** A store that outlives its region. */
export interface BedStore extends StateReader {
  commit(writes: readonly StateWrite[]): void;
  crash(): BedStore;
}

/** What a life goes on with. */
interface Kept {
  store: BedStore;
  absence: AbsenceState | undefined;
  readonly received: VersionVector;
  readonly positions: Map<WriterId, number>;
}

/** See the module's comment. */
export class Member {
  /** The tables that it has run, by the number of changes. */
  readonly tables = new Map<number, string>();
  /** Where something was taken that had been written under another table than its own of that number. */
  readonly strange: string[] = [];
  isShutOut = false;
  change!: PolicyChange;
  absence!: Absence;
  #inbox!: Inbox;
  readonly #kept: Kept;
  readonly #cursors = new Map<WriterId, number>();
  #peers: readonly WriterId[];
  readonly #inGroups: readonly WriterId[];
  /** What is said, and what is written, in the next record. */
  #next: { readonly writer: WriterId; readonly frame: FrameMessage }[] = [];
  #last = 0;
  readonly #lasts = new Map<WriterId, Hlc>();

  constructor(
    readonly writer: WriterId,
    writers: readonly WriterId[],
    readonly logs: Logs,
    store: BedStore,
  ) {
    this.#kept = { store, absence: undefined, received: new VersionVector(), positions: new Map() };
    const isMember = (one: WriterId): boolean => GROUP.split("+").includes(regionOf(one));
    this.#peers = writers.filter((other) => other !== writer);
    this.#inGroups = isMember(writer) ? this.#peers.filter(isMember).map((peer) => groupWriter(peer, GROUP)) : [];
    this.start();
  }

  get received(): VersionVector {
    return this.#kept.received;
  }

  get holds(): readonly string[] {
    return this.#inbox.holds.map(({ writer, code }) => `${writer} ${code}`);
  }

  get followed(): readonly WriterId[] {
    return [...this.#peers, ...this.#inGroups];
  }

  /** A life, with what was stored. */
  start(): void {
    const { writer } = this;
    const kept = this.#kept;
    const peers = this.#peers;
    const subject = { writer, peers, inGroups: this.#inGroups, absentAfterMs: LIMIT_MS, received: () => kept.received };
    this.absence = new Absence({ ...subject, onFenced: () => void (this.isShutOut = true) }, kept.absence);
    kept.store = kept.store.crash();
    this.change = new PolicyChange({ store: kept.store, writer, peers }, { absence: () => this.absence, isImporting: () => false });
    const options = { writer, peers: this.followed, maxDriftMs: Infinity, policies: this.change, limits: REGION_LIMITS };
    this.#inbox = new Inbox(options, 1, () => true, {
      hear: (from, { absence, policy }) => {
        this.absence.hear(from, absence);
        if (groupOf(from) === "") this.change.hear(from, policy, absence?.fenced.map((cut) => cut.writer) ?? []);
      },
      arrived: (from) => this.absence.arrived(from),
      lets: (from, last) => this.absence.lets(from, last),
    });
    for (const one of this.followed) this.#cursors.set(one, kept.positions.get(one) ?? 0);
    this.#next = [];
  }

  /** Begins again beside one region more. */
  meet(other: Member): void {
    this.#peers = [...this.#peers, other.writer];
    this.start();
  }

  /** Writes to all, or to its group. */
  write(inGroup: boolean): void {
    const writer = inGroup && this.#inGroups.length > 0 ? groupWriter(this.writer, GROUP) : this.writer;
    const builder = new FrameBuilder();
    this.#last += 1;
    builder.add({ ...blankMutation(), kind: MutationKind.PutString, hlc: this.#last as Hlc, key: "k" });
    this.#next.push({ writer, frame: builder.finish(this.#lastOf(writer), new VersionVector()) });
    this.#lasts.set(writer, this.#last as Hlc);
    this.flush();
  }

  beat(nowMs: number): void {
    if (this.isShutOut) return;
    const absence = this.absence.beat(nowMs);
    const policy = this.change.beat();
    const frame = heartbeatFrame(this.#lastOf(this.writer), new VersionVector(), 0, absence, policy);
    this.#next.push({ writer: this.writer, frame });
    const inGroup = groupWriter(this.writer, GROUP);
    const bare = heartbeatFrame(this.#lastOf(inGroup), new VersionVector(), 0);
    if (this.#inGroups.length > 0) this.#next.push({ writer: inGroup, frame: bare });
    this.flush();
  }

  #lastOf(writer: WriterId): Hlc {
    return this.#lasts.get(writer) ?? (0 as Hlc);
  }

  /** Hands over the next records of a log. False: there are none that it wants. */
  read(log: WriterId, count: number): boolean {
    const from = this.#cursors.get(log);
    if (from === undefined || this.isShutOut || !this.#inbox.wants(log)) return false;
    const records = this.logs.get(log)?.slice(from, from + count) ?? [];
    for (const [at, { bytes }] of records.entries()) this.#inbox.push(log, String(from + at + 1), bytes);
    this.#cursors.set(log, from + records.length);
    this.flush();
    return records.length > 0;
  }

  /** A reader does not get the next record of a log until it begins again. */
  lose(log: WriterId): void {
    const from = this.#cursors.get(log);
    if (from !== undefined && from < (this.logs.get(log)?.length ?? 0)) this.#cursors.set(log, from + 1);
  }

  /** What a region does with each step: takes what may be taken, publishes, and then switches where that is due. */
  flush(): void {
    const writes: StateWrite[] = [];
    const onTaken = (from: WriterId, position: string): void => void this.#kept.positions.set(from, Number(position));
    for (;;) {
      const unit = this.isShutOut ? [] : this.#inbox.next(this.received, 0, writes, onTaken);
      if (unit.length === 0) break;
      for (const { frame, done } of unit) {
        this.#audit(frame.writer);
        this.received.raise(frame.writer, frame.last);
        done();
      }
    }
    if (!this.isShutOut) {
      this.#publish();
      this.change.switchNow();
      this.#work();
      this.change.collect(writes);
    }
    this.#kept.absence = this.absence.state;
    this.#kept.store.commit(writes.filter(({ table }) => table === "state"));
    const { version, table } = this.change.status;
    this.tables.set(version, textOf(table));
  }

  /** The keys of a change are done with at once. */
  #work(): void {
    const { change } = this;
    for (let stage = change.advance(); stage !== "done" && stage !== "awaits peers"; stage = change.advance()) {
      if (stage === "settles keys that leave") change.live.drained();
      else if (stage === "forgets keys that leave") change.live.forgot();
      else change.live.imported();
    }
  }

  #publish(): void {
    const { digest, version, running } = this.change.live;
    for (const { writer, frame } of this.#next) {
      const log = this.logs.get(writer) ?? [];
      log.push({ bytes: encodeRecord(writer, SPAN, [frame], digest, version), table: `${version} ${textOf(running)}` });
      this.logs.set(writer, log);
    }
    this.#next = [];
  }

  /** What is being taken is the record at the position that was noted last. */
  #audit(log: WriterId): void {
    const { table = "" } = this.logs.get(log)?.[(this.#kept.positions.get(log) ?? 0) - 1] ?? {};
    const version = Number(table.slice(0, table.indexOf(" ")));
    const own = this.tables.get(version);
    if (own !== undefined && `${version} ${own}` !== table) this.strange.push(`${log} under ${table}`);
    if (version > this.change.live.version) this.strange.push(`${log} after ${version} changes`);
  }
}
