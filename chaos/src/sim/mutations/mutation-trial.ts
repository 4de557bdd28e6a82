/**
 * Runs the simulator in a mutated copy until a checker catches the mutation, in a process of its own: a mutation may also
 * run for ever, or use up the memory. Where it was caught, the same seed is run on the code as it is, which must be sound:
 * otherwise nothing was shown.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { wordsOf } from "../command-line.js";
import { runSeed } from "../run.js";
import type { SimOptions } from "../settings.js";
import type { CompiledCopy } from "./compiled-copy.js";
import type { Mutation } from "./mutation.js";

/** The first seed that is tried. */
const FIRST_SEED = 1;
/** Longest time that a mutation is tried, in ms: one that does not end by then hangs. */
const TRIAL_MS_MAX = 600_000;

/** What became of a mutation. */
export interface Trial {
  readonly mutation: Mutation;
  /** The seed that showed it, and who caught it there; undefined: nobody did. */
  readonly caught: { readonly seed: number; readonly checker: string; readonly text: string } | undefined;
  /** Why it counts for nothing, in a word or two; undefined: it does. */
  readonly remark: string | undefined;
  readonly runs: number;
  readonly seconds: number;
}

/** What `--json` prints. */
interface Verdict {
  readonly runs: number;
  readonly seed?: number;
  readonly checker?: string;
  readonly text?: string;
  readonly hangs?: boolean;
}

/** Tries a mutation for at most `runsMax` runs. Throws where its text does not fit. */
export async function tryMutation(copy: CompiledCopy, mutation: Mutation, runsMax: number, signal?: AbortSignal): Promise<Trial> {
  const began = Date.now();
  const takeBack = copy.apply(mutation);
  try {
    const { caughtBy, options = {} } = mutation;
    const known = caughtBy === undefined ? NO_RUNS : await run(copy.command, options, caughtBy, 1, signal);
    const found = known.seed === undefined && !known.hangs ? await run(copy.command, options, FIRST_SEED, runsMax, signal) : known;
    const runs = found === known ? known.runs : known.runs + found.runs;
    const { seed, checker, text: told, hangs = false } = found;
    const seconds = (Date.now() - began) / 1000;
    const trial = { mutation, caught: undefined, runs, seconds };
    if (hangs) return { ...trial, remark: "does not end" };
    if (seed === undefined || checker === undefined) return { ...trial, remark: "survived" };
    const [problem] = runSeed(seed, options).problems;
    if (problem) return { ...trial, remark: `seed ${seed} fails without it too` };
    return { ...trial, caught: { seed, checker, text: told ?? "" }, remark: undefined };
  } finally {
    takeBack();
  }
}

const NO_RUNS: Verdict = { runs: 0 };

/** Throws where the simulator does not run at all. */
async function run(command: string, options: SimOptions, from: number, runs: number, signal: AbortSignal | undefined): Promise<Verdict> {
  const args = [...process.execArgv, command, "--json", "--from", String(from), "--runs", String(runs), ...wordsOf(options)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"], timeout: TRIAL_MS_MAX, ...(signal && { signal }) });
  const [out, error] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  if (child.signalCode !== null) return { runs: 0, hangs: true };
  const line = out.trim().split("\n").at(-1) ?? "";
  if (!line.startsWith("{")) throw new Error(`the simulator does not run with the mutation: ${error.trim().slice(-2000)}`);
  return JSON.parse(line) as Verdict;
}
