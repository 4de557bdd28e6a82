/**
 * Runs the simulator in a mutated copy until a checker catches the mutation, in a process of its own: a mutation may also
 * run for ever, or use up the memory. Where it was caught, the same seed is run on the code as it is, which must be sound:
 * otherwise nothing was shown.
 */
import { spawnSync } from "node:child_process";
import { wordsOf } from "../command-line.js";
import { runSeed } from "../run.js";
import type { SimOptions } from "../settings.js";
import type { CompiledCopy } from "./compiled-copy.js";
import type { Mutation } from "./mutation.js";

/** The first seed that is tried. */
const FIRST_SEED = 1;
/** Longest time that a mutation is tried, in ms: one that does not end by then hangs. */
const TRIAL_MS_MAX = 600_000;
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

/** What became of a mutation. */
export interface Trial {
  readonly mutation: Mutation;
  /** The seed that showed it, and who caught it there; undefined: it survived. */
  readonly caught: { readonly seed: number; readonly checker: string; readonly text: string } | undefined;
  readonly runs: number;
  readonly seconds: number;
}

/** What `--json` prints. */
interface Verdict {
  readonly runs: number;
  readonly seed?: number;
  readonly checker?: string;
  readonly text?: string;
}

/** Tries a mutation for at most `runsMax` runs. Throws where its text does not fit, or the code fails without it too. */
export function tryMutation(copy: CompiledCopy, mutation: Mutation, runsMax: number): Trial {
  const began = Date.now();
  const takeBack = copy.apply(mutation);
  try {
    const verdict = run(copy.command, mutation.options ?? {}, runsMax, mutation.name);
    const seconds = (Date.now() - began) / 1000;
    const { seed, checker, text, runs } = verdict;
    if (seed === undefined || checker === undefined) return { mutation, caught: undefined, runs, seconds };
    const [problem] = runSeed(seed, mutation.options).problems;
    if (problem) throw new Error(`seed ${seed} fails without the mutation ${mutation.name} too: ${problem.checker}: ${problem.text}`);
    return { mutation, caught: { seed, checker, text: text ?? "" }, runs, seconds };
  } finally {
    takeBack();
  }
}

function run(command: string, options: SimOptions, runs: number, name: string): Verdict {
  const args = [command, "--json", "--from", String(FIRST_SEED), "--runs", String(runs), ...wordsOf(options)];
  const done = spawnSync(process.execPath, args, { encoding: "utf8", timeout: TRIAL_MS_MAX, maxBuffer: OUTPUT_BYTES_MAX });
  if (done.error) throw new Error(`the mutation ${name} does not end`, { cause: done.error });
  if (done.signal) throw new Error(`stopped by ${done.signal}`);
  const line = done.stdout.trim().split("\n").at(-1) ?? "";
  if (!line.startsWith("{")) throw new Error(`the simulator does not run with the mutation ${name}: ${done.stderr.trim().slice(-2000)}`);
  return JSON.parse(line) as Verdict;
}
