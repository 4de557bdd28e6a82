/**
 * Moves a frozen generation from memory into the tables on disk, in bounded steps.
 *
 * The steps are planned on the caller's thread (about a millisecond each) and written by lmdb's writer thread, each in
 * a transaction that is forced to the disk there; between steps the event loop runs. Before the first step the redo
 * file is forced to the disk, so that the tables are never ahead of it. Where the caller never yields, {@link
 * Checkpoint.finishNow} does the same synchronously. A failed run keeps the generation and can be started again:
 * writing a step twice is harmless.
 */
import type { RootDatabase } from "lmdb";
import type { DiskTable, MergeStep, Snapshot } from "./disk-table.js";
import type { Generation } from "./generation.js";
import { hashKey } from "./key-hash.js";
import type { BinaryTable } from "./lmdb-files.js";
import { STORE_TABLES, type StoreTable } from "./port.js";
import type { ClosedRedoFile } from "./redo-log.js";

/** Key under which the number of the last redo file that the tables contain is kept. */
export const CHECKPOINT_KEY = "checkpoint";

/** Commit and force to the disk before returning. */
const DURABLE_COMMIT = 2 as never;

/** What one checkpoint works on. */
export interface FrozenGeneration {
  readonly generation: Generation;
  readonly redo: ClosedRedoFile;
}

/** Where checkpoints go. */
export interface CheckpointTarget {
  readonly root: RootDatabase<Buffer, string>;
  readonly meta: BinaryTable;
  readonly snapshot: Snapshot;
  readonly tables: Readonly<Record<StoreTable, DiskTable>>;
  /** How many times larger than usual a step should be. */
  readonly haste: () => number;
}

/** Runs one checkpoint at a time. */
export class Checkpoint {
  readonly #target: CheckpointTarget;
  #frozen: FrozenGeneration | undefined;
  #plan: Iterator<MergeStep> | undefined;
  #writing = false;
  #run: Promise<void> = Promise.resolve();
  #failure: unknown;

  constructor(target: CheckpointTarget) {
    this.#target = target;
  }

  /** The generation that is on its way, for reads. */
  get generation(): Generation | undefined {
    return this.#frozen?.generation;
  }

  /** Bytes of the redo file that waits for it. */
  get redoBytes(): number {
    return this.#frozen?.redo.bytes ?? 0;
  }

  /** What stopped the last run; the generation is still held. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Begins with a generation. There must be none on its way. */
  start(frozen: FrozenGeneration): void {
    if (this.#frozen !== undefined) throw new Error("a checkpoint is already running");
    this.#frozen = frozen;
    this.retry();
  }

  /** Begins again after a failure; otherwise does nothing. */
  retry(): void {
    if (this.#frozen === undefined || this.#plan !== undefined) return;
    this.#failure = undefined;
    this.#plan = this.#steps(this.#frozen);
    this.#run = this.#drive(this.#frozen, this.#plan);
  }

  /** Waits until nothing is on its way, or the run has failed. */
  async settled(): Promise<void> {
    await this.#run;
  }

  /** Does what is left on the caller's thread. False where the writer thread is at work: it cannot be overtaken. */
  finishNow(): boolean {
    if (this.#writing) return false;
    if (this.#frozen === undefined) return true;
    this.#frozen.redo.syncNow();
    const plan = this.#plan ?? this.#steps(this.#frozen);
    for (let step = plan.next(); step.done !== true; step = plan.next()) {
      this.#target.root.transactionSync(() => this.#write(step.value as MergeStep), DURABLE_COMMIT);
      this.#adopt(step.value);
    }
    this.#finish(this.#frozen);
    return true;
  }

  async #drive(frozen: FrozenGeneration, plan: Iterator<MergeStep>): Promise<void> {
    try {
      await frozen.redo.sync();
      // Whoever finished meanwhile has replaced the plan.
      while (this.#plan === plan) {
        const step = plan.next();
        if (step.done === true) return this.#finish(frozen);
        this.#writing = true;
        await this.#target.root.batch(() => this.#write(step.value));
        this.#writing = false;
        this.#adopt(step.value);
      }
    } catch (error) {
      this.#writing = false;
      this.#plan = undefined;
      this.#failure = error;
    }
  }

  *#steps({ generation, redo }: FrozenGeneration): Generator<MergeStep, undefined> {
    for (const name of STORE_TABLES) {
      const keys = generation.keys(name);
      const value = (index: number): Buffer | undefined =>
        generation.value(generation.find(name, keys[index] as string, hashKey(keys[index] as string)));
      for (let at = 0; at < keys.length; ) {
        const step = this.#target.tables[name].step({ keys, value }, at, this.#target.haste());
        at = step.next;
        yield step;
      }
    }
    const number = Buffer.from(String(redo.number));
    yield { next: 0, puts: [{ table: this.#target.meta, key: CHECKPOINT_KEY, value: number }], adopt: () => undefined };
    return undefined;
  }

  #write(step: MergeStep): void {
    for (const { table, key, value } of step.puts) {
      if (value === undefined) void table.remove(key);
      else void table.put(key, value);
    }
  }

  #adopt(step: MergeStep): void {
    this.#target.snapshot.move();
    step.adopt();
  }

  #finish(frozen: FrozenGeneration): void {
    frozen.redo.remove();
    this.#frozen = undefined;
    this.#plan = undefined;
    this.#failure = undefined;
  }
}
