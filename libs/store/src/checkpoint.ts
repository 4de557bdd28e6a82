/**
 * Moves a frozen generation from memory into the tables on disk, in bounded steps.
 *
 * The steps are planned on the caller's thread (about a millisecond each) and written by lmdb's writer thread, each in
 * a transaction that is forced to the disk there; between steps the event loop runs. Before the first step the redo
 * file is forced to the disk, so that the tables are never ahead of it. Where the caller is faster, or never yields,
 * {@link Checkpoint.finishNow} does the same synchronously. A failed run keeps the generation and can be started again:
 * writing a step twice is harmless.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { RootDatabase } from "lmdb";
import type { DiskTable, MergeStep, Snapshot } from "./disk-table.js";
import type { Generation } from "./generation.js";
import type { BinaryTable } from "./lmdb-files.js";
import { STORE_TABLES, type StoreTable } from "./port.js";
import type { ClosedRedoFile } from "./redo-log.js";

/** Key under which the number of the last redo file that the tables contain is kept. */
export const CHECKPOINT_KEY = "checkpoint";

/** Key under which the number of the last step of this life is kept, so that its commit can be seen. */
const STEP_KEY = "step";

/** How long a commit may wait for the writer thread. */
const WRITER_WAIT_MS_MAX = 10_000;

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

/** Undefined: a good moment for others. */
type Plan = Iterator<MergeStep | undefined>;

/** A step that lmdb's writer thread has been given. */
interface PendingWrite {
  readonly step: MergeStep;
  readonly number: number;
  started: boolean;
  readonly done: Promise<boolean>;
}

/** Runs one checkpoint at a time. */
export class Checkpoint {
  readonly #target: CheckpointTarget;
  #frozen: FrozenGeneration | undefined;
  #plan: Plan | undefined;
  #writing: PendingWrite | undefined;
  /** Of the last step that was written. */
  #number = 0;
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

  /** Forces what is on its way to the disk, where it is not there yet. */
  async sync(): Promise<void> {
    await this.#frozen?.redo.sync();
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

  /**
   * Does what is left on the caller's thread. False where that is impossible: the writer thread is at work and `wait`
   * is not set or it takes too long, or the disk refuses.
   */
  finishNow(wait: boolean): boolean {
    const frozen = this.#frozen;
    if (frozen === undefined) return true;
    if (this.#writing !== undefined && !(wait && this.#awaitWriter(this.#writing))) return false;
    try {
      frozen.redo.syncNow();
      const plan = this.#plan ?? this.#steps(frozen);
      for (let step = plan.next(); step.done !== true; step = plan.next()) {
        const { value } = step;
        if (value === undefined) continue;
        this.#target.root.transactionSync(() => this.#write(value), DURABLE_COMMIT);
        this.#adopt(value);
      }
      this.#finish(frozen);
      return true;
    } catch (error) {
      this.#fail(error);
      return false;
    }
  }

  async #drive(frozen: FrozenGeneration, plan: Plan): Promise<void> {
    try {
      await frozen.redo.sync();
      // Whoever finished meanwhile has dropped the plan.
      while (this.#plan === plan) {
        const step = plan.next();
        if (step.done === true) return this.#finish(frozen);
        if (step.value === undefined) {
          await nextTurn();
          continue;
        }
        const write = (this.#writing = this.#submit(step.value));
        await write.done;
        if (this.#plan !== plan) return;
        this.#writing = undefined;
        this.#adopt(step.value);
      }
    } catch (error) {
      if (this.#plan === plan) this.#fail(error);
    }
  }

  #submit(step: MergeStep): PendingWrite {
    const done = this.#target.root.batch(() => this.#write(step));
    const write: PendingWrite = { step, number: this.#number, started: false, done };
    // lmdb's writer thread starts in the next turns of the event loop, and from then on needs nothing of this thread.
    setImmediate(() => setImmediate(() => (write.started = true)));
    return write;
  }

  /** Blocks until the writer thread has committed; its answer through the event loop then finds nothing to do. */
  #awaitWriter(write: PendingWrite): boolean {
    if (!write.started) return false;
    const { snapshot, meta } = this.#target;
    const pause = new Int32Array(new SharedArrayBuffer(4));
    for (let waitedMs = 0; waitedMs < WRITER_WAIT_MS_MAX; waitedMs += 1) {
      snapshot.move();
      if (meta.getBinary(STEP_KEY, snapshot.options)?.toString() === String(write.number)) {
        write.step.adopt();
        this.#writing = undefined;
        // The plan goes on here; for the run that waits for the answer it has ended.
        this.#plan = this.#plan === undefined ? undefined : resume(this.#plan);
        return true;
      }
      Atomics.wait(pause, 0, 0, 1);
    }
    return false;
  }

  *#steps({ generation, redo }: FrozenGeneration): Generator<MergeStep | undefined, undefined> {
    const ordering = generation.ordering();
    let part = ordering.next();
    for (; part.done !== true; part = ordering.next()) yield undefined;
    const ordered = part.value;
    for (const name of STORE_TABLES) {
      const writes = ordered[name];
      for (let at = 0; at < writes.count; ) {
        const step = this.#target.tables[name].step(writes, at, this.#target.haste());
        at = step.next;
        yield step;
      }
    }
    const number = Buffer.from(String(redo.number));
    yield { next: 0, puts: [{ table: this.#target.meta, key: CHECKPOINT_KEY, value: number }], adopt: () => undefined };
    return undefined;
  }

  #write(step: MergeStep): void {
    this.#number += 1;
    void this.#target.meta.put(STEP_KEY, Buffer.from(String(this.#number)));
    for (const { table, key, value } of step.puts) {
      if (value === undefined) void table.remove(key);
      else void table.put(key, value);
    }
  }

  #adopt(step: MergeStep): void {
    this.#target.snapshot.move();
    step.adopt();
  }

  #fail(error: unknown): void {
    this.#writing = undefined;
    this.#plan = undefined;
    this.#failure = error;
  }

  #finish(frozen: FrozenGeneration): void {
    frozen.redo.remove();
    frozen.generation.release();
    this.#frozen = undefined;
    this.#plan = undefined;
    this.#failure = undefined;
  }
}

/** The same iteration as another object. */
function* resume(plan: Plan): Generator<MergeStep | undefined, undefined> {
  for (let step = plan.next(); step.done !== true; step = plan.next()) yield step.value;
  return undefined;
}
