/**
 * Plans one batch: what each cell needs is written into it, adding before removing, deadlines last. Decides nothing about
 * which cells are ready.
 */
import type { ApplyBatch } from "@meridian/mark";
import { heldContents } from "./held-contents.js";
import { shownDeadlinePrint, shownPrint, targetPrint, timeOfPrint } from "../keys/content.js";
import type { RegionCounters } from "../counters.js";
import type { CellSlot, Issue, KeyEntry } from "../keys/key-entry.js";
import type { KeySpace } from "../keys/key-space.js";
import { StreamPlan } from "./stream-plan.js";
import { carriesExpiry, needsExpiry, planRemoval, planSlot, shownType, TYPE_NAME } from "./plan.js";

/** What planning needs of its region. */
export interface BatchPlanContext {
  readonly keys: KeySpace;
  readonly counters: RegionCounters;
  readonly lateToGroups: boolean;
  /** Puts a cell on the list of those to be applied again. */
  readonly retry: (slot: CellSlot) => void;
}

/** What a batch takes: its cells, and the keys among them that change their type. */
export interface PlannedCells {
  readonly ready: ReadonlySet<CellSlot>;
  readonly converted: ReadonlySet<KeyEntry>;
}

/** See the module's comment. One for each batch. */
export class BatchPlan {
  readonly #context: BatchPlanContext;
  readonly #batch: ApplyBatch;
  readonly #ready: ReadonlySet<CellSlot>;
  /** Keys that this batch turns into another type. */
  readonly #converted: ReadonlySet<KeyEntry>;
  readonly #nowMs: number;
  /** Keys whose deadline is written with their value. */
  readonly #carried = new Set<KeyEntry>();
  readonly #expiries: CellSlot[] = [];
  readonly #removals: CellSlot[] = [];
  /** What must make room for a value that stands nowhere. */
  readonly #missing: CellSlot[] = [];
  #streams: StreamPlan | undefined;

  constructor(context: BatchPlanContext, batch: ApplyBatch, { ready, converted }: PlannedCells, nowMs: number) {
    this.#context = context;
    this.#batch = batch;
    this.#ready = ready;
    this.#converted = converted;
    this.#nowMs = nowMs;
  }

  /** Fills the batch; returns its cells, some of them twice. */
  fill(): readonly CellSlot[] {
    for (const entry of this.#converted) this.#empty(entry);
    for (const slot of this.#ready) {
      if (slot.kind === "t") this.#expiries.push(slot);
      else if (slot.issued?.seq !== this.#batch.seq) this.#plan(slot);
    }
    this.#streams?.fill(this.#batch, this.#nowMs);
    for (const entry of this.#converted) this.#renewExpiry(entry);
    for (const slot of this.#removals) this.#issue(slot, planRemoval(this.#batch, slot));
    for (const slot of this.#missing) this.#issue(slot, { ...planRemoval(this.#batch, slot), leaves: { print: undefined } });
    for (const slot of this.#expiries) this.#planExpiry(slot);
    this.#context.counters.batches += 1;
    this.#context.counters.cells += this.#batch.cells;
    return [...this.#ready, ...this.#expiries];
  }

  /** Takes away all that the server holds of a key, if it is that and nothing else: what follows for it hangs on that. */
  #empty(entry: KeyEntry): void {
    const type = shownType(entry);
    if (type === undefined) return;
    const exactly = { heldMs: timeOfPrint(shownDeadlinePrint(entry)), elements: heldContents(entry) };
    for (const slot of entry.loadedSlots()) if (slot.kind !== "t" && shownPrint(slot) !== undefined) this.#issue(slot, LEAVING);
    this.#batch.unlinkKey(entry.db, entry.key, TYPE_NAME[type], exactly);
  }

  /** What is there anew has no deadline yet. */
  #renewExpiry(entry: KeyEntry): void {
    if (this.#carried.has(entry) || (!entry.expiry && shownDeadlinePrint(entry) === undefined && !needsExpiry(entry))) return;
    const expiry = this.#context.keys.single(entry, "t");
    if (!this.#expiries.includes(expiry)) this.#expiries.push(expiry);
  }

  #plan(slot: CellSlot): void {
    const planned = this.#planContent(slot);
    if (planned === undefined) return;
    if (planned === "removal") {
      this.#removals.push(slot);
      return;
    }
    if (planned === "lost") {
      this.#leaveMissing(slot);
      return;
    }
    this.#issue(slot, planned);
    if (planned.missing) {
      slot.refused = true;
      this.#context.counters.valuesMissing += planned.missing;
    }
    if (carriesExpiry(slot, planned)) this.#carried.add(slot.entry);
    else if (planned.how !== "nothing" && !this.#converted.has(slot.entry) && needsExpiry(slot.entry)) this.#addExpiry(slot.entry);
  }

  /** The value stands nowhere any more. What the server holds in its place was replaced or removed, and goes. */
  #leaveMissing(slot: CellSlot): void {
    slot.refused = true;
    this.#context.counters.valuesMissing += 1;
    if (shownPrint(slot) !== undefined) this.#missing.push(slot);
    else this.#issue(slot, NOTHING);
  }

  #planContent(slot: CellSlot): ReturnType<typeof planSlot> | undefined {
    if (slot.kind === "x" || slot.kind === "g") return this.#planStream(slot);
    return planSlot(this.#batch, slot, undefined, this.#nowMs);
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
    const { entry } = slot;
    const timer = this.#carried.has(entry) ? "carried" : this.#converted.has(entry) ? "anew" : undefined;
    const planned = planSlot(this.#batch, slot, timer, this.#nowMs);
    if (planned !== "lost" && planned !== "removal") this.#issue(slot, planned);
  }

  #issue(slot: CellSlot, planned: Omit<Issue, "seq">): void {
    const { seq } = this.#batch;
    const isToTell = (slot.entry.mayClash && slot.kind !== "t") || slot.kind === "w";
    slot.issued = isToTell && planned.leaves === undefined ? { seq, ...planned, ...this.#leaves(slot, planned) } : { seq, ...planned };
    slot.raced = false;
  }

  /**
   * Beside other types what `base` says when a write is settled need not be what the server holds then; nor in a register, where
   * what a client has done meanwhile may be later than what is written.
   */
  #leaves(slot: CellSlot, { how }: Omit<Issue, "seq">): Pick<Issue, "leaves"> | undefined {
    if (slot.list || (how !== "write" && (how !== "increment" || !this.#converted.has(slot.entry)))) return undefined;
    return { leaves: { print: targetPrint(slot) } };
  }
}

const NOTHING: Omit<Issue, "seq"> = { how: "nothing", delta: 0n, deadline: undefined };
/** Of cells that make room for another type. */
const LEAVING: Omit<Issue, "seq"> = { how: "write", delta: 0n, deadline: undefined, leaves: { print: undefined }, converts: true };
