/**
 * Appends records to this region's logs, in order, and tells when they are durable: what several logs take comes out of order, and
 * is told when everything before it is durable too.
 *
 * Limits: `inFlightMax` appends from the oldest that is not durable on; records that wait for their turn keep their bytes in memory up to
 * `HELD_BYTES_MAX`, the rest is read back from the store.
 */
import type { LogPosition, MutationLog } from "@meridian/log";
import type { Publication } from "@meridian/region";
import type { MeridianError, WriterId } from "@meridian/words";

/** Bytes of waiting records kept in memory. */
export const HELD_BYTES_MAX = 16 * 1024 * 1024;

/** What a publisher works with. */
export interface PublisherDeps {
  readonly log: MutationLog;
  readonly inFlightMax: number;
  /** Reads a record that was let go from memory. */
  readonly recall: (seq: number) => Buffer;
  /** A record is durable, and where; it need not be the next one. */
  readonly onStored: (writer: WriterId, position: LogPosition) => void;
  /** Everything up to `seq` is durable. */
  readonly onPublished: (seq: number) => void;
  readonly onFailure: (error: MeridianError) => void;
}

interface Item {
  readonly seq: number;
  readonly writer: WriterId;
  readonly record: Buffer | undefined;
  isDurable: boolean;
}

/** See the module's comment. */
export class Publisher {
  readonly #deps: PublisherDeps;
  readonly #queue: Item[] = [];
  /** Handed to the logs and not told as durable, in order. */
  readonly #sent: Item[] = [];
  #heldBytes = 0;
  #isStopped = false;

  constructor(deps: PublisherDeps) {
    this.#deps = deps;
  }

  /** Records handed over and not yet durable. */
  get pending(): number {
    return this.#queue.length + this.#sent.length;
  }

  /** Takes records for publishing, in order. */
  publish(publications: readonly Publication[]): void {
    for (const { seq, writer, record } of publications) {
      const keep = this.#heldBytes + record.length <= HELD_BYTES_MAX;
      if (keep) this.#heldBytes += record.length;
      this.#queue.push({ seq, writer, record: keep ? record : undefined, isDurable: false });
    }
    this.#next();
  }

  /** Sends no more. */
  stop(): void {
    this.#isStopped = true;
  }

  #next(): void {
    while (!this.#isStopped && this.#sent.length < this.#deps.inFlightMax) {
      const item = this.#queue.shift();
      if (!item) return;
      this.#sent.push(item);
      void this.#append(item);
    }
  }

  async #append(item: Item): Promise<void> {
    const { seq, writer, record: held } = item;
    const { log, recall, onStored, onFailure } = this.#deps;
    try {
      onStored(writer, await log.append(writer, held ?? recall(seq)));
    } catch (error) {
      if (!this.#isStopped) onFailure(error as MeridianError);
      return;
    } finally {
      if (held) this.#heldBytes -= held.length;
    }
    if (this.#isStopped) return;
    item.isDurable = true;
    this.#tell();
    this.#next();
  }

  #tell(): void {
    let last: number | undefined;
    while (this.#sent[0]?.isDurable === true) last = this.#sent.shift()?.seq;
    if (last !== undefined) this.#deps.onPublished(last);
  }
}
