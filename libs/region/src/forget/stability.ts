/**
 * Causal stability: what every region is known to be past, what this region says of itself, and what is forgotten because of
 * it. Puts together horizon.ts, heartbeat.ts, absence.ts and graves.ts, and keeps their state in one record of the store.
 *
 * Of the keys that only some regions get it asks these only: each group has a horizon and graves of its own, and its heartbeats
 * stand in its logs. Who stays away is one question, of the regions, and is asked in the logs that everybody reads.
 */
import { groupOf, MeridianError, VersionVector, type Hlc, type WriterId } from "@meridian/words";
import { Absence, type AbsenceState, type AbsenceStatus, type AbsenceSubject } from "./absence.js";
import type { Hold, StateReader, StateWrite } from "../effects.js";
import { Graves, type Bucket, type GravesState } from "./graves.js";
import { HeartbeatClock, HEARTBEAT_PACE, type Heartbeat, type HeartbeatPace, type HeartbeatSubject } from "./heartbeat.js";
import { Horizon, type Claim } from "./horizon.js";
import type { CellSlot, KeyEntry } from "../keys/key-entry.js";
import type { KeySpace } from "../keys/key-space.js";
import type { Outbox } from "../publish/outbox.js";
import type { PolicyChange } from "../policies/policy-change.js";
import type { RegionLimits } from "../region-limits.js";
import type { RegionOptions } from "../region-options.js";
import { within, type Residency } from "../publish/residency.js";

/** The name of the record in the `state` table. */
export const STABILITY_KEY = "stability";

/** How far a peer is known to be. */
export interface PeerHorizon {
  readonly writer: WriterId;
  /** Its server's clock when it last said how far it is, in ms since 1970; 0: it never did. */
  readonly settledMs: number;
  /** True where what waits here to be forgotten waits for this peer. */
  readonly holdsBack: boolean;
}

/** What waits to be forgotten, and for whom. */
export interface StabilityStatus {
  /** When the oldest of what waits was put aside, in ms since 1970; undefined: nothing waits. */
  readonly oldestMs: number | undefined;
  /** Keys and members forgotten since the start. */
  readonly forgotten: number;
  readonly peers: readonly PeerHorizon[];
  /** Regions that stay away. */
  readonly absence: AbsenceStatus;
}

/** What stability needs to know of its region. */
export type StabilitySubject = Omit<HeartbeatSubject, "waits" | "hasNews"> & Pick<AbsenceSubject, "received" | "onFenced"> & {
  /** Says what there is to say of changes of the policies. */
  readonly policy: Pick<PolicyChange, "speaks" | "hasNews" | "hear" | "beat">;
};

type StabilityOptions = Pick<RegionOptions, "store" | "writer" | "peers"> & {
  readonly heartbeat: HeartbeatPace | undefined;
  readonly absentAfterMs: number | undefined;
  readonly residency: Residency | undefined;
  readonly limits: RegionLimits;
};

type PlainVector = readonly (readonly [WriterId, Hlc])[];

interface PlainGraves {
  readonly closed: readonly (Omit<Bucket, "vector"> & { readonly vector: PlainVector })[];
  readonly open: number;
}

interface PlainState extends PlainGraves {
  readonly claims: readonly (readonly [WriterId, PlainVector, number])[];
  readonly said: PlainVector;
  /** By group. */
  readonly groups?: Readonly<Record<string, PlainGraves>> | undefined;
  readonly absence?: AbsenceState | undefined;
}

/** What is known, and what waits, of the keys that the same regions get. */
interface Yard {
  /** "": every region. */
  readonly group: string;
  readonly peers: readonly WriterId[];
  readonly horizon: Horizon;
  readonly graves: Graves;
}

const FIRST: PlainState = { claims: [], said: [], closed: [], open: 1 };

/** What a heartbeat asks of its region, with what waits here. A class, because V8 gives each literal with accessors a shape of its own. */
class Waiting implements HeartbeatSubject {
  readonly merged: HeartbeatSubject["merged"];
  readonly isSettled: HeartbeatSubject["isSettled"];
  readonly isRead: HeartbeatSubject["isRead"];
  readonly #policy: StabilitySubject["policy"];
  readonly #waits: () => boolean;

