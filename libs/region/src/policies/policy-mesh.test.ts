/**
 * Regions that change their policies while some of them stay away and are fenced: what decides about either, and what takes
 * records, as it is in a region; logs, and nothing of servers and keys.
 */
import { MemoryStore } from "@meridian/store";
import { encodeRecord, FrameBuilder, heartbeatFrame, blankMutation, type FrameMessage } from "@meridian/wire";
import { groupOf, groupWriter, MutationKind, VersionVector, writerId, type Hlc, type WriterId } from "@meridian/words";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { StateWrite } from "../effects.js";
import { Absence, type AbsenceState } from "../forget/absence.js";
import { Inbox } from "../receive/inbox.js";
import { REGION_LIMITS } from "../region-limits.js";
import { PolicyChange } from "./policy-change.js";
import { linesOf, tableOf } from "./policy-transition.js";
import type { PolicyTable } from "./policy-table.js";

const LIMIT_MS = 100;
const NAMES = ["ap", "br", "eu", "sa", "us"].map((name) => writerId(name, "0"));
const GROUP = "ap+eu";
const SPAN = { replicationId: "mesh", firstOffset: 0, lastOffset: 1 };

/** A record as it stands in a log, and what its writer ran then. */
interface Logged {
  readonly bytes: Buffer;
  readonly table: string;
}

/** All that a mesh has written. */
type Logs = Map<WriterId, Logged[]>;

const textOf = (table: PolicyTable): string => linesOf(table).map(({ prefix, policy }) => `${prefix}=${policy}`).join(" ");

/** What a life goes on with. */
interface Kept {
  store: MemoryStore;
  absence: AbsenceState | undefined;
  readonly received: VersionVector;
  readonly positions: Map<WriterId, number>;
}

