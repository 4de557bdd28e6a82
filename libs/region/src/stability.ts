/**
 * Causal stability: what every region is known to be past, what this region says of itself, and what is forgotten because of
 * it. Puts together horizon.ts, heartbeat.ts, absence.ts and graves.ts, and keeps their state in one record of the store.
 */
import { MeridianError, VersionVector, type Hlc, type WriterId } from "@meridian/words";
import { Absence, type AbsenceState, type AbsenceStatus, type AbsenceSubject } from "./absence.js";
import type { Hold, StateReader, StateWrite } from "./effects.js";
import { Graves, type Bucket } from "./graves.js";
import { HeartbeatClock, HEARTBEAT_PACE, type Heartbeat, type HeartbeatPace, type HeartbeatSubject } from "./heartbeat.js";
import { Horizon, type Claim } from "./horizon.js";
import type { KeySpace } from "./key-space.js";
import type { Outbox } from "./outbox.js";
import type { RegionOptions } from "./region-options.js";

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
export type StabilitySubject = Omit<HeartbeatSubject, "waits"> & Pick<AbsenceSubject, "received" | "onFenced">;

type StabilityOptions = Pick<RegionOptions, "store" | "writer" | "peers" | "heartbeat" | "absentAfterMs">;

type PlainVector = readonly (readonly [WriterId, Hlc])[];

interface PlainState {
  readonly claims: readonly (readonly [WriterId, PlainVector, number])[];
  readonly said: PlainVector;
  readonly closed: readonly (Omit<Bucket, "vector"> & { readonly vector: PlainVector })[];
  readonly open: number;
  readonly absence?: AbsenceState;
}

const FIRST: PlainState = { claims: [], said: [], closed: [], open: 1 };

/** See the module's comment. */
export class Stability {
  readonly graves: Graves;
  /** Regions that stay away. */
  readonly absence: Absence;
  readonly #peers: readonly WriterId[];
  readonly #pace: HeartbeatPace;
  readonly #subject: HeartbeatSubject;
  readonly #horizon: Horizon;
  readonly #clock: HeartbeatClock;
  #changed = false;

  constructor({ store, writer, peers, absentAfterMs, heartbeat = HEARTBEAT_PACE }: StabilityOptions, subject: StabilitySubject) {
    const { claims, said, closed, open, absence } = read(store);
    this.#peers = peers;
    this.#pace = heartbeat;
    const heard = claims.map(([peer, known, settledMs]): [WriterId, Claim] => [peer, { known: new VersionVector(known), settledMs }]);
    const watch = new Absence({ writer, peers, absentAfterMs, received: subject.received, onFenced: subject.onFenced }, absence);
    this.absence = watch;
    this.#horizon = new Horizon(peers, new Map(heard), (peer) => watch.isOut(peer));
    this.#clock = new HeartbeatClock(heartbeat, new VersionVector(said));
    const graves = new Graves(store, { closed: closed.map((bucket) => ({ ...bucket, vector: new VersionVector(bucket.vector) })), open });
    this.graves = graves;
    this.#subject = {
      ...subject,
      get waits() {
        return graves.waits || watch.speaks;
      },
    };
  }

  /** A peer's heartbeat came, in the order of its log. */
  hear(writer: WriterId, heartbeat: Heartbeat): void {
    this.#changed = this.#horizon.hear(writer, heartbeat.known, heartbeat.settledMs) || this.#changed;
    this.absence.hear(writer, heartbeat.absence);
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
    this.#changed = this.graves.dig(this.#horizon, keys, writes, nowMs) || this.#changed;
  }

  /** Behind the cells: what was put aside since the last commit. */
  collect(writes: StateWrite[], nowMs: number): void {
    this.#changed = this.graves.collect(writes, this.#subject.merged, nowMs, this.#pace.everyMs) || this.#changed;
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
    outbox.beat({ ...heartbeat, absence: this.absence.beat(nowMs) });
    this.#changed = true;
  }

  get status(): StabilityStatus {
    const { oldest, forgotten } = this.graves;
    const peers = this.#peers.map((writer) => {
      const claim = this.#horizon.claims.get(writer);
      const isBehind = oldest !== undefined && !new Horizon([writer], this.#horizon.claims).isKnownEverywhere(oldest.vector);
      const holdsBack = isBehind && !this.absence.isOut(writer);
      return { writer, settledMs: claim?.settledMs ?? 0, holdsBack };
    });
    return { oldestMs: oldest?.closedMs, forgotten, peers, absence: this.absence.status };
  }

  #encode(): Buffer {
    const plain: PlainState = {
      claims: [...this.#horizon.claims].map(([writer, { known, settledMs }]) => [writer, [...known.entries()], settledMs]),
      said: [...this.#clock.known.entries()],
      closed: this.graves.state.closed.map((bucket) => ({ ...bucket, vector: [...bucket.vector.entries()] })),
      open: this.graves.state.open,
      absence: this.absence.state,
    };
    return Buffer.from(JSON.stringify(plain));
  }
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
