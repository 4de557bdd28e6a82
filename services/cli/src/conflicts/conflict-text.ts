/** Conflicts as lines for people: who lost what, to whom, by which rule. Long values are cut; JSON has them whole. */
import { printable } from "../printable.js";
import type { Palette } from "../terminal.js";
import { bytesTold, type Conflict, type ToldBytes } from "./conflict-source.js";

/** Bytes of a key or value that are shown. */
const SHOWN_BYTES_MAX = 40;
const RULE_WIDTH = 8;

/** One conflict in one line. */
export function conflictLine(conflict: Conflict, color: Palette): string {
  const { id, atMs, rule, loser, winner, recordedBy } = conflict;
  const time = new Date(atMs).toISOString().replace("T", " ").slice(0, 23);
  const winnerText = winner ? `${color.green(regionOf(winner.writer))} ${visibleText(conflict)}` : visibleText(conflict);
  const parts = [color.dim(time), id, color.yellow(rule.padEnd(RULE_WIDTH)), color.bold(cellText(conflict)), `${color.red(regionOf(loser.writer))} ${lostText(conflict)}`, "->", winnerText, color.dim(`(${recordedBy.join(",")})`)];
  return `${parts.join("  ")}\n`;
}

/** The cell, as a person would name it. */
export function cellText({ db, kind, key, field }: Conflict): string {
  const name = `${db === 0 ? "" : `db ${db} `}${shown(key)}`;
  if (kind === "t") return `${name} (deadline)`;
  return field === "" ? name : `${name} ${shown(field)}`;
}

function lostText({ rule, kind, value, valueBytes, isRemoval }: Conflict): string {
  if (isRemoval === true) return "removed the key";
  if (rule === "home") return "wrote it";
  if (rule === "remove") return kind === "k" ? "removed the key" : "removed it";
  if (rule === "type" && kind === "e") return "added it";
  if (rule === "type" && (kind === "x" || kind === "g") && value === undefined) return "made the stream";
  if (value === undefined) return valueBytes === undefined ? "a long value (not kept)" : `${valueBytes} bytes (not kept)`;
  if (kind === "t") return deadlineText(bytesTold(value).toString());
  const text = kind === "w" ? `${bytesTold(value).length} bytes of DUMP` : shown(value);
  return rule === "hidden" ? `+ ${text}` : text;
}

function visibleText({ rule, kind, visible }: Conflict): string {
  if (rule === "home") return `its home is ${visible === undefined ? "elsewhere" : bytesTold(visible).toString()}`;
  if (rule === "remove") return "wrote it meanwhile";
  if (rule === "moved") return "has it, the other stands beside";
  if (rule === "type") return `made it a ${visible === undefined ? "value of another type" : typeText(bytesTold(visible).toString())}`;
  if (visible === undefined) return "a long value";
  return kind === "t" ? deadlineText(bytesTold(visible).toString()) : shown(visible);
}

/** Whole values have a type that the ledger does not know. */
function typeText(type: string): string {
  return type === "any" ? "value of another type" : type;
}

function deadlineText(text: string): string {
  return /^\d+$/.test(text) ? `until ${new Date(Number(text)).toISOString()}` : "no deadline";
}

function shown(told: ToldBytes): string {
  return printable(bytesTold(told), SHOWN_BYTES_MAX);
}

function regionOf(writer: string): string {
  return writer.split("/", 1)[0] ?? writer;
}