/** A region as far as policies and absence are concerned. */
class Member {
  /** The tables that it has run, by the number of changes. */
  readonly tables = new Map<number, string>();
  /** Where something was taken that had been written under another table than its own of that number. */
  readonly strange: string[] = [];
  isShutOut = false;
  change!: PolicyChange;
  absence!: Absence;
  #inbox!: Inbox;
  readonly #kept: Kept = { store: new MemoryStore(), absence: undefined, received: new VersionVector(), positions: new Map() };
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
  ) {
    const isMember = (one: WriterId): boolean => GROUP.split("+").includes(one.slice(0, 2));
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

const kinds = fc.oneof(
  { weight: 8, arbitrary: fc.constant("read" as const) },
  { weight: 6, arbitrary: fc.constant("beat" as const) },
  { weight: 2, arbitrary: fc.constant("write" as const) },
  { weight: 1, arbitrary: fc.constant("restart" as const) },
  { weight: 2, arbitrary: fc.constant("propose" as const) },
  { weight: 1, arbitrary: fc.constant("cancel" as const) },
  { weight: 1, arbitrary: fc.constant("cut" as const) },
  { weight: 1, arbitrary: fc.constant("lose" as const) },
  { weight: 8, arbitrary: fc.constant("round" as const) },
);
const numbers = { at: fc.nat(4), from: fc.nat(4), count: fc.integer({ min: 1, max: 3 }), afterMs: fc.constantFrom(0, 5, 40, 40) };
const step = fc.record({ kind: kinds, ...numbers });

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const logsOf = ({ writer }: Member): WriterId[] => [writer, groupWriter(writer, GROUP)];

class Mesh {
  readonly members: readonly Member[];
  readonly #logs: Logs = new Map();
  readonly #cuts = new Set<string>();
  #nowMs = 1000;
  #named = 0;

  constructor(count: number) {
    const writers = NAMES.slice(0, count);
    this.members = writers.map((writer) => new Member(writer, writers, this.#logs));
  }

  perform({ kind, at, from, count, afterMs }: Step): void {
    const own = this.#of(at);
    const other = this.#of(from);
    if (kind === "write") own.write(count === 1);
    else if (kind === "restart") own.start();
    else if (kind === "beat") own.beat((this.#nowMs += afterMs));
    else if (kind === "cancel") own.change.cancel();
    else if (kind === "propose") own.change.propose(this.#table(count));
    else if (kind === "round") this.#talk(this.members.filter((one) => one !== own && (count > 1 || one !== other)), afterMs);
    else if (own !== other) {
      const link = `${own.writer} ${other.writer}`;
      // A way that was cut stays so until it is mended.
      if (kind === "lose") own.lose(other.writer);
      if (kind === "cut" && !this.#cuts.delete(link)) this.#cuts.add(link);
      if (kind === "read" && !this.#cuts.has(link)) for (const log of logsOf(other)) own.read(log, count);
    }
  }

  #of(at: number): Member {
    return this.members[at % this.members.length] as Member;
  }

  #table(count: number): PolicyTable {
    this.#named += 1;
    return tableOf(count === 1 ? [] : [{ prefix: `p${this.#named}`, policy: count === 2 ? "local" : "home=eu" }]) as PolicyTable;
  }

  /** Some tell each other, and hear it. */
  #talk(members: readonly Member[], afterMs: number): void {
    this.#nowMs += afterMs;
    for (const one of members) one.beat(this.#nowMs);
    for (const one of members) {
      for (const other of members) {
        if (one === other || this.#cuts.has(`${one.writer} ${other.writer}`)) continue;
        for (const log of logsOf(other)) while (one.read(log, 2));
        one.flush();
      }
    }
  }

  /** Everything is delivered, and everybody says again what there is to say. */
  heal(): void {
    this.#cuts.clear();
    for (const one of this.members) one.start();
    for (let round = 0; round < 16; round += 1) this.#talk(this.members, 0);
  }
}

describe("policies that change while regions stay away", () => {
  it("are the same in all regions that count, nothing is taken that was written under another table, and no change stays open", () => {
    const seen = { fenced: 0, changed: 0, both: 0 };
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 5 }), fc.array(step, { minLength: 60, maxLength: 240, size: "max" }), (count, steps) => {
        const mesh = new Mesh(count);
        for (const one of steps) mesh.perform(one);
        mesh.heal();
        const left = mesh.members.filter(({ isShutOut }) => !isShutOut);
        const [first] = left as [Member];
        const version = first.change.status.version;
        seen.fenced += left.length < count ? 1 : 0;
        seen.changed += version > 0 ? 1 : 0;
        seen.both += left.length < count && version > 0 ? 1 : 0;
        for (const { change, tables, holds, strange, absence, received, followed } of left) {
          expect([...tables]).toEqual([...first.tables]);
          expect(change.status).toMatchObject({ version, stage: "done", awaits: [], proposed: undefined });
          expect(holds.filter((hold) => !hold.endsWith(" FENCED"))).toEqual([]);
          expect(strange).toEqual([]);
          for (const { writer, cut } of absence.status.fenced) if (followed.includes(writer)) expect(received.get(writer)).toBe(cut);
        }
      }),
      { numRuns: 150 },
    );
    expect(Math.min(seen.fenced, seen.changed, seen.both)).toBeGreaterThan(10);
  });

  it("are not followed where a region has decided them that may be fenced: one region alone could follow the next that is asked about", () => {
    const [ap, br, eu, sa] = new Mesh(4).members as [Member, Member, Member, Member];
    const hear = (one: Member, ...others: readonly Member[]): void => others.forEach((other) => one.read(other.writer, 1000));
    let nowMs = 1000;
    /** So long that whoever says nothing is silent, up to where `ap` asks. */
    const talk = (...members: readonly Member[]): void => {
      for (let round = 0; ap.absence.status.asked.length === 0 && round < 9; round += 1) {
        nowMs += 40;
        for (const one of members) one.beat(nowMs);
        for (const one of members) hear(one, ...members.filter((other) => other !== one));
      }
    };
    const answer = (...members: readonly Member[]): void => members.forEach((one) => one.beat(nowMs));
    expect(eu.change.propose(tableOf([{ prefix: "p", policy: "local" }]) as PolicyTable)).toBe("");
    eu.beat(nowMs);
    for (const one of [ap, br, sa]) hear(one, eu);
    answer(ap, br, sa);
    hear(eu, ap, br, sa);
    expect(eu.change.status.version).toBe(1);
    talk(ap, br, sa);
    expect([ap.absence.status.asked, sa.absence.status.boundTo]).toEqual([[eu.writer], ap.writer]);
    answer(br, sa);
    eu.beat(nowMs);
    hear(sa, eu);
    hear(ap, br, sa);
    for (const one of [ap, br]) answer(one);
    hear(br, ap);
    talk(ap, br);
    expect([ap.absence.status.asked, br.absence.status.boundTo]).toEqual([[sa.writer], ap.writer]);
    answer(br, sa);
    hear(ap, br);
    hear(br, sa, ap);
    for (let round = 0; round < 3; round += 1) {
      answer(ap, br);
      hear(ap, br, sa, eu);
      hear(br, ap, sa, eu);
    }
    for (const { absence } of [ap, br]) expect(absence.status.fenced.map(({ writer }) => writer)).toEqual([eu.writer, sa.writer]);
    const { tables } = ap;
    expect([br.tables, ap.change.status.proposed, br.change.status.proposed]).toEqual([tables, undefined, undefined]);
  });

  it("keep a region that comes later out, with all that it writes, once they have changed: it has not heard of what was decided", () => {
    const [ap, br] = new Mesh(2).members as [Member, Member];
    const talk = (...members: readonly Member[]): void => {
      for (let round = 0; round < 5; round += 1) {
        for (const one of members) one.beat(1000);
        for (const one of members) for (const { writer } of members) one.read(writer, 1000);
        for (const one of members) one.flush();
      }
    };
    for (const rows of [[{ prefix: "p", policy: "local" }], [{ prefix: "q", policy: "local" }]]) {
      expect(ap.change.propose(tableOf(rows) as PolicyTable)).toBe("");
      talk(ap, br);
    }
    expect([ap, br].map(({ change }) => [change.status.version, change.status.stage])).toEqual([[2, "done"], [2, "done"]]);
    const eu = new Member(writerId("eu", "0"), [ap.writer, br.writer, writerId("eu", "0")], ap.logs);
    for (const one of [ap, br]) one.meet(eu);
    eu.write(false);
    talk(ap, br, eu);
    for (const one of [ap, br]) expect([one.holds, one.received.get(eu.writer), one.strange]).toEqual([["eu/0 POLICY_MISMATCH"], 0, []]);
    expect(eu.holds).toEqual(["ap/0 POLICY_MISMATCH", "br/0 POLICY_MISMATCH"]);
  });
});