  constructor({ merged, isSettled, isRead, policy }: StabilitySubject, waits: () => boolean) {
    this.merged = merged;
    this.isSettled = isSettled;
    this.isRead = isRead;
    this.#policy = policy;
    this.#waits = waits;
  }

  get waits(): boolean {
    return this.#waits();
  }

  get hasNews(): boolean {
    return this.#policy.hasNews;
  }
}

/** Lists are made when they are read. */
class LazyStatus implements StabilityStatus {
  readonly forgotten: number;
  readonly #yards: readonly Yard[];
  readonly #peers: () => readonly PeerHorizon[];
  readonly #absence: Absence;

  constructor(forgotten: number, yards: readonly Yard[], peers: () => readonly PeerHorizon[], absence: Absence) {
    this.forgotten = forgotten;
    this.#yards = yards;
    this.#peers = peers;
    this.#absence = absence;
  }

  get oldestMs(): number | undefined {
    const closed = this.#yards.flatMap(({ graves }) => graves.oldestMs ?? []);
    return closed.length === 0 ? undefined : Math.min(...closed);
  }

  get peers(): readonly PeerHorizon[] {
    return this.#peers();
  }

  get absence(): AbsenceStatus {
    return this.#absence.status;
  }
}

/** See the module's comment. */
export class Stability {
  /** Where keys are noted of which something is left. */
  readonly graves: Pick<Graves, "bury">;
  /** Regions that stay away. */
  readonly absence: Absence;
  readonly #pace: HeartbeatPace;
  readonly #subject: HeartbeatSubject;
  readonly #residency: Residency | undefined;
  /** Of what every region gets, and then of each group. */
  readonly #yards: readonly [Yard, ...Yard[]];
  readonly #clock: HeartbeatClock;
  readonly #policy: StabilitySubject["policy"];
  #changed = false;

  constructor(options: StabilityOptions, subject: StabilitySubject) {
    const { store, writer, peers, residency, absentAfterMs, limits, heartbeat = HEARTBEAT_PACE } = options;
    const { claims, said, groups, absence, ...main } = read(store);
    this.#pace = heartbeat;
    this.#policy = subject.policy;
    this.#residency = residency;
    const heard = claims.map(([peer, known, settledMs]): [WriterId, Claim] => [peer, { known: new VersionVector(known), settledMs }]);
    const inGroups = (residency?.groups ?? []).flatMap((circle) => circle.peers);
    const watch = new Absence({ writer, peers, inGroups, absentAfterMs, received: subject.received, onFenced: subject.onFenced }, absence);
    this.absence = watch;
    this.#clock = new HeartbeatClock(heartbeat, new VersionVector(said));
    const yard = (group: string, members: readonly WriterId[], kept: PlainGraves = FIRST): Yard => {
      const horizon = new Horizon(members, new Map(heard), (peer) => watch.isOut(peer));
      return { group, peers: members, horizon, graves: new Graves(store, stateOf(kept), limits, group) };
    };
    const inGroup = (residency?.groups ?? []).map((circle) => yard(circle.group, circle.peers, groups?.[circle.group]));
    const yards: readonly [Yard, ...Yard[]] = [yard("", peers, main), ...inGroup];
    this.#yards = yards;
    const bury = (entry: KeyEntry, slot?: CellSlot): void => this.#yardOf(residency?.groupOf(entry.key) ?? "").graves.bury(entry, slot);
    this.graves = residency ? { bury } : yards[0].graves;
    this.#subject = new Waiting(subject, () => yards.some(({ graves }) => graves.waits) || watch.speaks || subject.policy.speaks);
  }

