#!/usr/bin/env node
/** `npm run sim`: see `command-line.ts`, or `npm run sim -- --help`. */
import { setFlagsFromString } from "node:v8";
import { HELP, readRequest, type Request } from "./command-line.js";
import { tellFailure } from "./failure-text.js";
import { runMutations } from "./mutations/run-mutations.js";
import { describeProblem } from "./checkers/problem.js";
import { runSeed, type RunResult } from "./run.js";

// How much code V8 copies into one function, in bytes of bytecode: less than usual, for of a simulator's short and varied runs its
// compiler is otherwise the greatest part.
for (const limit of ["--max-inlined-bytecode-size=200", "--max-inlined-bytecode-size-cumulative=400"]) setFlagsFromString(limit);

const RUNS = 1000;
const PROBLEM_CHARACTERS = 200;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Runs one seed and shows it. */
function runOne(seed: number, { options, full, whole }: Request): boolean {
  const result = runSeed(seed, options);
  say(tellFailure(result, options, { full, whole }));
  return result.problems.length === 0;
}

/** Runs seed after seed. True: all were sound. */
function runMany(request: Request): boolean {
  const { options, keepGoing, json } = request;
  const from = request.from ?? Math.floor(Date.now() / 1000) * 1000;
  const began = Date.now();
  const used = process.cpuUsage();
  const runsMax = request.runs ?? (request.minutes === undefined ? RUNS : Infinity);
  const until = request.minutes === undefined ? Infinity : began + request.minutes * 60_000;
  const failed: RunResult[] = [];
  let runs = 0;
  let events = 0;
  while (runs < runsMax && Date.now() < until && (keepGoing || failed.length === 0)) {
    const result = runSeed(from + runs, options);
    runs += 1;
    events += result.events.length;
    const [problem] = result.problems;
    if (!problem) continue;
    failed.push(result);
    if (keepGoing && !json) say(`seed ${result.settings.seed}: ${describeProblem(problem).slice(0, PROBLEM_CHARACTERS)}`);
    else if (!json) say(tellFailure(result, options, request));
  }
  if (json) sayVerdict(runs, failed[0]);
  else {
    const seconds = (Date.now() - began) / 1000;
    const { user, system } = process.cpuUsage(used);
    const pace = `${Math.round(runs / seconds)} runs/s, ${Math.round((runs * 1e6) / (user + system))} per second of a core`;
    say(`${runs} runs from seed ${from}, ${Math.round(events / Math.max(runs, 1))} events each, ${pace}, ${failed.length} failed`);
  }
  return failed.length === 0;
}

function sayVerdict(runs: number, failed: RunResult | undefined): void {
  const seed = failed?.settings.seed;
  say(JSON.stringify({ runs, seed, ...failed?.problems[0] }));
}

/** Returns the exit code. */
async function main(words: readonly string[]): Promise<number> {
  const request = requestOf(words);
  if (!request) return 2;
  if (request.help) say(HELP);
  else if (request.mutations) return (await runMutations(request.mutations, request.runs, say)) ? 0 : 1;
  else if (request.seed !== undefined) return runOne(request.seed, request) ? 0 : 1;
  else return runMany(request) ? 0 : 1;
  return 0;
}

function requestOf(words: readonly string[]): Request | undefined {
  try {
    return readRequest(words);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n--help says what is understood\n`);
    return undefined;
  }
}

process.exitCode = await main(process.argv.slice(2));
