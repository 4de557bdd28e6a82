/**
 * Plans one batch: what each cell needs is written into it, adding before removing, deadlines last. Decides nothing about
 * which cells are ready.
 */
import type { ApplyBatch } from "@meridian/mark";
import { shownDeadlinePrint } from "./content.js";
import type { RegionCounters } from "./counters.js";
import type { CellSlot, Issue, KeyEntry } from "./key-entry.js";
import type { KeySpace } from "./key-space.js";
import { StreamPlan } from "./stream-plan.js";
import { carriesExpiry, needsExpiry, planRemoval, planSlot } from "./plan.js";

/** What planning needs of its region. */
export interface BatchPlanContext {
  readonly keys: KeySpace;
  readonly counters: RegionCounters;
  readonly lateToGroups: boolean;
  /** Puts a cell on the list of those to be applied again. */
  readonly retry: (slot: CellSlot) => void;
}

/** See the module's comment. One for each batch. */
export class BatchPlan {
  readonly #context: BatchPlanContext;
  readonly #batch: ApplyBatch;
  readonly #ready: ReadonlySet<CellSlot>;
  readonly #nowMs: number;
  /** Keys whose deadline is written with their value. */
  readonly #carried = new Set<KeyEntry>();
  readonly #expiries: CellSlot[] = [];
  readonly #removals: CellSlot[] = [];
  #streams: StreamPlan | undefined;

  constructor(context: BatchPlanContext, batch: ApplyBatch, ready: ReadonlySet<CellSlot>, nowMs: number) {
    this.#context = context;
    this.#batch = batch;
    this.#ready = ready;
    this.#nowMs = nowMs;
  }

  /** Fills the batch; returns its cells, some of them twice. */
  fill(): readonly CellSlot[] {
    for (const slot of this.#ready) {
      if (slot.kind === "t") this.#expiries.push(slot);
      else this.#plan(slot);
    }
    this.#streams?.fill(this.#batch);
    for (const slot of this.#removals) this.#issue(slot, planRemoval(this.#batch, slot));
    for (const slot of this.#expiries) this.#planExpiry(slot);
    this.#context.counters.batches += 1;
    this.#context.counters.cells += this.#batch.cells;
    return [...this.#ready, ...this.#expiries];
  }

  #plan(slot: CellSlot): void {
    const planned = this.#planContent(slot);
    if (planned === undefined) return;
    if (planned === "removal") {
      this.#removals.push(slot);
      return;
    }
    if (planned === "lost") {
      slot.refused = true;
      this.#context.counters.valuesMissing += 1;
      slot.issued = { seq: this.#batch.seq, how: "nothing", delta: 0n, deadline: undefined };
      return;
    }
    this.#issue(slot, planned);
    if (planned.missing) {
      slot.refused = true;
      this.#context.counters.valuesMissing += planned.missing;
    }
    if (carriesExpiry(slot, planned)) this.#carried.add(slot.entry);
    else if (planned.how !== "nothing" && needsExpiry(slot.entry)) this.#addExpiry(slot.entry);
  }

  #planContent(slot: CellSlot): ReturnType<typeof planSlot> | undefined {
    if (slot.kind === "x" || slot.kind === "g") return this.#planStream(slot);
    return planSlot(this.#batch, slot, false, this.#nowMs);
  }

  #planStream(slot: CellSlot): ReturnType<StreamPlan["plan"]> {
    this.#streams ??= new StreamPlan(this.#context.keys, this.#context.lateToGroups);
    return this.#streams.plan(slot, this.#nowMs);
  }

  /** The key's deadline is written with its content, unless it waits for a batch of its own. */
  #addExpiry(entry: KeyEntry): void {
    const { keys, retry } = this.#context;
    const expiry = keys.single(entry, "t");
    if (this.#ready.has(expiry) || expiry.issued || this.#expiries.includes(expiry)) return;
    if (expiry.pending.length === 0 && !expiry.unsure) {
      this.#expiries.push(expiry);
      return;
    }
    expiry.shown = { print: shownDeadlinePrint(entry) };
    keys.touch(expiry);
    retry(expiry);
  }

  #planExpiry(slot: CellSlot): void {
    const planned = planSlot(this.#batch, slot, this.#carried.has(slot.entry), this.#nowMs);
    if (planned !== "lost" && planned !== "removal") this.#issue(slot, planned);
  }

  #issue(slot: CellSlot, planned: Omit<Issue, "seq">): void {
    slot.issued = { seq: this.#batch.seq, ...planned };
    slot.raced = false;
  }
}