  #yardOf(group: string): Yard {
    return this.#yards.find((yard) => yard.group === group) ?? this.#yards[0];
  }

  /** A peer's heartbeat came, in the order of its log. */
  hear(writer: WriterId, heartbeat: Heartbeat): void {
    const { horizon } = this.#yardOf(groupOf(writer));
    this.#changed = horizon.hear(writer, heartbeat.known, heartbeat.settledMs) || this.#changed;
    this.absence.hear(writer, heartbeat.absence);
    if (groupOf(writer) === "") this.#policy.hear(writer, heartbeat.policy, heartbeat.absence?.fenced.map((cut) => cut.writer) ?? []);
  }

  /** Something came from a peer, or waits here to be taken. */
  arrived(writer: WriterId): void {
    this.absence.arrived(writer);
  }

  /** Whether a peer's frame that ends with `last` may be taken, has to wait, or is refused. */
  lets(writer: WriterId, last: Hlc): "take" | "wait" | Hold {
    return this.absence.lets(writer, last);
  }

  /** True once where the server's clock is to be read. */
  takeProbe(): boolean {
    return this.#clock.takeProbe();
  }

  onServerTime(serverMs: number): void {
    this.#clock.onServerTime(serverMs);
  }

  /** Forgets a piece of what every region is past, before the cells are written. */
  dig(keys: KeySpace, writes: StateWrite[], nowMs: number): void {
    for (const { graves, horizon } of this.#yards) this.#changed = graves.dig(horizon, keys, writes, nowMs) || this.#changed;
  }

  /** Behind the cells: what was put aside since the last commit. */
  collect(writes: StateWrite[], nowMs: number): void {
    for (const { graves, group } of this.#yards) {
      const merged = (): VersionVector => (this.#residency ? within(this.#subject.merged(), group) : this.#subject.merged());
      this.#changed = graves.collect(writes, merged, nowMs, this.#pace.everyMs) || this.#changed;
    }
    if (!this.#changed && !this.absence.changed) return;
    this.#changed = false;
    this.absence.changed = false;
    writes.push({ table: "state", key: STABILITY_KEY, value: this.#encode() });
  }

  /** Says how far this region is, where that is due; behind everything captured, and behind the cells. */
  beat(outbox: Outbox, nowMs: number): void {
    if (outbox.isBeating) return;
    const heartbeat = this.#clock.next(this.#subject, nowMs);
    if (!heartbeat) return;
    const { known, settledMs } = heartbeat;
    outbox.beat({ known, settledMs, absence: this.absence.beat(nowMs), policy: this.#policy.beat() });
    this.#changed = true;
  }

  /** Lists are made when they are read: most who ask want one of the numbers. */
  get status(): StabilityStatus {
    const peers = (): readonly PeerHorizon[] => this.#yards.flatMap((yard) => yard.peers.map((writer) => this.#peerOf(yard, writer)));
    return new LazyStatus(this.forgotten, this.#yards, peers, this.absence);
  }

  /** Keys and members forgotten since the start. */
  get forgotten(): number {
    let sum = 0;
    for (const { graves } of this.#yards) sum += graves.forgotten;
    return sum;
  }

  #peerOf({ graves, horizon }: Yard, writer: WriterId): PeerHorizon {
    const { oldest } = graves;
    const isBehind = oldest !== undefined && !new Horizon([writer], horizon.claims).isKnownEverywhere(oldest.vector);
    return { writer, settledMs: horizon.claims.get(writer)?.settledMs ?? 0, holdsBack: isBehind && !this.absence.isOut(writer) };
  }

  #encode(): Buffer {
    const [main, ...groups] = this.#yards;
    const claims: [WriterId, PlainVector, number][] = [];
    for (const { horizon } of this.#yards) {
      for (const [writer, { known, settledMs }] of horizon.claims) claims.push([writer, known.entries(), settledMs]);
    }
    const { closed, open } = plainGraves(main);
    const plain: PlainState = {
      claims,
      said: this.#clock.known.entries(),
      closed,
      open,
      // What is undefined is not written.
      groups: groups.length > 0 ? Object.fromEntries(groups.map((yard) => [yard.group, plainGraves(yard)])) : undefined,
      absence: this.absence.state,
    };
    return Buffer.from(JSON.stringify(plain));
  }
}

function plainGraves({ graves: { state } }: Yard): PlainGraves {
  const closed = state.closed.map(({ from, to, vector, closedMs }) => ({ from, to, vector: vector.entries(), closedMs }));
  return { closed, open: state.open };
}

function stateOf({ closed, open }: PlainGraves): GravesState {
  return { closed: closed.map(({ from, to, vector, closedMs }) => ({ from, to, vector: new VersionVector(vector), closedMs })), open };
}

function read(store: StateReader): PlainState {
  const bytes = store.get("state", STABILITY_KEY);
  if (!bytes) return FIRST;
  try {
    return JSON.parse(bytes.toString()) as PlainState;
  } catch (cause) {
    throw new MeridianError("STORE_CORRUPT", "the store's record of what the peers are past cannot be read", {
      advice: "restore the store from a backup, or remove it and start this region as a new one",
      cause,
    });
  }
}
