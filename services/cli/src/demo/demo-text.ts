/** The demonstration's report for people: short, and nothing in it that was not measured. */
import { compareReportText } from "../diff/report-text.js";
import { grouped, millisecondsText } from "../printable.js";
import type { Palette } from "../terminal.js";
import type { DemoReport } from "./demo.js";
import { BEHIND_MS_MAX } from "./pace.js";

/** The report, ending with the one line that says whether it holds. */
export function demoText(report: DemoReport, color: Palette): string {
  const { writes, comparison } = report;
  const benchmark = writes.redisBenchmark > 0 ? ` (${grouped(writes.redisBenchmark)} by redis-benchmark)` : "";
  const trouble = writes.refused + writes.unanswered > 0 ? `, ${writes.refused} refused, ${writes.unanswered} unanswered` : "";
  const lines = [
    "",
    `writes      ${grouped(writes.conflict + writes.redisBenchmark)} acknowledged${benchmark}${trouble}, ${grouped(report.writesPerSecond)}/s in all`,
    `paced       clients waited ${millisecondsText(report.waitedMs)} of ${millisecondsText(report.writingMs)} for regions that were more than ${BEHIND_MS_MAX} ms behind`,
    `conflicts   ${grouped(report.conflicts)} merged`,
    `lag         ${lagText(report)}`,
    `agents      ${report.agents.map((agent) => agentText(agent, report.writingMs)).join("\n            ")}`,
    `settled     ${report.unrest ?? `${millisecondsText(report.quietAfterMs)} after the last write`}`,
    "",
  ];
  if (!report.equal) lines.push(compareReportText(comparison, color).trimEnd());
  for (const { what, expected, found } of report.inexact.slice(0, INEXACT_SHOWN)) {
    const values = Object.entries(found).map(([region, value]) => `${region} ${value}`);
    lines.push(`${color.red("inexact")}: ${what}: acknowledged ${expected}, found ${values.join(", ")}`);
  }
  lines.push(verdict(report, color), "");
  return lines.join("\n");
}

const INEXACT_SHOWN = 20;

function lagText({ agents }: DemoReport): string {
  const all = agents.flatMap(({ lagMs }) => lagMs);
  const worst = (of: "p50" | "p99"): string => millisecondsText(Math.max(...all.map((lag) => lag[of])));
  return all.length === 0 ? "not measured" : `p50 ${worst("p50")}, p99 ${worst("p99")} from write to visible (the slowest pair of regions)`;
}

function agentText({ region, mutationsPublished, mutationsReceived, cellsApplied }: DemoReport["agents"][number], writingMs: number): string {
  const rate = grouped((mutationsPublished * 1_000) / writingMs);
  return `${region}: ${grouped(mutationsPublished)} published (${rate}/s), ${grouped(mutationsReceived)} received, ${grouped(cellsApplied)} applied`;
}

function verdict({ regions, equal, countersExact, exactCells, inexact, comparison, writes }: DemoReport, color: Palette): string {
  const first = equal ? `${regions.length} regions equal` : `${regions.length} regions NOT equal: ${grouped(comparison.differing + comparison.unsettled)} keys differ`;
  const unanswered = writes.unanswered > 0 ? "counters not judged (writes without answer)" : `${inexact.length} of ${exactCells} totals NOT exact`;
  const second = countersExact ? `counters exact (${exactCells} totals)` : unanswered;
  const text = `${first}, ${grouped(comparison.keys)} keys, ${second}`;
  return equal && countersExact ? color.green(color.bold(text)) : color.red(color.bold(text));
}
