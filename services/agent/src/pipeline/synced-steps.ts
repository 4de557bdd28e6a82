/**
 * Holds back what a step sends until the disk has what it wrote (`store.fsync: commit`): what has left the agent is never newer than
 * its store, also where its machine loses power. One write of the disk serves all steps that came meanwhile; their order stays.
 */
import type { Step } from "@meridian/region";
import type { MeridianError } from "@meridian/words";

/** What it works with. */
export interface SyncedStepsDeps {
  /** Resolves when everything committed so far is on the disk. */
  readonly sync: () => Promise<void>;
  readonly send: (step: Step) => void;
  readonly onFailure: (error: MeridianError) => void;
}

/** See the module's comment. */
export class SyncedSteps {
  readonly #deps: SyncedStepsDeps;
  #waiting: Step[] = [];
  #isSyncing = false;

  constructor(deps: SyncedStepsDeps) {
    this.#deps = deps;
  }

  /** Takes a step whose writes are committed. One that wrote nothing, with nothing before it, is sent at once. */
  add(step: Step): void {
    if (!this.#isSyncing && step.writes.length === 0) return this.#deps.send(step);
    this.#waiting.push(step);
    if (!this.#isSyncing) void this.#drain();
  }

  async #drain(): Promise<void> {
    this.#isSyncing = true;
    try {
      while (this.#waiting.length > 0) {
        const steps = this.#waiting;
        this.#waiting = [];
        await this.#deps.sync();
        for (const step of steps) this.#deps.send(step);
      }
    } catch (error) {
      this.#deps.onFailure(error as MeridianError);
    } finally {
      this.#isSyncing = false;
    }
  }
}
