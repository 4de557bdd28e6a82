/**
 * Decides when and how far one writer's stream is trimmed: by age, and by size where a limit is set.
 *
 * Age is counted by the server's clock, from the ids that it gave. Size is a number of entries, from the recent average
 * of their bytes, so it is approximate. Both keep the last entry.
 */
import type { Entry } from "./entry.js";
import type { RawPosition } from "./position.js";
import type { RedisLogOptions } from "./redis-options.js";

/**
 * Batches between two trims. A trim with `~` removes at most 10,000 entries, and this many batches of the largest size
 * bring fewer.
 */
const TRIM_EVERY_BATCHES = 8;
/** Weight of the latest batch in the average size of an entry. */
const AVERAGE_WEIGHT = 0.2;

/** A strategy of XTRIM and its threshold. */
export type Trim = readonly ["MINID" | "MAXLEN", number];

/** The trimming of one stream. */
export class RedisTrimmer {
  readonly #options: Pick<RedisLogOptions, "retentionMs" | "streamBytesMax">;
  #batches = 0;
  #lastMs = 0;
  #entryBytes = 0;

  constructor(options: Pick<RedisLogOptions, "retentionMs" | "streamBytesMax">) {
    this.#options = options;
  }

  /** What to trim along with the next batch. */
  due(): readonly Trim[] {
    this.#batches += 1;
    if (this.#lastMs === 0 || this.#batches % TRIM_EVERY_BATCHES !== 0) return [];
    const { retentionMs, streamBytesMax } = this.#options;
    const trims: Trim[] = [["MINID", Math.max(0, this.#lastMs - retentionMs)]];
    if (streamBytesMax !== undefined) trims.push(["MAXLEN", Math.max(1, Math.floor(streamBytesMax / Math.max(1, this.#entryBytes)))]);
    return trims;
  }

  /** A batch was stored, its last entry under this id. */
  stored(entries: readonly Entry[], last: RawPosition): void {
    this.#lastMs = Number.parseInt(last, 10);
    const average = entries.reduce((sum, { payload }) => sum + payload.length, 0) / entries.length;
    this.#entryBytes = this.#entryBytes === 0 ? average : this.#entryBytes + (average - this.#entryBytes) * AVERAGE_WEIGHT;
  }
}
