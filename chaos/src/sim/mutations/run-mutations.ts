/** `npm run sim -- --mutations`: tries every mutation, or those that are named, and tells who caught each. */
import { availableParallelism } from "node:os";
import { wordsOf } from "../command-line.js";
import { CompiledCopy } from "./compiled-copy.js";
import type { Mutation } from "./mutation.js";
import { MUTATIONS } from "./mutation-list.js";
import { tryMutation, type Trial } from "./mutation-trial.js";

/** Runs after which a mutation has survived, unless the caller says otherwise. */
const RUNS_MAX = 5000;
const TEXT_CHARACTERS = 160;

/** Trials at the same time, each in a copy of its own. */
const JOBS_MAX = 4;

/**
 * Tells of each mutation as soon as it was tried, and of all in a table at the end. Returns false where one was not caught.
 * Throws where a name is not known, or a text does not fit.
 */
export async function runMutations(names: readonly string[], runsMax: number | undefined, say: (line: string) => void): Promise<boolean> {
  const chosen = names.length === 0 ? MUTATIONS : names.map(mutationNamed);
  const began = Date.now();
  const trials = new Map<Mutation, Trial>();
  const waiting = [...chosen];
  // An interrupt ends the trials at hand; then the copies are removed like always.
  const interrupt = new AbortController();
  const stop = (): void => interrupt.abort();
  process.once("SIGINT", stop);
  const work = async (): Promise<void> => {
    const copy = new CompiledCopy();
    try {
      for (let mutation = waiting.shift(); mutation; mutation = waiting.shift()) {
        const trial = await tryMutation(copy, mutation, runsMax ?? RUNS_MAX, interrupt.signal);
        trials.set(mutation, trial);
        for (const line of told(trial, `${trials.size}/${chosen.length}`)) say(line);
      }
    } finally {
      copy.close();
    }
  };
  try {
    const count = Math.min(JOBS_MAX, availableParallelism(), chosen.length);
    const jobs = Array.from({ length: count }, () => work().finally(() => waiting.splice(0)));
    const failed = (await Promise.allSettled(jobs)).find((job) => job.status === "rejected");
    if (failed) throw failed.reason;
  } finally {
    process.off("SIGINT", stop);
  }
  const ordered = chosen.flatMap((mutation) => trials.get(mutation) ?? []);
  for (const line of tableOf(ordered)) say(line);
  const survived = ordered.filter(({ caught }) => !caught).map(({ mutation }) => mutation.name);
  const seconds = Math.round((Date.now() - began) / 1000);
  say(`${chosen.length - survived.length} of ${chosen.length} mutations caught in ${seconds} s${survived.length === 0 ? "" : `; survived: ${survived.join(", ")}`}`);
  return survived.length === 0;
}

/** One line for each mutation. */
function tableOf(trials: readonly Trial[]): string[] {
  const rows = trials.map(({ mutation, caught, remark, runs, seconds }) => [
    mutation.name,
    caught?.checker ?? String(remark).toUpperCase(),
    caught === undefined ? "-" : String(caught.seed),
    String(runs),
    seconds.toFixed(1),
  ]);
  const all = [["mutation", "caught by", "seed", "runs", "seconds"], ...rows];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return ["", ...all.map((row) => row.map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join("  ")), ""];
}

function mutationNamed(name: string): Mutation {
  const found = MUTATIONS.find((mutation) => mutation.name === name);
  if (found) return found;
  throw new RangeError(`no mutation ${name}; there are ${MUTATIONS.map((mutation) => mutation.name).join(", ")}`);
}

function told({ mutation, caught, remark, runs, seconds }: Trial, count: string): string[] {
  const { name, breaks, options = {} } = mutation;
  const time = `${runs} ${runs === 1 ? "run" : "runs"}, ${seconds.toFixed(1)} s`;
  if (!caught) return [`${count} ${String(remark).toUpperCase()} ${name}: ${breaks} (${time})`];
  const { seed, checker, text } = caught;
  const again = ["--seed", String(seed), ...wordsOf(options)].join(" ");
  return [`${count} caught ${name}: ${breaks}`, `          by "${checker}" with ${again} (${time}): ${text.split("\n")[0]?.slice(0, TEXT_CHARACTERS) ?? ""}`];
}
