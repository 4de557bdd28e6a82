/** `meridian status`: regions, rates and lag of a running mesh. */
import { setTimeout as delay } from "node:timers/promises";
import { MeridianError } from "@meridian/words";
import type { Command } from "commander";
import { listArgument, secondsArgument, wholeArgument, type CommandContext } from "../command-context.js";
import { EXIT } from "../exit-code.js";
import { requireMesh } from "../mesh/mesh-file.js";
import { pollAgents, type AgentAnswer } from "../status/agent-poll.js";
import { statusText } from "../status/status-table.js";
import { statusView, type StatusView } from "../status/status-view.js";

interface StatusOptions {
  readonly agents?: string[];
  readonly mesh?: number;
  readonly json?: boolean;
  readonly once?: boolean;
  readonly watch?: number | true;
}

const HELP = `
On a terminal the table is renewed every second until Ctrl-C. Elsewhere (a pipe, a file, cron) it is printed once; with
--json as JSON. Rates are per second since the view before: a single view asks twice, a second apart.

  captured   mutations read from the region's own replication stream
  published  mutations written to the log        received  mutations read from the peers' logs
  applied    cells written to the region's server          waiting   records not yet in the log
  lag        from the write in the peer to its visibility here, per peer

Examples:
  meridian status
  meridian status --json | jq '.rows[].rates'
  meridian status --agents http://10.0.0.1:7071,http://10.1.0.1:7071 --watch 5

Exit code: 0 every agent answers and runs, 1 one does not, 2 wrong arguments or none answers.`;

const INTERVAL_SECONDS = 1;
const CLEAR_SCREEN = "\u001b[H\u001b[J";

/** Adds the command. */
export function addStatusCommand(program: Command, context: CommandContext): void {
  program
    .command("status")
    .summary("regions, rates and lag, live")
    .description("Shows regions, rates and lag of the mesh that `meridian dev` runs here, or of the agents named.")
    .option("--agents <urls>", "http:// URLs of agents, with commas between them", listArgument)
    .option("--watch [seconds]", "repeat, also where the output is no terminal", secondsArgument(0.1, 3_600))
    .option("--once", "print once, also on a terminal")
    .option("--json", "print JSON (with --watch one line per view)")
    .option("--mesh <pid>", "which local mesh, where several run", wholeArgument(1, 2 ** 31))
    .addHelpText("after", HELP)
    .action(async (options: StatusOptions) => {
      await runStatus(options, context);
    });
}

async function runStatus(options: StatusOptions, context: CommandContext): Promise<void> {
  const urls = options.agents ?? requireMesh(context.meshFolder, options.mesh).regions.map(({ agentUrl }) => agentUrl);
  for (const url of urls) checkUrl(url);
  const { terminal, stop } = context;
  const repeat = options.once !== true && (options.watch !== undefined || (terminal.outIsTerminal && options.json !== true));
  const intervalMs = (typeof options.watch === "number" ? options.watch : INTERVAL_SECONDS) * 1_000;
  let before: readonly AgentAnswer[] = await pollAgents(urls);
  if (before.every((answer) => "error" in answer)) {
    const reasons = before.map((answer) => ("error" in answer ? answer.error : "")).join("\n");
    throw new MeridianError("AGENT_UNAVAILABLE", reasons, { advice: "is the mesh running, and are these its agents?" });
  }
  let view = statusView(before);
  if (repeat && options.json !== true) show(view, options, context);
  do {
    if (!(await pausedFor(repeat ? intervalMs : INTERVAL_SECONDS * 1_000, stop))) break;
    const answers = await pollAgents(urls);
    view = statusView(answers, before);
    before = answers;
    show(view, options, context);
  } while (repeat);
  context.exit(view.healthy ? EXIT.ok : EXIT.unmet);
}

function show(view: StatusView, options: StatusOptions, { terminal }: CommandContext): void {
  if (options.json === true) {
    terminal.out(`${JSON.stringify(view, undefined, options.watch === undefined ? 2 : 0)}\n`);
    return;
  }
  const live = terminal.outIsTerminal && options.once !== true;
  terminal.out(`${live ? CLEAR_SCREEN : ""}${statusText(view, terminal.color)}${live ? "Ctrl-C to end\n" : ""}`);
}

/** False where `stop` fired first. */
async function pausedFor(ms: number, stop: AbortSignal): Promise<boolean> {
  return delay(ms, true, { signal: stop }).catch(() => false);
}

function checkUrl(url: string): void {
  if (/^https?:\/\/[^/]+/.test(url)) return;
  throw new MeridianError("BAD_OPTION", `${JSON.stringify(url)} is not an agent's URL`, { advice: "write http://host:port" });
}
