/** A failing run for people: what is wrong, how to see it again, and the end of what happened. */
import { wordsOf } from "./command-line.js";
import { describeProblem } from "./checkers/problem.js";
import { replay, type RunResult } from "./run.js";
import type { SimOptions } from "./settings.js";
import { shrink } from "./shrink.js";
import { Transcript } from "./transcript.js";

/** Lines of a transcript that are shown unless all are asked for. */
const LINES_SHOWN = 160;

/** Tells a run; a failing one is made shorter first unless `whole`. */
export function tellFailure(result: RunResult, options: SimOptions, show: { readonly full: boolean; readonly whole: boolean }): string {
  const shortest = show.whole || result.problems.length === 0 ? result : shrink(result);
  const transcript = new Transcript();
  replay(shortest.settings, shortest.events, transcript);
  const { seed, regions } = result.settings;
  return [
    `seed ${seed}, ${regions} regions, ${result.events.length} events${shortest === result ? "" : `, shortened to ${shortest.events.length}`}`,
    transcript.text(show.full ? undefined : LINES_SHOWN),
    ...(result.problems.length === 0 ? ["sound"] : shortest.problems.map((problem) => `FAILED: ${describeProblem(problem)}`)),
    `again: npm run sim -- ${["--seed", String(seed), ...wordsOf(options)].join(" ")}`,
  ].join("\n");
}
