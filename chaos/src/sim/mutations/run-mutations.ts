/** `npm run sim -- --mutations`: tries every mutation, or those that are named, and tells who caught each. */
import { wordsOf } from "../command-line.js";
import { CompiledCopy } from "./compiled-copy.js";
import type { Mutation } from "./mutation.js";
import { MUTATIONS } from "./mutation-list.js";
import { tryMutation, type Trial } from "./mutation-trial.js";

/** Runs after which a mutation has survived, unless the caller says otherwise. */
const RUNS_MAX = 5000;
const TEXT_CHARACTERS = 160;

/** Returns false where a mutation survived. Throws where a name is not known, or a text does not fit. */
export function runMutations(names: readonly string[], runsMax: number | undefined, say: (line: string) => void): boolean {
  const chosen = names.length === 0 ? MUTATIONS : names.map(mutationNamed);
  const copy = new CompiledCopy();
  const survived: string[] = [];
  const began = Date.now();
  // An interrupt ends the trial at hand; then the copy is removed like always.
  const goOn = (): void => undefined;
  process.on("SIGINT", goOn);
  try {
    for (const mutation of chosen) {
      const trial = tryMutation(copy, mutation, runsMax ?? RUNS_MAX);
      if (!trial.caught) survived.push(mutation.name);
      for (const line of told(trial)) say(line);
    }
  } finally {
    process.off("SIGINT", goOn);
    copy.close();
  }
  const seconds = Math.round((Date.now() - began) / 1000);
  say(`${chosen.length - survived.length} of ${chosen.length} mutations caught in ${seconds} s${survived.length === 0 ? "" : `; survived: ${survived.join(", ")}`}`);
  return survived.length === 0;
}

function mutationNamed(name: string): Mutation {
  const found = MUTATIONS.find((mutation) => mutation.name === name);
  if (found) return found;
  throw new RangeError(`no mutation ${name}; there are ${MUTATIONS.map((mutation) => mutation.name).join(", ")}`);
}

function told({ mutation, caught, runs, seconds }: Trial): string[] {
  const { name, breaks, options = {} } = mutation;
  const time = `${runs} ${runs === 1 ? "run" : "runs"}, ${seconds.toFixed(1)} s`;
  if (!caught) return [`SURVIVED  ${name}: ${breaks} (${time})`];
  const { seed, checker, text } = caught;
  const again = ["--seed", String(seed), ...wordsOf(options)].join(" ");
  return [`caught    ${name}: ${breaks}`, `          by "${checker}" with ${again} (${time}): ${text.split("\n")[0]?.slice(0, TEXT_CHARACTERS) ?? ""}`];
}
