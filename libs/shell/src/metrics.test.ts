import { expect, test } from "vitest";
import { Metrics, type Sample } from "./metrics.js";

test("observed metrics are what is read at each scrape, and vanish when no longer listed", async () => {
  const metrics = new Metrics();
  let samples: Sample[] = [{ labels: { peer: "us" }, value: 3 }];
  metrics.observe({ name: "m_received_total", kind: "total", help: "Received.", labels: ["peer"], read: () => samples });
  metrics.observe({ name: "m_queue_bytes", kind: "level", help: "Queued.", labels: ["peer"], read: () => samples });
  expect(await metrics.text()).toContain('# HELP m_received_total Received.\n# TYPE m_received_total counter\nm_received_total{peer="us"} 3');
  samples = [{ labels: { peer: "ap" }, value: 5 }];
  const text = await metrics.text();
  expect(text).toContain('m_received_total{peer="ap"} 5');
  expect(text).toContain('# TYPE m_queue_bytes gauge\nm_queue_bytes{peer="ap"} 5');
  expect(text).not.toContain("us");
});

test("distributions are recorded; names are taken once; registries are separate", async () => {
  const metrics = new Metrics();
  metrics.distribution("m_batch_cells", "Cells.", [1, 10]).record(5);
  expect(await metrics.text()).toContain('m_batch_cells_bucket{le="10"} 1');
  expect(() => metrics.distribution("m_batch_cells", "Cells.", [1])).toThrow(/already been registered/);
  expect(await new Metrics().text()).not.toContain("m_batch_cells");
});

test("a process is observed in its own registry, twice in one process", async () => {
  for (const metrics of [new Metrics(), new Metrics()]) {
    metrics.observeProcess();
    expect(await metrics.text()).toContain("process_cpu_seconds_total");
  }
});
