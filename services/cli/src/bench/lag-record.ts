/**
 * When markers were sent and when they were seen, and the percentiles of the difference.
 *
 * Markers are numbered from 0 and overwrite each other, so seeing one means that all before it are visible as well:
 * each is counted, at the latest with the moment at which a later one was seen.
 */
import { build, type Histogram } from "hdr-histogram-js";

/** Percentiles in milliseconds. */
export interface LagFigures {
  readonly samples: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

/** Longest lag that is told apart. */
const LAG_MAX_US = 600_000_000;

/** Records. Times are monotonic milliseconds. */
export class LagRecord {
  readonly #sentMs: number[] = [];
  readonly #seenMs: number[] = [];

  /** The next marker was sent, or should have been. */
  sent(ms: number): void {
    this.#sentMs.push(ms);
  }

  /** Marker `index` was seen. False where it, or a later one, was known. */
  visible(index: number, ms: number): boolean {
    if (index < this.#seenMs.length) return false;
    while (this.#seenMs.length <= index) this.#seenMs.push(ms);
    return true;
  }

  /** How many are known to be visible. */
  get seen(): number {
    return this.#seenMs.length;
  }

  /** Percentiles of the markers sent at `fromMs` or later. */
  figures(fromMs: number): LagFigures {
    const histogram: Histogram = build({ lowestDiscernibleValue: 1, highestTrackableValue: LAG_MAX_US, numberOfSignificantValueDigits: 3 });
    for (const [index, seenMs] of this.#seenMs.entries()) {
      const sentMs = this.#sentMs[index]!;
      if (sentMs >= fromMs) histogram.recordValue(Math.min(LAG_MAX_US, Math.max(1, Math.round((seenMs - sentMs) * 1_000))));
    }
    const ms = (percentile: number): number => (histogram.totalCount === 0 ? 0 : histogram.getValueAtPercentile(percentile) / 1_000);
    return { samples: histogram.totalCount, p50Ms: ms(50), p99Ms: ms(99), p999Ms: ms(99.9), maxMs: ms(100) };
  }
}
