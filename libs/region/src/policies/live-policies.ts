/**
 * The table of policies that a region runs, and the one before it until the change is finished here.
 *
 * A region switches at one place of its own log: what it captured before it captured under the old table, everything behind it
 * under the new one, and every record says under which. From a peer it takes what was written under the old table as long as
 * there is some, and nothing of the new one before it has switched itself: so whatever was written under the old table has
 * seen nothing of the new one.
 *
 * - Keys that *leave* (shared before, local now) are captured and merged by the old table until everything that was written
 *   under it is received and held by the server; what clients write here meanwhile is known, and *withheld*: nothing of it is
 *   published. Then they are forgotten, and passed over.
 * - Keys that *join* (local before) are listed and read, as at the first import, and published as written now.
 *
 * Not here: who decides (policy-round.ts).
 */
import type { WriterId } from "@meridian/words";
import type { PolicyLine } from "@meridian/wire";
import type { Policy, PolicyTable } from "./policy-table.js";
import { linesOf, tableOf, transitionsOf } from "./policy-transition.js";

/** What capture and reading ask about a key. */
export interface KeyPolicies {
  of(key: string): Policy;
  isLocal(key: string): boolean;
  isRegister(key: string): boolean;
}

/** What is kept of it. Plain JSON. */
export interface LivePoliciesState {
  readonly version: number;
  readonly rows: readonly PolicyLine[];
  /** The table before this one, until the change is finished. */
  readonly previous: readonly PolicyLine[] | undefined;
  /** Which peers are known to run this version. */
  readonly seen: readonly WriterId[];
  /** Everything that was written under the old table to keys that leave is in the server. */
  readonly isDrained: boolean;
  /** Nothing is remembered any more of keys that leave. */
  readonly isForgotten: boolean;
  /** Keys that join were all read. */
  readonly isImported: boolean;
}

/** Where a change stands in this region; `done`: there is none. */
export type ChangeStage = "done" | "awaits peers" | "settles keys that leave" | "forgets keys that leave" | "reads keys that join";

/** See the module's comment. */
export class LivePolicies {
  /** How many changes this region has gone through; 0: it runs the table that it was started with. */
  version: number;
  running: PolicyTable;
  /** What capture goes by; undefined: every key is merged by the published rules. */
  table: KeyPolicies | undefined;
  changed = false;
  isImported: boolean;
  #previous: PolicyTable | undefined;
  #leaves = false;
  #joins = false;
  #isDrained: boolean;
  #isForgotten: boolean;
  readonly #seen: Set<WriterId>;

  constructor(first: PolicyTable, state: LivePoliciesState | undefined) {
    this.version = state?.version ?? 0;
    this.running = state ? (tableOf(state.rows) as PolicyTable) : first;
    this.#previous = state?.previous && (tableOf(state.previous) as PolicyTable);
    this.#seen = new Set(state?.seen);
    this.#isDrained = state?.isDrained ?? true;
    this.#isForgotten = state?.isForgotten ?? true;
    this.isImported = state?.isImported ?? true;
    this.#look();
  }

  get state(): LivePoliciesState {
    return {
      version: this.version,
      rows: linesOf(this.running),
      previous: this.#previous && linesOf(this.#previous),
      seen: [...this.#seen],
      isDrained: this.#isDrained,
      isForgotten: this.#isForgotten,
      isImported: this.isImported,
    };
  }

  get digest(): number {
    return this.running.digest;
  }

  /** The last change is finished here. */
  get isDone(): boolean {
    return this.#previous === undefined;
  }

  /** Switches: everything captured from here on goes by `table`. */
  switchTo(table: PolicyTable): void {
    this.#previous = this.running;
    this.running = table;
    this.version += 1;
    this.#seen.clear();
    this.#look();
    this.#isDrained = !this.#leaves;
    this.#isForgotten = !this.#leaves;
    this.isImported = !this.#joins;
    this.#look();
    this.changed = true;
  }

  #look(): void {
    const transitions = this.#previous ? transitionsOf(this.#previous, this.running) : [];
    this.#leaves = transitions.some(({ kind }) => kind === "leave");
    this.#joins = transitions.some(({ kind }) => kind === "join");
    this.table = this.isDraining ? this : this.running.rows.length > 0 ? this.running : undefined;
  }

  /** True while keys that leave are captured and merged by the old table. */
  get isDraining(): boolean {
    return this.#leaves && !this.#isDrained;
  }

  /** True where keys that leave are still to be forgotten. */
  get isForgetting(): boolean {
    return this.#isDrained && !this.#isForgotten;
  }

  /** True where keys that join are still to be listed and read. */
  get isJoining(): boolean {
    return !this.isImported;
  }

  /** The key was shared before the last change, and is local now. */
  leaves(key: string): boolean {
    return this.#leaves && this.running.isLocal(key) && this.#previous?.isLocal(key) === false;
  }

  /** The key was local before the last change, and is shared now. */
  joins(key: string): boolean {
    return this.#joins && !this.running.isLocal(key) && this.#previous?.isLocal(key) === true;
  }

  /** What clients write to the key is known here, and not published. */
  withholds(key: string): boolean {
    return this.isDraining && this.leaves(key);
  }

  /** What capture does with a key: of one that leaves what it did before. */
  of(key: string): Policy {
    return this.#previous && this.leaves(key) ? this.#previous.of(key) : this.running.of(key);
  }

  isLocal(key: string): boolean {
    return this.of(key).kind === "local";
  }

  isRegister(key: string): boolean {
    return this.of(key).kind === "lww";
  }

  /** A peer is seen to run this version; everything that it wrote before is received. */
  saw(writer: WriterId): void {
    if (this.#previous === undefined || this.#seen.has(writer)) return;
    this.#seen.add(writer);
    this.changed = true;
  }

  /** Which of these are not known to run this version. */
  unseen(peers: readonly WriterId[]): WriterId[] {
    return this.#previous === undefined ? [] : peers.filter((peer) => !this.#seen.has(peer));
  }

  /** Everything written under the old table is in the server: from here on keys that leave are passed over. */
  drained(): void {
    this.#isDrained = true;
    this.#look();
    this.changed = true;
  }

  forgot(): void {
    this.#isForgotten = true;
    this.changed = true;
  }

  imported(): void {
    this.isImported = true;
    this.changed = true;
  }

  /** Where the change stands, given which peers it is about. Finishes it where nothing is left. */
  advance(peers: readonly WriterId[]): ChangeStage {
    if (this.#previous === undefined) return "done";
    if (this.isJoining) return "reads keys that join";
    if (this.unseen(peers).length > 0) return "awaits peers";
    if (this.isDraining) return "settles keys that leave";
    if (this.isForgetting) return "forgets keys that leave";
    this.#previous = undefined;
    this.#seen.clear();
    this.#look();
    this.changed = true;
    return "done";
  }
}
