/** A comparison's report for people. */
import { counted, grouped, millisecondsText } from "../printable.js";
import type { Palette } from "../terminal.js";
import type { CompareReport, Difference } from "./compare-report.js";

/** The report as text, ending with a line that states the result. */
export function compareReportText(report: CompareReport, color: Palette): string {
  const lines = report.differences.map((difference) => differenceText(difference, color));
  const unseen = report.differing + report.unsettled - report.differences.length;
  if (unseen > 0) lines.push(color.dim(`... and ${grouped(unseen)} more keys`));
  lines.push(verdictText(report, color));
  return `${lines.join("\n")}\n`;
}

function differenceText({ db, key, kind, type, lines, settled }: Difference, color: Palette): string {
  const where = db === 0 ? "" : `db${db} `;
  const what = settled ? color.red(kind) : color.yellow(`${kind}, still changing`);
  return [`${where}${color.bold(key)} (${type}): ${what}`, ...lines.map((line) => `    ${line}`)].join("\n");
}

function verdictText(report: CompareReport, color: Palette): string {
  const { servers, verdict, keys, differing, unsettled, durationMs, keysPerSecond } = report;
  const types = Object.entries(report.keysByType).map(([type, count]) => `${grouped(count)} ${type}`);
  const scope = `${counted(keys, "key")}${types.length > 0 ? ` (${types.join(", ")})` : ""}`;
  const except = report.leftOut > 0 ? `, ${grouped(report.leftOut)} left out` : "";
  const pace = color.dim(`in ${millisecondsText(durationMs)}, ${grouped(keysPerSecond)} keys/s`);
  const names = servers.join(", ");
  if (verdict === "equal") return `${color.green("equal")}: ${names}: ${scope}${except} ${pace}`;
  const still = unsettled > 0 ? `, ${grouped(unsettled)} never stood still` : "";
  if (verdict === "different") return `${color.red("different")}: ${names}: ${grouped(differing)} of ${scope}${still}${except} ${pace}`;
  return `${color.yellow("unsettled")}: ${names}: no lasting difference${still} in ${scope}${except} ${pace}`;
}
