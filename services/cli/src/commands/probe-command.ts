/** `meridian probe`: does a server rewrite commands in its replication stream as the agent expects? */
import { isConforming, probeServer, type ProbeReport } from "@meridian/psync";
import { ReplyError, type Reply } from "@meridian/resp";
import Table from "cli-table3";
import type { Command } from "commander";
import type { CommandContext } from "../command-context.js";
import { serverAddress } from "../diff/server-address.js";
import { ServerConnection } from "../diff/server-connection.js";
import { EXIT } from "../exit-code.js";
import type { Palette } from "../terminal.js";

interface ProbeOptions {
  readonly server: string;
  readonly json?: boolean;
}

const CONNECT_TIMEOUT_MS = 15_000;

const HELP = `
Every write command that the agent knows is sent under keys of its own (meridian:probe:..., deleted afterwards, never
replicated), and what the server's replication stream carries for it is compared with what the agent expects. Other keys
are never touched; what would touch the whole server (FLUSHALL, SCRIPT, FUNCTION...) is not tried, and listed. Attaches
as a replica, so the user needs +psync and +replconf besides the commands themselves.

Examples:
  meridian probe --server redis://127.0.0.1:6379
  meridian probe --server rediss://probe:secret@10.0.0.1:6380 --json

Exit code: 0 every form is known, 1 some are not (or write commands that are not known), 2 wrong arguments or a server out of reach.`;

/** Adds the command. */
export function addProbeCommand(program: Command, context: CommandContext): void {
  program
    .command("probe")
    .summary("check how a server rewrites commands in its stream")
    .description("Checks that a server's replication stream carries every write command in a form that the agent knows.")
    .requiredOption("--server <url>", "redis:// or rediss:// URL, or host:port, of a master")
    .option("--json", "print the report as JSON")
    .addHelpText("after", HELP)
    .action(async (options: ProbeOptions) => {
      const report = await runProbe(options.server);
      const { terminal } = context;
      terminal.out(options.json === true ? `${JSON.stringify(report, undefined, 2)}\n` : probeText(report, terminal.color));
      context.exit(isConforming(report) && report.unlisted.length === 0 ? EXIT.ok : EXIT.unmet);
    });
}

async function runProbe(server: string): Promise<ProbeReport> {
  const address = serverAddress(server.includes("://") ? server : `redis://${server}`);
  const connection = await ServerConnection.open(address);
  const { host, port, username, password, tls } = address;
  const call = async (args: readonly (string | Buffer)[]): Promise<Reply> => {
    const [reply] = await connection.batch((writer) => writer.command([...args]));
    return reply ?? new ReplyError("no reply");
  };
  try {
    const tail = { host, port, username, password, ...(tls ? { tls: {} } : {}), connectTimeoutMs: CONNECT_TIMEOUT_MS };
    return await probeServer({ tail, call });
  } finally {
    connection.close();
  }
}

/** The report for reading. */
export function probeText(report: ProbeReport, color: Palette): string {
  const { kind, version, commands, examples, unknown, unlisted, notTried } = report;
  const lines: string[] = [];
  if (unknown.length > 0) {
    const table = new Table({ head: ["command", "sent", "the stream carried", "expected"].map((title) => color.bold(title)), style: { head: [], border: [] } });
    for (const form of unknown) table.push([color.red(form.command), form.sent, form.carried, form.expected]);
    lines.push(table.toString());
    for (const { command, meaning } of unknown) lines.push(`${color.red(command)}: ${meaning}`);
  }
  if (unlisted.length > 0) {
    lines.push(color.yellow(`write commands that the agent does not know: ${unlisted.join(", ")}`));
    lines.push("their keys are not replicated where such a command is met; it is counted by name");
  }
  for (const { command, reason } of notTried) lines.push(color.dim(`not tried: ${command}: ${reason}`));
  const verdict = unknown.length === 0 ? color.green("every form is known") : color.red(`${unknown.length} of them in unknown forms`);
  lines.push(`${kind} ${version}: ${commands} commands in ${examples} examples, ${verdict}`);
  return `${lines.join("\n")}\n`;
}
