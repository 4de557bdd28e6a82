/** A comparison's report for people. */
import { counted, grouped, millisecondsText } from "../printable.js";
import type { Palette } from "../terminal.js";
import type { CompareReport, Difference, EvictedKey } from "./compare-report.js";

/** The report as text, ending with a line that states the result. */
export function compareReportText(report: CompareReport, color: Palette, showsEvicted = false): string {
  const lines = showsEvicted ? report.evictedKeys.map((one) => evictedText(one, color)) : [];
  lines.push(...report.differences.map((difference) => differenceText(difference, color)));
  const unseen = report.differing + report.unsettled - report.differences.length;
  if (unseen > 0) lines.push(color.dim(`... and ${grouped(unseen)} more keys`));
  lines.push(verdictText(report, color));
  if (report.verdict !== "equal") lines.push(...report.remarks.map((remark) => color.dim(remark)));
  return `${lines.join("\n")}\n`;
}

function differenceText({ db, key, kind, type, lines, settled }: Difference, color: Palette): string {
  const where = db === 0 ? "" : `db${db} `;
  const what = settled ? color.red(kind) : color.yellow(`${kind}, still changing`);
  return [`${where}${color.bold(key)} (${type}): ${what}`, ...lines.map((line) => `    ${line}`)].join("\n");
}

function evictedText({ db, key, servers }: EvictedKey, color: Palette): string {
  return `${db === 0 ? "" : `db${db} `}${color.bold(key)}: evicted in ${servers.join(", ")}`;
}

/** What is no difference: left out, or known to be away. */
function asideText({ leftOut, local, resident, evicted }: CompareReport): string {
  const parts = Object.entries(evicted).map(([server, count]) => `${counted(count, "key")} evicted in ${server}`);
  if (local > 0) parts.push(`${grouped(local)} local`);
  if (resident > 0) parts.push(`${grouped(resident)} of other regions`);
  if (leftOut > 0) parts.push(`${grouped(leftOut)} left out`);
  return parts.map((part) => `, ${part}`).join("");
}

function verdictText(report: CompareReport, color: Palette): string {
  const { servers, verdict, keys, differing, unsettled, durationMs, keysPerSecond } = report;
  const types = Object.entries(report.keysByType).map(([type, count]) => `${grouped(count)} ${type}`);
  const scope = `${counted(keys, "key")}${types.length > 0 ? ` (${types.join(", ")})` : ""}`;
  const except = asideText(report);
  const pace = color.dim(`in ${millisecondsText(durationMs)}, ${grouped(keysPerSecond)} keys/s`);
  const names = servers.join(", ");
  if (verdict === "equal") return `${color.green("equal")}: ${names}: ${scope}${except} ${pace}`;
  const still = unsettled > 0 ? `, ${grouped(unsettled)} never stood still` : "";
  if (verdict === "different") return `${color.red("different")}: ${names}: ${grouped(differing)} of ${scope}${still}${except} ${pace}`;
  return `${color.yellow("unsettled")}: ${names}: no lasting difference${still} in ${scope}${except} ${pace}`;
}
