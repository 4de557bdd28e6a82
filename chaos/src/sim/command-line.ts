/** The words of `npm run sim`: what they mean, and what is wrong with them. */
import { parseArgs } from "node:util";
import { RARE_FAULTS, type RareFault } from "./mesh/rare-faults.js";
import { FAMILIES, type Family, type SimOptions } from "./settings.js";

/** What `--help` says. */
export const HELP = `npm run sim -- [words]     runs of the simulator, until one fails, a number is reached or time is over

which runs
  --runs N             so many (default 1000)
  --minutes M          for so long
  --from N             from this seed on (default: by the clock)
  --seed N             this one alone, and show it
what runs
  --regions N          always so many regions, 2 to 5 (default: the seed decides, as about everything here)
  --commands N         so many client commands per run. A small run: --regions 2 --commands 10
  --families a,b       only these kinds of keys: ${FAMILIES.join(", ")}
  --policies           some keys stay in their region, others have a home
  --registers          some keys are written as a whole (lww)
  --units              many transactions, with commands whose result must be read
  --messages           clients publish messages, which are relayed
  --names              keys and fields have names of 800 bytes
  --limits             regions have small limits (else in one run of eight)
  --residents          some keys reside in some of the regions only
  --switches           the policy of some keys is changed while it runs; beside resident keys only where both are named
  --absence            regions that are silent for a moment are fenced
  --faults a,b         with these of the rare faults: ${RARE_FAULTS.join(", ")}
  --clashes            one name for keys of different types (else in one run of ten)
what is shown of a failure (it is made shorter first, and then told event by event)
  --full               the whole transcript, not its end
  --whole              the run as it was, not made shorter
  --keep-going         a line for each failure, and on to the next seed
  --json               one line for programs: {"runs", "seed", "checker", "text"}
is the simulator worth its name?
  --mutations          puts known mistakes into copies of our code, one by one: each must be caught; a table tells who did
  --mutation NAME      this one alone; may be given several times. --runs N: so many runs for each

examples
  npm run sim -- --minutes 10 --keep-going
  npm run sim -- --seed 284 --full
  npm run sim -- --families counter,hash --regions 5 --commands 80
  npm run sim -- --mutation bare-frontier

Exit code 0: sound (or: every mutation caught) · 1: a run failed (a mutation survived) · 2: words not understood`;

/** What was asked for. */
export interface Request {
  readonly options: SimOptions;
  readonly help: boolean;
  readonly seed: number | undefined;
  readonly from: number | undefined;
  readonly runs: number | undefined;
  readonly minutes: number | undefined;
  readonly full: boolean;
  readonly whole: boolean;
  readonly keepGoing: boolean;
  readonly json: boolean;
  /** Names; none: all. Undefined: runs of the code as it is. */
  readonly mutations: readonly string[] | undefined;
}

/** Reads the words. Throws a `RangeError` or `TypeError` that says which one is wrong. */
export function readRequest(words: readonly string[]): Request {
  const { values } = parseArgs({
    args: [...words],
    options: {
      help: { type: "boolean", default: false },
      seed: { type: "string" },
      from: { type: "string" },
      runs: { type: "string" },
      minutes: { type: "string" },
      regions: { type: "string" },
      commands: { type: "string" },
      families: { type: "string" },
      faults: { type: "string" },
      clashes: { type: "boolean", default: false },
      policies: { type: "boolean", default: false },
      switches: { type: "boolean", default: false },
      registers: { type: "boolean", default: false },
      units: { type: "boolean", default: false },
      names: { type: "boolean", default: false },
      limits: { type: "boolean", default: false },
      residents: { type: "boolean", default: false },
      absence: { type: "boolean", default: false },
      messages: { type: "boolean", default: false },
      full: { type: "boolean", default: false },
      whole: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      "keep-going": { type: "boolean", default: false },
      mutations: { type: "boolean", default: false },
      mutation: { type: "string", multiple: true },
    },
  });
  const regions = numberOf("regions", values.regions, 2, 5);
  const commands = numberOf("commands", values.commands, 1, 100_000);
  return {
    options: {
      ...(regions === undefined ? {} : { regions }),
      ...(commands === undefined ? {} : { commands }),
      ...(values.families === undefined ? {} : { families: values.families.split(",").map(familyOf) }),
      ...(values.faults === undefined ? {} : { faults: values.faults.split(",").map(faultOf) }),
      ...(values.clashes ? { clashes: true } : {}),
      ...(values.policies ? { policies: true } : {}),
      ...(values.registers ? { registers: true } : {}),
      ...(values.units ? { units: true } : {}),
      ...(values.names ? { names: true } : {}),
      ...(values.limits ? { limits: true } : {}),
      ...(values.residents ? { residents: true } : {}),
      ...(values.switches ? { switches: true } : {}),
      ...(values.absence ? { absence: true } : {}),
      ...(values.messages ? { messages: true } : {}),
    },
    help: values.help,
    seed: numberOf("seed", values.seed, 0, Number.MAX_SAFE_INTEGER),
    from: numberOf("from", values.from, 0, Number.MAX_SAFE_INTEGER),
    runs: numberOf("runs", values.runs, 1, Number.MAX_SAFE_INTEGER),
    minutes: numberOf("minutes", values.minutes, 0, 100_000, false),
    full: values.full,
    whole: values.whole,
    keepGoing: values["keep-going"],
    json: values.json,
    mutations: values.mutation ?? (values.mutations ? [] : undefined),
  };
}

function numberOf(name: string, text: string | undefined, least: number, most: number, isWhole = true): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (text.trim() !== "" && number >= least && number <= most && (!isWhole || Number.isInteger(number))) return number;
  throw new RangeError(`--${name} ${text}: a ${isWhole ? "whole number" : "number"} from ${least} to ${most} is wanted`);
}

function familyOf(name: string): Family {
  const family = FAMILIES.find((known) => known === name);
  if (family) return family;
  throw new RangeError(`--families: no family ${name}; there are ${FAMILIES.join(", ")}`);
}

function faultOf(name: string): RareFault {
  const fault = RARE_FAULTS.find((known) => known === name);
  if (fault) return fault;
  throw new RangeError(`--faults: no fault ${name}; there are ${RARE_FAULTS.join(", ")}`);
}

/** Options as words of a command line. */
export function wordsOf(options: SimOptions): string[] {
  return Object.entries(options).flatMap(([name, value]) =>
    value === undefined || value === false ? [] : value === true ? [`--${name}`] : [`--${name}`, String(value)],
  );
}
