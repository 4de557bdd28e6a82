/** `meridian log init`: creates the replicated log with the right settings, before any agent runs. */
import { openLog, type LogConfig } from "@meridian/log";
import { groupNameOf, groupWriter, MeridianError, writerId, type WriterId } from "@meridian/words";
import { Option, type Command } from "commander";
import { listArgument, wholeArgument, type CommandContext } from "../command-context.js";
import type { MeshLogKind } from "../mesh/mesh-log.js";

interface LogInitOptions {
  readonly kind: MeshLogKind;
  readonly regions: string[];
  readonly servers: string[];
  readonly groups?: string[];
  readonly url?: string;
  readonly brokers?: string[];
  readonly topicPrefix: string;
  readonly replicationFactor: number;
  readonly retentionHours: number;
  readonly json?: boolean;
}

const HELP = `
Agents create what is missing by themselves, where they may. Where they may not (no rights to create topics), run this
once with an account that may. What exists with settings that would lose data is refused with the remedy, and is not
changed. May be run again.

Examples:
  meridian log init --kind kafka --brokers k1:9092,k2:9092 --regions eu,us,ap
  meridian log init --kind kafka --brokers k1:9092 --replication-factor 1 --regions eu,us --servers 0,1
  meridian log init --kind redis --url redis://10.0.0.9:6379 --regions eu,us
  meridian log init --kind kafka --brokers k1:9092 --regions eu,us,ap --groups eu+us

Exit code: 0 the log is ready, 2 it is not (wrong arguments, out of reach, or settings that would lose data).`;

const HOUR_MS = 3_600_000;

/** Adds the command. */
export function addLogCommand(program: Command, context: CommandContext): void {
  const log = program.command("log").summary("prepare the replicated log").description("Prepares the replicated log.");
  log
    .command("init")
    .summary("create what is missing, check what exists")
    .description("Creates the log of every writer (region and server) where it is missing, and checks what exists.")
    .addOption(new Option("--kind <kind>", "which log").choices(["redis", "kafka"]).makeOptionMandatory())
    .requiredOption("--regions <names>", "all regions, with commas between them", listArgument)
    .option("--servers <names>", "names of the servers in each region", listArgument, ["0"])
    .option("--groups <list>", "regions of each policy regions=, with + between them: eu+us,ap+us", listArgument)
    .option("--url <url>", "redis:// URL of the log's server (--kind redis)")
    .option("--brokers <list>", "host:port of brokers, with commas between them (--kind kafka)", listArgument)
    .option("--topic-prefix <name>", "topics are <prefix>.<region> (--kind kafka)", "meridian")
    .option("--replication-factor <n>", "copies of each partition (--kind kafka)", wholeArgument(1, 15), 3)
    .option("--retention-hours <n>", "how long records are kept at least", wholeArgument(1, 24 * 366), 168)
    .option("--json", "print the writers as JSON")
    .addHelpText("after", HELP)
    .action(async (options: LogInitOptions) => {
      await initLog(options, context);
    });
}

async function initLog(options: LogInitOptions, { terminal }: CommandContext): Promise<void> {
  const { regions, servers } = options;
  const writersOf = (names: readonly string[], group: string): WriterId[] =>
    names.flatMap((region) => servers.map((server) => groupWriter(writerId(region, server), group)));
  const writers = [...writersOf(regions, ""), ...(options.groups ?? []).flatMap((text) => writersOf(...groupNamed(text, regions)))];
  const log = openLog(logConfig(options));
  try {
    await log.open(writers);
  } finally {
    await log.close();
  }
  const text = options.json === true ? JSON.stringify({ kind: options.kind, writers }) : `the ${options.kind} log is ready for ${writers.join(", ")}`;
  terminal.out(`${text}\n`);
}

/** Throws `BAD_NAME` for what no policy could be, `BAD_OPTION` for a region that is none of these. */
function groupNamed(text: string, known: readonly string[]): [members: readonly string[], group: string] {
  const members = text.split("+");
  const strange = members.find((name) => !known.includes(name));
  if (strange === undefined) return [members, groupNameOf(members)];
  throw new MeridianError("BAD_OPTION", `--groups ${text}: ${strange} is not among --regions`, { advice: "write regions of --regions with + between them, as eu+us" });
}

function logConfig({ kind, url, brokers, topicPrefix, replicationFactor, retentionHours }: LogInitOptions): LogConfig {
  const retentionMs = retentionHours * HOUR_MS;
  if (kind === "redis") {
    if (url === undefined) throw missing("--url", "--url redis://host:port");
    return { kind, url, retentionMs };
  }
  if (brokers === undefined) throw missing("--brokers", "--brokers host:port,host:port");
  return { kind, brokers, topicPrefix, replicationFactor, retentionMs };
}

function missing(name: string, example: string): MeridianError {
  return new MeridianError("BAD_OPTION", `${name} is missing`, { advice: `add ${example}` });
}
