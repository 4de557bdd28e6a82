/**
 * Changing the policies at run time, as far as one region is concerned: puts together who decides (policy-round.ts), which
 * table holds where (live-policies.ts) and what becomes of the keys (policy-switch.ts), and keeps it in one record of the store.
 *
 * Its region asks it, in this order, with every step: what it says in a heartbeat; whether it switches now, behind everything
 * captured; what is to be forgotten; what is to be stored.
 */
import type { PolicyLine, PolicySaid } from "@meridian/wire";
import { groupOf, MeridianError, regionOf, type WriterId } from "@meridian/words";
import type { Hold, StateReader, StateWrite } from "../effects.js";
import type { Absence } from "../forget/absence.js";
import { LivePolicies, type ChangeStage, type LivePoliciesState } from "./live-policies.js";
import { PolicyRound, type PolicyRoundState } from "./policy-round.js";
import { PolicyTable } from "./policy-table.js";
import { linesOf, refusalOf, tableOf } from "./policy-transition.js";

/** The name of the record in the `state` table. */
export const POLICIES_KEY = "policies";

interface PlainState {
  /** Undefined: the region runs the table that it was started with. */
  readonly live: LivePoliciesState | undefined;
  readonly round: PolicyRoundState;
}

/** What it must be told of its region. */
export interface PolicyChangeOptions {
  readonly store: StateReader;
  readonly writer: WriterId;
  readonly peers: readonly WriterId[];
  readonly policies?: PolicyTable;
}

/** What it asks its region. */
export interface PolicyChangeSubject {
  /** Who stays away, and of whom everything that counts is received. */
  readonly absence: () => Pick<Absence, "isFenced" | "isSetAside" | "isOut">;
  /** True while the first import runs: nothing is changed before. */
  readonly isImporting: () => boolean;
}

/** What of the policies there is to be told to an operator. */
export interface PolicyChangeStatus {
  /** How many changes this region has gone through. */
  readonly version: number;
  readonly table: PolicyTable;
  /** The table of the options is another one than that which runs: changes have been made since. */
  readonly isOverruled: boolean;
  /** Where the last change stands in this region. */
  readonly stage: ChangeStage;
  /** Peers that are not known to have switched. */
  readonly awaits: readonly WriterId[];
  /** A change that is proposed and not decided. */
  readonly proposed: { readonly by: WriterId; readonly table: PolicyTable; readonly waitsFor: readonly WriterId[] } | undefined;
  /** What became of the last change that this region has proposed; empty: nothing to tell. */
  readonly ended: string;
}

/** See the module's comment. */
export class PolicyChange {
  readonly live: LivePolicies;
  readonly #options: PolicyChangeOptions;
  readonly #subject: PolicyChangeSubject;
  readonly #first: PolicyTable;
  readonly #round: PolicyRound;
  /** The version under which this region has last spoken. */
  #saidVersion = -1;
  #stage: ChangeStage = "done";

