/**
 * Metrics in Prometheus' text format, over prom-client with a registry of its own: nothing is global.
 *
 * Two ways to measure. *Observed* values are read when scraped from the one place that already counts them, so that a
 * count exists once. Histograms are recorded as things happen. Names follow Prometheus' rules: base prefix, unit last,
 * `_total` for what only grows.
 */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

/** Label values of one sample. */
export type Labels = Readonly<Record<string, string>>;

/** One value with its labels. */
export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

/** A metric that is read when scraped. */
export interface ObservedMetric {
  readonly name: string;
  /** `total` only grows; `level` goes up and down. */
  readonly kind: "total" | "level";
  readonly help: string;
  readonly labels: readonly string[];
  /** All samples of now; what is no longer listed disappears. */
  readonly read: () => Iterable<Sample>;
}

/** A distribution that is recorded as it happens. */
export interface Distribution {
  record(value: number, labels?: Labels): void;
}

/** The metrics of one service. */
export class Metrics {
  readonly #registry = new Registry();

  /** What an HTTP answer with {@link Metrics.text} must say it is. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Adds a metric that is read when scraped. Throws where the name is taken. */
  observe(metric: ObservedMetric): void {
    const common = { name: metric.name, help: metric.help, labelNames: [...metric.labels], registers: [this.#registry] };
    if (metric.kind === "level") {
      new Gauge({
        ...common,
        collect() {
          this.reset();
          for (const { labels, value } of metric.read()) this.set(labels, value);
        },
      });
      return;
    }
    new Counter({
      ...common,
      // The count lives where it is counted; setting it here is resetting and adding.
      collect() {
        this.reset();
        for (const { labels, value } of metric.read()) this.inc(labels, value);
      },
    });
  }

  /** Adds a histogram with the given upper bounds. Throws where the name is taken. */
  distribution(name: string, help: string, buckets: readonly number[], labels: readonly string[] = []): Distribution {
    const histogram = new Histogram({ name, help, buckets: [...buckets], labelNames: [...labels], registers: [this.#registry] });
    return { record: (value, given = {}) => histogram.observe(given, value) };
  }

  /** Adds what every Node.js process has: CPU, memory, event loop delay, garbage collection. Call once. */
  observeProcess(): void {
    collectDefaultMetrics({ register: this.#registry });
  }

  /** Everything, in Prometheus' text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
