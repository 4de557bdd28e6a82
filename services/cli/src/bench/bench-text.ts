/** A benchmark's report as tables. */
import Table from "cli-table3";
import { bytesText, grouped, millisecondsText } from "../printable.js";
import type { Palette } from "../terminal.js";
import type { BenchReport, RunReport, WayReport, WorkloadReport } from "./bench-report.js";
import type { LagFigures } from "./lag-record.js";
import { WORKLOADS } from "./workload.js";

/** The report as text. */
export function benchText({ machine, settings, workloads }: BenchReport, color: Palette): string {
  const { seconds, keys, valueBytes, windowCommands, agentArgs } = settings;
  const lines = [
    `${machine.cpu}, ${machine.cores} cores, ${bytesText(machine.memoryBytes)}, ${machine.system}; Node ${machine.node}, ${machine.server}; ${machine.date}`,
    `everything on this one machine, the load process included; ${seconds} s each after a warm-up, ${grouped(keys)} keys, values of ${valueBytes} bytes, at full rate ${grouped(windowCommands)} commands on their way at most`,
    ...(agentArgs.length > 0 ? [`agents with ${agentArgs.join(" ")}`] : []),
  ];
  for (const workload of workloads) lines.push("", ...workloadText(workload, color));
  return `${lines.join("\n")}\n`;
}

function workloadText(report: WorkloadReport, color: Palette): string[] {
  const ways = [...report.meridian, report.native];
  const errors = ways.reduce((sum, { full, half }) => sum + full.errors + half.errors, 0);
  return [
    color.bold(`${report.workload}: ${WORKLOADS[report.workload]}`),
    ...(errors > 0 ? [color.red(`${grouped(errors)} commands were refused by the servers`)] : []),
    speedTable(report, color),
    costTable(ways, color),
  ];
}

function speedTable({ meridian, native }: WorkloadReport, color: Palette): string {
  const table = plainTable(
    ["", "visible/s", "captured/s", "published/s", "applied/s", "lag p50/p99/p99.9 full", "at half rate", "lag p50/p99/p99.9 half"],
    color,
  );
  for (const { name, full, half } of [...meridian, native]) {
    const [source, target] = full.agents;
    table.push([
      name,
      grouped(full.visiblePerSecond),
      source === undefined ? "" : grouped(source.capturedPerSecond),
      source === undefined ? "" : grouped(source.publishedPerSecond),
      target === undefined ? "" : grouped(target.appliedPerSecond),
      lagText(full.lag),
      `${grouped(half.commandsPerSecond ?? 0)}/s`,
      lagText(half.lag),
    ]);
  }
  for (const { name, full, half } of meridian) {
    const share = full.visiblePerSecond / native.full.visiblePerSecond;
    const slower = (of: (lag: LagFigures) => number): string => `${(of(half.lag) / Math.max(0.001, of(native.half.lag))).toFixed(1)}x`;
    table.push([`${name} / native`, `${(share * 100).toFixed(0)} %`, "", "", "", "", "", `${slower((lag) => lag.p50Ms)} / ${slower((lag) => lag.p99Ms)}`]);
  }
  return table.toString();
}

function costTable(ways: readonly WayReport[], color: Palette): string {
  const table = plainTable(["", "CPU seconds per million commands (full rate)", "largest resident memory (of it anonymous now)"], color);
  for (const { name, full } of ways) table.push([name, cpuText(full), memoryText(full)]);
  return table.toString();
}

function plainTable(head: readonly string[], color: Palette): Table.Table {
  return new Table({ head: head.map((title) => color.bold(title)), style: { head: [], border: [], compact: true } });
}

function cpuText({ processes }: RunReport): string {
  const all = processes.map(({ name, cpuSecondsPerMillion: cpu }) => `${name} ${cpu === undefined ? "-" : cpu.toFixed(2)}`);
  const sum = processes.reduce((total, { cpuSecondsPerMillion: cpu }) => total + (cpu ?? 0), 0);
  return `${all.join("\n")}\nsum ${sum.toFixed(2)}`;
}

function memoryText({ processes }: RunReport): string {
  return processes
    .map(({ name, rssPeakBytes: peak, rssAnonBytes: anon }) => `${name} ${peak === undefined ? "-" : bytesText(peak)} (${anon === undefined ? "-" : bytesText(anon)})`)
    .join("\n");
}

function lagText({ p50Ms, p99Ms, p999Ms }: LagFigures): string {
  return [p50Ms, p99Ms, p999Ms].map(millisecondsText).join(" / ");
}
