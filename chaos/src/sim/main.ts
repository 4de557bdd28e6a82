#!/usr/bin/env node
/**
 * `npm run sim`: runs of the simulator until one fails, a number is reached or time is over.
 *
 *     --seed N      that one run, with its transcript    --from N      the first seed (default: by the clock)
 *     --runs N      so many runs                         --minutes M   so long
 *     --regions N   always so many regions               --commands N  so many client commands per run
 *     --families a,b   only these kinds of keys          --clashes     one name for keys of different types
 *     --full        the whole transcript, not the end    --whole       do not shorten a failing run
 *     --keep-going  count failures instead of stopping at the first
 */
import { parseArgs } from "node:util";
import { runSeed } from "./run.js";
import { FAMILIES, type Family, type SimOptions } from "./settings.js";
import { tellFailure } from "./failure-text.js";

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    from: { type: "string" },
    runs: { type: "string" },
    minutes: { type: "string" },
    regions: { type: "string" },
    commands: { type: "string" },
    families: { type: "string" },
    clashes: { type: "boolean", default: false },
    full: { type: "boolean", default: false },
    whole: { type: "boolean", default: false },
    "keep-going": { type: "boolean", default: false },
  },
});

const options: SimOptions = {
  ...(values.regions === undefined ? {} : { regions: Number(values.regions) }),
  ...(values.commands === undefined ? {} : { commands: Number(values.commands) }),
  ...(values.families === undefined ? {} : { families: values.families.split(",").filter((name): name is Family => (FAMILIES as readonly string[]).includes(name)) }),
  clashes: values.clashes,
};

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Runs one seed and shows it. */
function runOne(seed: number): boolean {
  const result = runSeed(seed, options);
  say(tellFailure(result, options, { full: values.full, whole: values.whole }));
  return result.problems.length === 0;
}

/** Runs seed after seed. Returns the number of failures. */
function runMany(from: number): number {
  const began = Date.now();
  const runsMax = values.runs === undefined ? (values.minutes === undefined ? 1000 : Infinity) : Number(values.runs);
  const until = values.minutes === undefined ? Infinity : began + Number(values.minutes) * 60_000;
  const failed: number[] = [];
  let runs = 0;
  let events = 0;
  for (; runs < runsMax && Date.now() < until; runs += 1) {
    const result = runSeed(from + runs, options);
    events += result.events.length;
    if (result.problems.length === 0) continue;
    failed.push(from + runs);
    if (values["keep-going"]) say(`seed ${from + runs}: ${result.problems[0]?.slice(0, 200) ?? ""}`);
    else {
      say(tellFailure(result, options, { full: values.full, whole: values.whole }));
      runs += 1;
      break;
    }
  }
  const seconds = (Date.now() - began) / 1000;
  const eventsEach = Math.round(events / Math.max(runs, 1));
  say(`${runs} runs from seed ${from}, ${eventsEach} events each, ${Math.round(runs / seconds)} runs/s, ${failed.length} failed`);
  return failed.length;
}

const from = values.from === undefined ? Math.floor(Date.now() / 1000) * 1000 : Number(values.from);
const isSound = values.seed === undefined ? runMany(from) === 0 : runOne(Number(values.seed));
process.exitCode = isSound ? 0 : 1;
