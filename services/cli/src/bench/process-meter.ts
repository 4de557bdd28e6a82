/**
 * What a process has used, from /proc: CPU time of all its threads, and memory.
 *
 * Figures are undefined where the system has no /proc or the process is gone: they are then left out of reports, never
 * guessed.
 */
import { readFileSync } from "node:fs";

/** At one moment. */
export interface ProcessUse {
  /** User and system time since the process started. */
  readonly cpuSeconds: number;
  /** Largest resident size so far (VmHWM). */
  readonly rssPeakBytes: number;
  /** Resident memory that is the process' own, not mapped from files (RssAnon). */
  readonly rssAnonBytes: number;
}

/** Linux' USER_HZ, 100 on every platform that Node.js runs on. */
const TICKS_PER_SECOND = 100;

/** Reads a process' use. */
export function processUse(pid: number | undefined): ProcessUse | undefined {
  if (pid === undefined) return undefined;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" "); // begins with field 3
    const status = readFileSync(`/proc/${pid}/status`, "latin1");
    const kilobytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0);
    return {
      cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
      rssPeakBytes: kilobytes("VmHWM") * 1_024,
      rssAnonBytes: kilobytes("RssAnon") * 1_024,
    };
  } catch {
    return undefined;
  }
}

/** CPU seconds between two moments; undefined where either is unknown. */
export function cpuBetween(before: ProcessUse | undefined, after: ProcessUse | undefined): number | undefined {
  return before === undefined || after === undefined ? undefined : after.cpuSeconds - before.cpuSeconds;
}
