/** `meridian demo`: conflicting traffic in all regions, then the proof that they are equal. */
import { Option, type Command } from "commander";
import { listArgument, secondsArgument, wholeArgument, type CommandContext } from "../command-context.js";
import { demoText } from "../demo/demo-text.js";
import { runDemo, type DemoProgress } from "../demo/demo.js";
import { EXIT } from "../exit-code.js";
import type { MeshLogKind } from "../mesh/mesh-log.js";
import { grouped } from "../printable.js";
import { ProgressLine } from "../progress-line.js";

interface DemoCommandOptions {
  readonly regions: string[];
  readonly log: MeshLogKind;
  readonly seconds: number;
  readonly rate: number;
  readonly json?: boolean;
  readonly agentMain?: string;
}

const HELP = `
Starts a mesh of its own, writes to all regions at once, on the same keys: counters (INCR, DECR, HINCRBY, ZINCRBY, MULTI
transfers) whose exact totals are known from the replies, and sets, hashes, sorted sets, strings, expiries and deletes
that collide; redis-benchmark too where it is installed. Then it stops, waits until nothing is on its way, compares all
values of all regions and every total, and stops the mesh.

Examples:
  meridian demo
  meridian demo --seconds 60 --rate 5000
  meridian demo --log kafka --json

Exit code: 0 all regions equal and all totals exact, 1 not, 2 could not be run.`;

/** Adds the command. */
export function addDemoCommand(program: Command, context: CommandContext): void {
  program
    .command("demo")
    .summary("write conflicts to three regions at once, then prove them equal")
    .description("Writes conflicting traffic to all regions at once, then shows that all of them are equal.")
    .option("--regions <names>", "names with commas between them", listArgument, ["eu", "us", "ap"])
    .addOption(new Option("--log <kind>", "which log").choices(["redis", "kafka"]).default("redis"))
    .option("--seconds <n>", "how long to write", secondsArgument(1, 3_600), 12)
    .option("--rate <n>", "conflict operations per second and region", wholeArgument(1, 100_000), 2_000)
    .option("--json", "print the report as JSON")
    .addOption(new Option("--agent-main <file>", "another agent program").hideHelp())
    .addHelpText("after", HELP)
    .action(async (options: DemoCommandOptions) => {
      await runDemoCommand(options, context);
    });
}

async function runDemoCommand(options: DemoCommandOptions, context: CommandContext): Promise<void> {
  const { terminal, stop } = context;
  const progress = new ProgressLine(terminal);
  const startedMs = performance.now();
  const stamp = (): string => terminal.errColor.dim(`${((performance.now() - startedMs) / 1_000).toFixed(1).padStart(5)} s`);
  const report = await runDemo({
    regions: options.regions,
    log: options.log,
    seconds: options.seconds,
    operationsPerSecond: options.rate,
    ...(options.agentMain === undefined ? {} : { agentMain: options.agentMain }),
    onMilestone: (text) => progress.milestone(`${stamp()}  ${text}`),
    onProgress: (now) => progress.update(`${stamp()}  ${progressText(now)}`),
    signal: stop,
  }).finally(() => progress.clear());
  terminal.out(options.json === true ? `${JSON.stringify(report, undefined, 2)}\n` : demoText(report, terminal.color));
  context.exit(report.passed ? EXIT.ok : EXIT.unmet);
}

function progressText({ phase, acknowledged, secondsLeft, detail }: DemoProgress): string {
  const left = secondsLeft === undefined ? "" : `, ${Math.ceil(secondsLeft)} s to go`;
  const more = detail === undefined ? "" : `: ${detail}`;
  return acknowledged === 0 && detail !== undefined ? detail : `${phase}: ${grouped(acknowledged)} writes acknowledged${left}${more}`;
}