  constructor(options: PolicyChangeOptions, subject: PolicyChangeSubject) {
    const { store, writer, peers, policies } = options;
    const state = read(store);
    this.#options = options;
    this.#subject = subject;
    this.#first = policies ?? new PolicyTable([]);
    this.live = new LivePolicies(this.#first, state?.live);
    const isDone = (): boolean => this.live.isDone && !subject.isImporting();
    const version = (): number => this.live.version;
    const isFenced = (other: WriterId): boolean => subject.absence().isFenced(other);
    const isSetAside = (other: WriterId): boolean => subject.absence().isSetAside(other);
    const refuse = (lines: readonly PolicyLine[]): string => this.#refusalOf(lines);
    this.#round = new PolicyRound({ writer, peers, version, isDone, isFenced, isSetAside, refusalOf: refuse }, state?.round);
    this.#stage = this.live.isDone ? "done" : "awaits peers";
  }

  get status(): PolicyChangeStatus {
    const { proposer, lines, waitsFor, ended } = this.#round.status;
    const { version, running } = this.live;
    const table = proposer === undefined ? undefined : tableOf(lines);
    return {
      version,
      table: running,
      isOverruled: version > 0 && JSON.stringify(linesOf(running)) !== JSON.stringify(linesOf(this.#first)),
      stage: this.#stage,
      awaits: this.live.unseen(this.#members()),
      proposed: proposer !== undefined && table instanceof PolicyTable ? { by: proposer, table, waitsFor } : undefined,
      ended,
    };
  }

  /** Proposes a table to all regions. Returns why not; an empty text: it was taken up. `isTrial`: only asks whether it would be. */
  propose(table: PolicyTable, isTrial = false): string {
    const lines = linesOf(table);
    return isTrial ? this.#refusalOf(lines) : this.#round.propose(lines);
  }

  /** Takes back what this region has proposed. Returns why not; an empty text: it is over. */
  cancel(): string {
    return this.#round.cancel();
  }

  /** True while the others wait for what this region says. */
  get speaks(): boolean {
    return this.#round.speaks || !this.live.isDone || (this.live.version > 0 && this.#saidVersion !== this.live.version);
  }

  /** There is something that the others should hear soon. */
  get hasNews(): boolean {
    return this.#round.hasNews || (this.live.version > 0 && this.#saidVersion !== this.live.version);
  }

  /** A heartbeat of a peer, in the order of its log. */
  hear(writer: WriterId, said: PolicySaid | undefined, fenced: readonly WriterId[]): void {
    this.#round.hear(writer, said, fenced);
  }

  /** Says it again, in a heartbeat. */
  beat(): PolicySaid | undefined {
    this.#saidVersion = this.live.version;
    return this.#round.beat();
  }

  /**
   * Whether a peer's record may be taken, by the table that it was written under: asked when everything before it in that log was
   * taken. `isNew`: something of it was never received here.
   */
  lets(writer: WriterId, version: number, digest: number, isNew: boolean): "take" | "wait" | Hold {
    const { live } = this;
    if (version < live.version) return isNew && this.#isGivenUp(writer, version) ? behind(writer, version, live.version) : "take";
    const isLater = version > live.version;
    const differs = !isLater && digest !== live.digest;
    // What it has switched to counts only where somebody had received something of it, who then says so.
    if ((isLater || differs) && this.#subject.absence().isSetAside(writer)) return "wait";
    if (differs) return mismatch(writer);
    if (isLater) return this.#round.learn(version) ? "wait" : mismatch(writer);
    live.saw(writer);
    return "take";
  }

  /** Nothing more is to come that was written under the table: its writer has gone on. Groups have logs of their own. */
  #isGivenUp(writer: WriterId, version: number): boolean {
    if (groupOf(writer) !== "" || this.#subject.absence().isFenced(writer)) return false;
    return version + 1 < this.live.version || !this.live.unseen([writer]).includes(writer);
  }

  /** Behind everything captured so far, which is already in its record: from here on the new table holds. True: it was switched. */
  switchNow(): boolean {
    const { due } = this.#round;
    if (!due) return false;
    this.live.switchTo(tableOf(due) as PolicyTable);
    this.#round.switched();
    return true;
  }

  /** Where the change stands. */
  advance(): ChangeStage {
    this.#stage = this.live.advance(this.#members());
    return this.#stage;
  }

  collect(writes: StateWrite[]): void {
    if (!this.live.changed && !this.#round.changed) return;
    this.live.changed = false;
    this.#round.changed = false;
    const plain: PlainState = { live: this.live.version === 0 ? undefined : this.live.state, round: this.#round.state };
    writes.push({ table: "state", key: POLICIES_KEY, value: Buffer.from(JSON.stringify(plain)) });
  }

  /** Of a fenced region too what it wrote under the old table is to be received, up to its cut. */
  #members(): WriterId[] {
    const absence = this.#subject.absence();
    return this.#options.peers.filter((peer) => !absence.isOut(peer));
  }

  #refusalOf(lines: readonly PolicyLine[]): string {
    const table = tableOf(lines);
    const regions = [this.#options.writer, ...this.#options.peers].map((writer) => regionOf(writer));
    return typeof table === "string" ? table : refusalOf(this.live.running, table, regions);
  }
}

/** The table that all regions have decided while they ran; undefined: they still run what the options name. */
export function decidedPolicies(store: StateReader): PolicyTable | undefined {
  const live = read(store)?.live;
  return live && (tableOf(live.rows) as PolicyTable);
}

function read(store: StateReader): PlainState | undefined {
  const bytes = store.get("state", POLICIES_KEY);
  if (!bytes) return undefined;
  try {
    return JSON.parse(bytes.toString()) as PlainState;
  } catch (cause) {
    throw new MeridianError("STORE_CORRUPT", "the store's record of the policies cannot be read", {
      advice: "restore the store from a backup, or remove it and start this region as a new one",
      cause,
    });
  }
}

/** What must be the same everywhere. */
const AGREED = "local, lww and regions policies";

function mismatch(writer: WriterId): Hold {
  const reason = `${writer} keeps other keys in its region or from some regions, or writes other keys as a whole; give all regions the same ${AGREED}`;
  return { writer, code: "POLICY_MISMATCH", reason };
}

function behind(writer: WriterId, version: number, own: number): Hold {
  const tables = `under the table of policies after ${version} changes, which all regions have given up; this one is at ${own}`;
  return { writer, code: "POLICY_MISMATCH", reason: `${writer} writes ${tables}: its store is a new one, or older than what it has said` };
}
