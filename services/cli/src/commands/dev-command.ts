/** `meridian dev`: runs a whole mesh on this machine until Ctrl-C. */
import { Option, type Command } from "commander";
import { listArgument, wholeArgument, type CommandContext } from "../command-context.js";
import { EXIT } from "../exit-code.js";
import { announceMesh } from "../mesh/mesh-file.js";
import { meshGuide } from "../mesh/mesh-guide.js";
import { startMesh, type Mesh } from "../mesh/mesh.js";
import type { MeshLogKind } from "../mesh/mesh-log.js";
import { ProgressLine } from "../progress-line.js";

interface DevOptions {
  readonly regions: string[];
  readonly log: MeshLogKind;
  readonly servers?: string[];
  readonly portBase?: number;
  readonly data?: string;
  readonly json?: boolean;
  readonly agentMain?: string;
}

const HELP = `
Starts a redis-server per region (or uses --servers), a log server, and an agent per region, and prints how to play with
them. Needs redis-server or valkey-server on the PATH (or REDIS_SERVER=<path>). Nothing is left behind at the end.

Examples:
  meridian dev
  meridian dev --regions berlin,tokyo --port-base 7000
  meridian dev --servers redis://127.0.0.1:6379,redis://127.0.0.1:6380 --regions eu,us
  meridian dev --log kafka
  meridian dev --json | head -1        one line with all endpoints, once everything is ready
  meridian dev -- --messages-channels 'news.*' --policies-0-prefix session: --policies-0-policy local

Exit code: 0 stopped by Ctrl-C or SIGTERM, 1 a part ended by itself, 2 could not start.`;

/** Adds the command. */
export function addDevCommand(program: Command, context: CommandContext): void {
  program
    .command("dev")
    .summary("run a whole mesh on this machine until Ctrl-C")
    .description("Runs a whole mesh on this machine until Ctrl-C.")
    .argument("[flags...]", "behind --: flags for every agent, as its own --help lists them")
    .option("--regions <names>", "names with commas between them", listArgument, ["eu", "us", "ap"])
    .addOption(new Option("--log <kind>", "which log").choices(["redis", "kafka"]).default("redis"))
    .option("--servers <urls>", "use these redis:// servers, one per region, instead of starting any", listArgument)
    .option("--port-base <port>", "ports from here on: servers, log, agents (free ports by default)", wholeArgument(1_024, 65_000))
    .option("--data <dir>", "keep everything here for a next run")
    .option("--json", "print the endpoints as one line of JSON")
    .addOption(new Option("--agent-main <file>", "another agent program").hideHelp())
    .addHelpText("after", HELP)
    .action(async (agentArgs: string[], options: DevOptions) => {
      await runDev(options, agentArgs, context);
    });
}

async function runDev(options: DevOptions, agentArgs: readonly string[], context: CommandContext): Promise<void> {
  const { terminal, stop } = context;
  const progress = new ProgressLine(terminal);
  const mesh = await startMesh({
    regions: options.regions,
    log: options.log,
    agentArgs,
    ...(options.servers === undefined ? {} : { servers: options.servers }),
    ...(options.portBase === undefined ? {} : { portBase: options.portBase }),
    ...(options.data === undefined ? {} : { dataDir: options.data }),
    ...(options.agentMain === undefined ? {} : { agentMain: options.agentMain }),
    onStep: (step) => progress.update(`starting ${step} ...`),
    signal: stop,
  })
    .catch((error: unknown) => {
      if (!stop.aborted) throw error;
      return undefined;
    })
    .finally(() => progress.clear());
  if (mesh === undefined) return;
  const endpoints = { log: { kind: mesh.log.kind, address: mesh.log.address }, regions: mesh.regions.map(endpointOf) };
  const withdraw = announceMesh(context.meshFolder, endpoints);
  try {
    terminal.out(options.json === true ? `${JSON.stringify({ pid: process.pid, ...endpoints })}\n` : meshGuide(mesh, terminal.color));
    await untilTheEnd(mesh, context);
  } finally {
    withdraw();
    await mesh.stop();
  }
}

function endpointOf({ region, url, agentUrl }: Mesh["regions"][number]): { region: string; url: string; agentUrl: string } {
  return { region, url, agentUrl };
}

async function untilTheEnd(mesh: Mesh, context: CommandContext): Promise<void> {
  const { terminal, stop } = context;
  const stopped = new Promise<undefined>((resolve) => {
    if (stop.aborted) resolve(undefined);
    else stop.addEventListener("abort", () => resolve(undefined), { once: true });
  });
  const failure = await Promise.race([mesh.failure, stopped]);
  if (failure === undefined) {
    terminal.err("stopping ...\n");
    return;
  }
  const tails = await Promise.all(mesh.regions.filter(({ agent }) => agent.pid === undefined).map(({ agent }) => agent.logTail()));
  terminal.err(`${terminal.errColor.red(`${failure}; stopping everything.`)}\n${tails.join("\n")}`);
  context.exit(EXIT.unmet);
}
