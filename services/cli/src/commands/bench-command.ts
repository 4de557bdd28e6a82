/** `meridian bench`: how fast, at what cost, beside native replication. */
import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { InvalidArgumentError, Option, type Command } from "commander";
import { benchText } from "../bench/bench-text.js";
import { runBench } from "../bench/bench.js";
import { WORKLOADS, type WorkloadName } from "../bench/workload.js";
import { listArgument, secondsArgument, wholeArgument, type CommandContext } from "../command-context.js";
import { EXIT } from "../exit-code.js";
import type { MeshLogKind } from "../mesh/mesh-log.js";
import { ProgressLine } from "../progress-line.js";

interface BenchCommandOptions {
  readonly log: MeshLogKind | "both";
  readonly workloads: WorkloadName[];
  readonly seconds: number;
  readonly keys: number;
  readonly valueBytes: number;
  readonly window: number;
  readonly profile?: string;
  readonly json?: boolean;
  readonly agentMain?: string;
}

const HELP = `
For each workload: a fresh mesh of two regions per log, then a plain replica of a server of the same kind, with the same
traffic in one direction. A load process writes and watches the other server for its markers, about once per millisecond:

  visible/s   commands per second that were visible at the other end, sustained over the measured time
  lag         from write to visible; at full rate the commands on their way (--window) make most of it; at half rate
              it counts from the time table of the load, so a stall is not omitted
  CPU         of each process, user and system, for all work until the mesh was quiet again

Before that set writes every key, and the others write 200,000 commands: what an agent costs until its code is compiled
is not what it costs.

Workloads: ${Object.entries(WORKLOADS).map(([name, what]) => `${name} (${what})`).join("; ")}.

Examples:
  meridian bench
  meridian bench --log both --json > bench.json
  meridian bench --workloads set --seconds 20 --profile ./profiles
  meridian bench -- --store-fsync commit

Exit code: 0 measured, 1 measured but commands were refused, 2 could not be measured.`;

/** Adds the command. */
export function addBenchCommand(program: Command, context: CommandContext): void {
  program
    .command("bench")
    .summary("speed, lag, CPU and memory, beside native replication")
    .argument("[flags...]", "behind --: flags for both agents, as their own --help lists them")
    .description("Measures speed, lag, CPU and memory from one region to one peer, beside native Redis replication.")
    .addOption(new Option("--log <kind>", "which log").choices(["redis", "kafka", "both"]).default("redis"))
    .option("--workloads <names>", "which traffic, with commas between", workloadsArgument, Object.keys(WORKLOADS) as WorkloadName[])
    .option("--seconds <n>", "measured time of each run", secondsArgument(0.5, 3_600), 5)
    .option("--keys <n>", "keys of the workloads", wholeArgument(1, 100_000_000), 1_000_000)
    .option("--value-bytes <n>", "bytes of a value", wholeArgument(3, 1_000_000), 32)
    .option("--window <n>", "commands on their way at full rate", wholeArgument(100, 10_000_000), 25_000)
    .option("--profile <dir>", "write CPU profiles of the agents there")
    .option("--json", "print the report as JSON")
    .addOption(new Option("--agent-main <file>", "another agent program").hideHelp())
    .addHelpText("after", HELP)
    .action(async (agentArgs: string[], options: BenchCommandOptions) => {
      await runBenchCommand(agentArgs, options, context);
    });
}

async function runBenchCommand(agentArgs: readonly string[], options: BenchCommandOptions, context: CommandContext): Promise<void> {
  const { terminal, stop } = context;
  const progress = new ProgressLine(terminal);
  const profileDir = options.profile === undefined ? undefined : resolve(options.profile);
  if (profileDir !== undefined) mkdirSync(profileDir, { recursive: true });
  const startedMs = performance.now();
  const report = await runBench({
    logs: options.log === "both" ? ["redis", "kafka"] : [options.log],
    workloads: options.workloads,
    seconds: options.seconds,
    keys: options.keys,
    valueBytes: options.valueBytes,
    windowCommands: options.window,
    agentArgs,
    ...(profileDir === undefined ? {} : { profileDir }),
    ...(options.agentMain === undefined ? {} : { agentMain: options.agentMain }),
    onStep: (step) => progress.milestone(`${((performance.now() - startedMs) / 1_000).toFixed(0).padStart(4)} s  ${step}`),
    signal: stop,
  });
  terminal.out(options.json === true ? `${JSON.stringify(report, undefined, 2)}\n` : benchText(report, terminal.color));
  const ways = report.workloads.flatMap(({ meridian, native }) => [...meridian, native]);
  context.exit(ways.some(({ full, half }) => full.errors + half.errors > 0) ? EXIT.unmet : EXIT.ok);
}

function workloadsArgument(text: string): WorkloadName[] {
  const names = listArgument(text);
  const unknown = names.find((name) => !(name in WORKLOADS));
  if (unknown !== undefined) throw new InvalidArgumentError(`Expected some of ${Object.keys(WORKLOADS).join(", ")}.`);
  return names as WorkloadName[];
}
