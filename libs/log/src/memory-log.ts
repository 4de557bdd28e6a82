/**
 * The log in memory, for tests and the simulator: deterministic, inspectable, with the same entries and checks as the
 * real ones. Handles made on one {@link MemoryShelf} see the same records, like processes on one server.
 */
import { regionOf, type WriterId } from "@meridian/words";
import type { Entry, StoredEntry } from "./entry.js";
import type { EntryStore, LogTail, StoreLimits } from "./entry-store.js";
import { FramedLog } from "./framed-log.js";
import { HealthWatch, SILENT } from "./health.js";
import { pause, type Wait } from "./patience.js";
import type { LogHooks } from "./port.js";
import type { RawPosition } from "./position.js";

/** Entries handed to a reader at once. */
const READ_ENTRIES_MAX = 64;

const DEFAULT_LIMITS: StoreLimits = { entryBytesMax: 1 << 20, batchBytesMax: 4 << 20, batchEntriesMax: 1024 };

interface Stream {
  readonly entries: StoredEntry[];
  last: number;
  readonly waiting: Set<() => void>;
}

/** What is stored. A test may look, trim, and make it fail. */
export class MemoryShelf {
  readonly #streams = new Map<WriterId, Stream>();
  /** Called before a batch is stored; what it throws is what the log rejects with. */
  beforeStore: ((writer: WriterId, entries: readonly Entry[]) => void | Promise<void>) | undefined;
  /** Called after a batch was stored and before it is acknowledged: throwing loses the acknowledgement. */
  afterStore: ((writer: WriterId, entries: readonly Entry[]) => void | Promise<void>) | undefined;

  /** The entries that stand in a writer's log, oldest first. */
  entriesOf(writer: WriterId): readonly StoredEntry[] {
    return this.#streamOf(writer).entries;
  }

  /** Removes the oldest entries, as retention does. */
  trim(writer: WriterId, keep: number): void {
    const { entries } = this.#streamOf(writer);
    entries.splice(0, Math.max(0, entries.length - keep));
  }

  /** The raw position of the last entry ever stored for a writer. */
  lastRaw(writer: WriterId): RawPosition | undefined {
    const { last } = this.#streamOf(writer);
    return last === 0 ? undefined : String(last);
  }

  /** Adds entries and wakes readers. Payloads are copied, because their owners may use the memory again. */
  add(writer: WriterId, entries: readonly Entry[]): readonly RawPosition[] {
    const stream = this.#streamOf(writer);
    const raws = entries.map(({ header, payload }) => {
      const raw = String((stream.last += 1));
      stream.entries.push({ raw, header, payload: Buffer.from(payload) });
      return raw;
    });
    for (const wake of stream.waiting) wake();
    return raws;
  }

  /** Resolves when entries were added for a writer, or `signal` aborts. */
  added(writer: WriterId, signal: AbortSignal): Promise<void> {
    const { waiting } = this.#streamOf(writer);
    return new Promise((resolve) => {
      const wake = (): void => {
        waiting.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      waiting.add(wake);
      signal.addEventListener("abort", wake, { once: true });
      if (signal.aborted) wake();
    });
  }

  #streamOf(writer: WriterId): Stream {
    let stream = this.#streams.get(writer);
    if (!stream) this.#streams.set(writer, (stream = { entries: [], last: 0, waiting: new Set() }));
    return stream;
  }
}

/** Options of a memory log. */
export interface MemoryLogOptions {
  /** What is stored; handles on the same shelf share it. A new one by default. */
  readonly shelf?: MemoryShelf;
  readonly limits?: Partial<StoreLimits>;
  readonly hooks?: LogHooks;
  /** Fixed by default, so that runs repeat; give each handle its own where two of them append for one writer. */
  readonly random?: () => number;
  readonly now?: () => number;
  /** How it waits between attempts; real time by default. */
  readonly wait?: Wait;
}

/** Opens a log in memory. */
export function memoryLog(options: MemoryLogOptions = {}): FramedLog {
  const now = options.now ?? ((): number => 0);
  const hooks = options.hooks ?? {};
  const shelf = options.shelf ?? new MemoryShelf();
  const store = new MemoryStore(shelf, { ...DEFAULT_LIMITS, ...options.limits });
  const watch = new HealthWatch(now, SILENT, hooks);
  const random = options.random ?? ((): number => 0.5);
  return new FramedLog({ store, watch, hooks, random, now, wait: options.wait ?? pause });
}

class MemoryStore implements EntryStore {
  readonly kind = "memory";
  readonly limits: StoreLimits;
  readonly #shelf: MemoryShelf;

  constructor(shelf: MemoryShelf, limits: StoreLimits) {
    this.#shelf = shelf;
    this.limits = limits;
  }

  prepare(writers: readonly WriterId[]): Promise<void> {
    for (const writer of writers) regionOf(writer);
    return Promise.resolve();
  }

  tail(writer: WriterId, count: number): Promise<LogTail> {
    const lastRaw = this.#shelf.lastRaw(writer);
    const entries = this.#shelf.entriesOf(writer).slice(-count);
    return Promise.resolve({ entries, ...(lastRaw !== undefined && { lastRaw }) });
  }

  async store(writer: WriterId, entries: readonly Entry[]): Promise<readonly RawPosition[]> {
    await this.#shelf.beforeStore?.(writer, entries);
    const raws = this.#shelf.add(writer, entries);
    await this.#shelf.afterStore?.(writer, entries);
    return raws;
  }

  async *follow(
    writer: WriterId,
    after: RawPosition | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<readonly StoredEntry[], void, undefined> {
    let last = Number(after ?? 0);
    while (!signal.aborted) {
      const entries = this.#shelf.entriesOf(writer);
      const first = entries.length === 0 ? 0 : Number((entries[0] as StoredEntry).raw);
      const from = Math.max(0, last + 1 - first);
      const page = entries.slice(from, from + READ_ENTRIES_MAX);
      if (page.length === 0) {
        await this.#shelf.added(writer, signal);
        continue;
      }
      last = Number((page.at(-1) as StoredEntry).raw);
      yield page;
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
