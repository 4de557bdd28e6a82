/**
 * The first import: keys that the server held before it was ever followed are listed page by page, and each is read.
 *
 * Limits: one page is asked for at a time, and none while `IMPORT_BACKLOG_KEYS` wait to be read.
 */
import type { Listing } from "../effects.js";
import type { RegionLimits } from "../region-limits.js";
import type { RegionState } from "../region-state.js";

/** Keys that may wait to be read before the next page is asked for. */
export const IMPORT_BACKLOG_KEYS = 512;

/** See the module's comment. Which databases are not finished stands in the region's state. */
export class FirstImport {
  readonly #state: Pick<RegionState, "importing">;
  readonly #limits: RegionLimits;
  #page: Listing | undefined;
  #isAsked = false;

  constructor(state: Pick<RegionState, "importing">, limits: RegionLimits) {
    this.#limits = limits;
    this.#state = state;
  }

  get isRunning(): boolean {
    return this.#state.importing.length > 0;
  }

  /** The databases that hold keys, at the first attach. */
  begin(databases: readonly number[]): void {
    this.#state.importing = [...databases];
  }

  /** The page to ask for now. `waitingKeys`: those that are still to be read. */
  next(waitingKeys: number): Listing[] {
    const db = this.#state.importing[0];
    if (db === undefined || this.#isAsked || waitingKeys > this.#limits.importBacklogKeys) return [];
    this.#isAsked = true;
    return [this.#page?.db === db ? this.#page : { db, cursor: "0" }];
  }

  /** A page came. Returns whether it was the last one of its database. */
  listed(db: number, cursor: string): boolean {
    this.#isAsked = false;
    this.#page = { db, cursor };
    if (cursor !== "0") return false;
    this.#page = undefined;
    this.#state.importing = this.#state.importing.filter((other) => other !== db);
    return true;
  }
}
