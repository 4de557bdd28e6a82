/**
 * Appends records to this region's log, in order, and tells when they are durable.
 *
 * Limits: `inFlightMax` appends at a time; records that wait for their turn keep their bytes in memory up to
 * `HELD_BYTES_MAX`, the rest is read back from the store.
 */
import type { MutationLog } from "@meridian/log";
import type { Publication } from "@meridian/region";
import type { MeridianError, WriterId } from "@meridian/words";

/** Bytes of waiting records kept in memory. */
export const HELD_BYTES_MAX = 16 * 1024 * 1024;

/** What a publisher works with. */
export interface PublisherDeps {
  readonly log: MutationLog;
  readonly writer: WriterId;
  readonly inFlightMax: number;
  /** Reads a record that was let go from memory. */
  readonly recall: (seq: number) => Buffer;
  readonly onPublished: (seq: number) => void;
  readonly onFailure: (error: MeridianError) => void;
}

/** See the module's comment. */
export class Publisher {
  readonly #deps: PublisherDeps;
  readonly #queue: { readonly seq: number; record: Buffer | undefined }[] = [];
  #heldBytes = 0;
  #inFlight = 0;
  #isStopped = false;

  constructor(deps: PublisherDeps) {
    this.#deps = deps;
  }

  /** Records handed over and not yet durable. */
  get pending(): number {
    return this.#queue.length + this.#inFlight;
  }

  /** Takes records for publishing, in order. */
  publish(publications: readonly Publication[]): void {
    for (const { seq, record } of publications) {
      const keep = this.#heldBytes + record.length <= HELD_BYTES_MAX;
      if (keep) this.#heldBytes += record.length;
      this.#queue.push({ seq, record: keep ? record : undefined });
    }
    this.#next();
  }

  /** Sends no more. */
  stop(): void {
    this.#isStopped = true;
  }

  #next(): void {
    while (!this.#isStopped && this.#inFlight < this.#deps.inFlightMax) {
      const item = this.#queue.shift();
      if (!item) return;
      this.#inFlight += 1;
      void this.#append(item.seq, item.record);
    }
  }

  async #append(seq: number, held: Buffer | undefined): Promise<void> {
    const { log, writer, recall, onPublished, onFailure } = this.#deps;
    try {
      await log.append(writer, held ?? recall(seq));
    } catch (error) {
      if (!this.#isStopped) onFailure(error as MeridianError);
      return;
    } finally {
      this.#inFlight -= 1;
      if (held) this.#heldBytes -= held.length;
    }
    if (this.#isStopped) return;
    onPublished(seq);
    this.#next();
  }
}
