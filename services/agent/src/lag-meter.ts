/**
 * Lag: the time from a write in its region to its being visible here, as percentiles over a sliding window, per writer.
 *
 * Memory is fixed: log-linear buckets (exact below 64 ms, above within 1/32), in slices of the window that are cleared as
 * time passes them. A percentile is never understated by the buckets: the upper edge is reported. The clocks of two
 * machines are compared, so a reading can be negative: it counts as 0. Writers beyond {@link WRITERS_MAX} are refused.
 */

/** Parts of the window; it slides by one of them. */
const SLICES = 6;

/** Sub-buckets of each power of two: the relative error is 1/32. */
const SUB_BITS = 5;
const EXACT_BELOW = 2 ** (SUB_BITS + 1);

/** Largest lag that is told apart (24 days); longer ones count as this. */
export const LAG_MS_MAX = 2 ** 31 - 1;

const BUCKETS = bucketOf(LAG_MS_MAX) + 1;

/** Writers that are measured: 32 regions of 16 servers. */
export const WRITERS_MAX = 512;

/** Percentiles of one writer's lag; all 0 where nothing came within the window. */
export interface LagSummary {
  readonly samples: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
}

/** Measures lag. `nowMs` arguments are a clock that never goes back; only differences matter. */
export class LagMeter {
  readonly #sliceMs: number;
  readonly #windows = new Map<string, LagWindow>();

  /** `windowMs`: how far back percentiles look, to within a sixth of it. */
  constructor(windowMs: number) {
    this.#sliceMs = windowMs / SLICES;
  }

  /** Records that `count` mutations of `writer` became visible after `lagMs`. Cost: a map lookup and an addition. */
  record(writer: string, lagMs: number, count: number, nowMs: number): void {
    this.#windowOf(writer)?.record(lagMs, count, Math.floor(nowMs / this.#sliceMs));
  }

  /** Percentiles of a writer's lag at `nowMs`. */
  summary(writer: string, nowMs: number): LagSummary {
    const window = this.#windows.get(writer);
    return window === undefined ? NOTHING : window.summary(Math.floor(nowMs / this.#sliceMs));
  }

  #windowOf(writer: string): LagWindow | undefined {
    const known = this.#windows.get(writer);
    if (known !== undefined || this.#windows.size >= WRITERS_MAX) return known;
    const made = new LagWindow();
    this.#windows.set(writer, made);
    return made;
  }
}

const NOTHING: LagSummary = { samples: 0, p50Ms: 0, p99Ms: 0, p999Ms: 0 };

/** A ring of slices; the slice of time `t` stands at `t % SLICES` and is valid while its stamp is `t`. */
class LagWindow {
  readonly #counts = Array.from({ length: SLICES }, () => new Float64Array(BUCKETS));
  readonly #stamps = new Array<number>(SLICES).fill(-Infinity);

  record(lagMs: number, count: number, slice: number): void {
    const at = ((slice % SLICES) + SLICES) % SLICES;
    const counts = this.#counts[at]!;
    if (this.#stamps[at] !== slice) {
      counts.fill(0);
      this.#stamps[at] = slice;
    }
    counts[bucketOf(lagMs)]! += count;
  }

  summary(slice: number): LagSummary {
    const live = this.#counts.filter((_, at) => this.#stamps[at]! > slice - SLICES);
    const sums = new Float64Array(BUCKETS);
    for (const counts of live) for (let at = 0; at < BUCKETS; at++) sums[at]! += counts[at]!;
    const samples = sums.reduce((sum, count) => sum + count, 0);
    if (samples === 0) return NOTHING;
    return { samples, p50Ms: quantile(sums, samples, 0.5), p99Ms: quantile(sums, samples, 0.99), p999Ms: quantile(sums, samples, 0.999) };
  }
}

/** The least value with at least `share` of all samples at or below it. */
function quantile(counts: Float64Array, samples: number, share: number): number {
  const rank = Math.ceil(samples * share);
  let seen = 0;
  for (let at = 0; at < BUCKETS; at++) {
    seen += counts[at]!;
    if (seen >= rank) return upperEdge(at);
  }
  return LAG_MS_MAX;
}

function bucketOf(lagMs: number): number {
  const value = Math.min(Math.max(Math.round(lagMs), 0), LAG_MS_MAX);
  if (value < EXACT_BELOW) return value;
  const exponent = 31 - Math.clz32(value);
  const sub = (value >>> (exponent - SUB_BITS)) & (2 ** SUB_BITS - 1);
  return EXACT_BELOW + (exponent - SUB_BITS - 1) * 2 ** SUB_BITS + sub;
}

function upperEdge(bucket: number): number {
  if (bucket < EXACT_BELOW) return bucket;
  const octave = Math.floor((bucket - EXACT_BELOW) / 2 ** SUB_BITS);
  const sub = (bucket - EXACT_BELOW) % 2 ** SUB_BITS;
  return (2 ** SUB_BITS + sub + 1) * 2 ** (octave + 1) - 1;
}
