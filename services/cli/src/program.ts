/** The `meridian` command line as a whole: the commands, their help, and how errors end. */
import { readFileSync } from "node:fs";
import { MeridianError } from "@meridian/words";
import { Command, CommanderError } from "commander";
import type { CommandContext } from "./command-context.js";
import { addBenchCommand } from "./commands/bench-command.js";
import { addConflictsCommand } from "./commands/conflicts-command.js";
import { addDemoCommand } from "./commands/demo-command.js";
import { addDevCommand } from "./commands/dev-command.js";
import { addDiffCommand } from "./commands/diff-command.js";
import { addLogCommand } from "./commands/log-command.js";
import { addPolicyCommand } from "./commands/policy-command.js";
import { addProbeCommand } from "./commands/probe-command.js";
import { addStatusCommand } from "./commands/status-command.js";
import { EXIT, EXIT_HELP, type ExitCode } from "./exit-code.js";
import type { Terminal } from "./terminal.js";

const HELP = `
Meridian makes ordinary Redis or Valkey servers in several regions one writable dataset. One agent per region tails its
server, gives every write an exact version, ships it through a replicated log and merges what the other regions wrote.

First steps:
  meridian dev                 three regions on this machine; prints redis-cli lines to copy
  meridian status              (another terminal) regions, rates, lag
  meridian diff eu us ap       are all values equal, right now?
  meridian conflicts           what merging had to choose, who lost, and how to get it back
  meridian demo                conflicting traffic in three regions at once, then the proof that they are equal
  meridian bench               how fast, how much CPU and memory, beside native Redis replication

${EXIT_HELP}

Every command explains itself: meridian <command> --help`;

/** Runs one command line (without `node` and the script). Never throws: the exit code says how it went. */
export async function runCli(args: readonly string[], context: Omit<CommandContext, "exit">): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok;
  const exit = (next: ExitCode): void => void (code ||= next);
  const program = buildProgram({ ...context, exit });
  try {
    await program.parseAsync(args, { from: "user" });
    return code;
  } catch (error) {
    if (context.stop.aborted && error === context.stop.reason) {
      context.terminal.err("stopped before it was done\n");
      return EXIT.unusable;
    }
    return exitOf(error, context.terminal);
  }
}

/** The program with all its commands. */
export function buildProgram(context: CommandContext): Command {
  const { terminal } = context;
  const program = new Command("meridian")
    .description("Active-active replication for ordinary Redis and Valkey servers, across regions.")
    .version(version(), "-V, --version", "print the version")
    .helpCommand(true)
    .showSuggestionAfterError()
    .showHelpAfterError("(see --help)")
    .addHelpText("after", HELP)
    .configureOutput({ writeOut: (text) => terminal.out(text), writeErr: (text) => terminal.err(text) })
    .exitOverride();
  addDevCommand(program, context);
  addStatusCommand(program, context);
  addDiffCommand(program, context);
  addConflictsCommand(program, context);
  addPolicyCommand(program, context);
  addDemoCommand(program, context);
  addBenchCommand(program, context);
  addLogCommand(program, context);
  addProbeCommand(program, context);
  program
    .command("version")
    .description("Prints the version.")
    .action(() => terminal.out(`${version()}\n`));
  return program;
}

/** The version of this package. */
export function version(): string {
  const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };
  return manifest.version;
}

function exitOf(error: unknown, terminal: Terminal): ExitCode {
  // commander has printed its message; help and version come here too
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.unusable;
  const { red, dim } = terminal.errColor;
  if (error instanceof MeridianError) {
    terminal.err(`${red(`error: ${error.message}`)} ${dim(`[${error.code}]`)}\n${error.advice}\n`);
  } else {
    terminal.err(`${red("error:")} ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  }
  return EXIT.unusable;
}
