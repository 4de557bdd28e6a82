/** A view of a mesh as a table, with notes below it for whatever an operator should know. */
import Table from "cli-table3";
import { bytesText, grouped, millisecondsText } from "../printable.js";
import type { Palette } from "../terminal.js";
import type { PipelineStatus } from "./agent-status.js";
import type { StatusRow, StatusView } from "./status-view.js";

const HEAD = ["region", "state", "captured", "published", "received", "applied", "lag p50 / p99", "conflicts", "waiting", "store", "log"];
const GOOD_STATES = new Set(["running", "up"]);
const BAD_STATES = new Set(["quarantined", "fenced", "stopped", "down"]);

/** The table and its notes. */
export function statusText(view: StatusView, color: Palette): string {
  const table = new Table({
    head: HEAD.map((title) => color.bold(title)),
    colAligns: ["left", "left", "right", "right", "right", "right", "left", "right", "right", "right", "left"],
    style: { head: [], border: [], compact: true },
  });
  for (const row of view.rows) table.push(cells(row, color));
  const notes = view.rows.flatMap((row) => notesOf(row, color));
  return `${table.toString()}\n${notes.map((note) => `${note}\n`).join("")}`;
}

function cells(row: StatusRow, color: Palette): (string | { content: string; colSpan: number })[] {
  const { pipeline, rates } = row;
  const name = color.bold(rowName(row));
  if (pipeline === undefined) return [name, { content: color.red("out of reach"), colSpan: HEAD.length - 1 }];
  const rate = (perSecond: number | undefined): string => (perSecond === undefined ? "-" : `${grouped(perSecond)}/s`);
  const { apply, publish, store, log } = pipeline;
  return [
    name,
    stateText(pipeline.state, color),
    rate(rates?.captured),
    rate(rates?.published),
    rate(rates?.received),
    rate(rates?.applied),
    pipeline.peers.map((peer) => peerText(peer, color)).join("\n"),
    grouped(apply.conflicts),
    publish.pendingRecords === 0 ? "0" : `${grouped(publish.pendingRecords)} (${bytesText(publish.pendingBytes)})`,
    `${bytesText(store.bytes)}\n${grouped(store.cells)} cells`,
    `${log.kind} ${stateText(log.state, color)}`,
  ];
}

function rowName({ region, pipeline }: StatusRow): string {
  return pipeline === undefined || pipeline.server === "0" ? region : `${region}/${pipeline.server}`;
}

function peerText({ writer, state, lagSamples, lagMsP50, lagMsP99 }: PipelineStatus["peers"][number], color: Palette): string {
  const name = writer.endsWith("/0") ? writer.slice(0, -2) : writer;
  const lag = lagSamples === 0 ? `${name} -` : `${name} ${millisecondsText(lagMsP50)} / ${millisecondsText(lagMsP99)}`;
  return state === "up" ? lag : `${lag} ${stateText(state, color)}`;
}

function stateText(state: string, color: Palette): string {
  if (GOOD_STATES.has(state)) return color.green(state);
  return BAD_STATES.has(state) ? color.red(state) : color.yellow(state);
}

function notesOf(row: StatusRow, color: Palette): string[] {
  const name = rowName(row);
  const { pipeline } = row;
  if (pipeline === undefined) return [color.red(`${name} (${row.agentUrl}): ${row.error ?? "no answer"}`)];
  const notes: string[] = [];
  if (pipeline.reason !== undefined) {
    const advice = pipeline.advice === undefined ? "" : `; ${pipeline.advice}`;
    notes.push(color.yellow(`${name} is ${pipeline.state}: ${pipeline.reason}${advice}`));
  }
  if (pipeline.log.lastError !== undefined && pipeline.log.state !== "up") {
    notes.push(color.red(`${name}: log: ${pipeline.log.lastError}`));
  }
  const unsupported = countsText(pipeline.unsupported);
  if (unsupported !== "") notes.push(color.yellow(`${name}: not replicated: ${unsupported}`));
  for (const notice of pipeline.notices) notes.push(color.yellow(`${name}: ${notice}`));
  const whole = countsText(pipeline.wholeValue);
  if (whole !== "") notes.push(color.dim(`${name}: replicated as whole values, last writer wins: ${whole}`));
  const drifting = pipeline.peers.filter(({ driftMs }) => Math.abs(driftMs) >= DRIFT_NOTED_MS);
  if (drifting.length > 0) {
    notes.push(color.yellow(`${name}: clocks differ: ${drifting.map(({ writer, driftMs }) => `${writer} ${driftMs} ms`).join(", ")}`));
  }
  return notes;
}

/** Smaller differences of clocks are usual. */
const DRIFT_NOTED_MS = 100;

function countsText(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `${name} (${grouped(count)})`)
    .join(", ");
}
