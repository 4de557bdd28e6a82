/** `meridian diff`: compares all values of two regions or servers, or more. */
import { MeridianError } from "@meridian/words";
import type { Command } from "commander";
import { listArgument, wholeArgument, type CommandContext } from "../command-context.js";
import { compareServers, type NamedServer } from "../diff/compare-servers.js";
import type { CompareProgress } from "../diff/compare-report.js";
import { compareReportText } from "../diff/report-text.js";
import { EXIT } from "../exit-code.js";
import { requireMesh } from "../mesh/mesh-file.js";
import { grouped } from "../printable.js";
import { ProgressLine } from "../progress-line.js";

interface DiffOptions {
  readonly json?: boolean;
  readonly first: number;
  readonly ttlTolerance: number;
  readonly expiryMargin: number;
  readonly settle: number;
  readonly db?: number[];
  readonly except?: string[];
  readonly agents?: string[];
  readonly evicted?: boolean;
  readonly mesh?: number;
}

const HELP = `
Regions are those of the mesh that \`meridian dev\` runs on this machine; servers are redis:// or rediss:// URLs.
Values are compared as clients read them, deadlines included, in every database. The keys meridian:* are left out, and those named by --except.
Agents are asked what their servers have evicted (other regions keep that) and what policies keep in a region (local) or among
some (regions=): neither is a difference, both are counted. Those of the running mesh are asked by themselves, others are named
by --agents. Where nobody can be asked such keys count as different, and the report says so.
A key that differs is read again until it has stayed the same for --settle ms, so a working mesh gives no false alarm.

Examples:
  meridian diff eu us
  meridian diff eu us ap --json
  meridian diff redis://10.0.0.1:6379 redis://:secret@10.1.0.1:6379 --first 100

Exit code: 0 equal (apart from what was evicted or is kept in its region), 1 different (or keys that never stood still), 2 wrong arguments or a server out of reach.`;

const DAY_MS = 86_400_000;

/** Adds the command. */
export function addDiffCommand(program: Command, context: CommandContext): void {
  program
    .command("diff")
    .summary("compare all values of two regions or more")
    .description("Compares all values of two regions or servers, or more; the others with the first.")
    .argument("<first>", "a region of the running mesh, or a redis:// URL")
    .argument("<others...>", "what to compare it with")
    .option("--json", "print the report as JSON")
    .option("--first <n>", "show this many differences (all are counted)", wholeArgument(0, 100_000), 20)
    .option("--ttl-tolerance <ms>", "deadlines may differ by this much", wholeArgument(0, DAY_MS), 100)
    .option("--expiry-margin <ms>", "judge a key this near to its deadline after it", wholeArgument(0, 60_000), 2_000)
    .option("--settle <ms>", "a difference must stay for this long; 0 where nobody writes", wholeArgument(0, 60_000), 500)
    .option("--db <n>", "only this database (may be repeated)", collectDatabases)
    .option("--except <prefix>", "leave out keys that begin so, as of a policy `local`, or of `regions=` where one of the servers is no member (may be repeated)", collectPrefixes)
    .option("--agents <urls>", "http:// URLs of the servers' agents in any order, with commas between them", listArgument)
    .option("--evicted", "name the keys that servers have evicted, as many as --first")
    .option("--mesh <pid>", "which local mesh, where several run", wholeArgument(1, 2 ** 31))
    .addHelpText("after", HELP)
    .action(async (first: string, others: string[], options: DiffOptions) => {
      await runDiff([first, ...others], options, context);
    });
}

async function runDiff(names: readonly string[], options: DiffOptions, context: CommandContext): Promise<void> {
  const { terminal } = context;
  const servers = namedServers(names, options, context);
  const agents = agentsOf(names, options, context);
  const progress = new ProgressLine(terminal);
  const report = await compareServers(servers, {
    differencesMax: options.first,
    ttlToleranceMs: options.ttlTolerance,
    expiryMarginMs: options.expiryMargin,
    settleMs: options.settle,
    ...(options.db === undefined ? {} : { databases: options.db }),
    ...(options.except === undefined ? {} : { except: options.except }),
    agents,
    onProgress: (now) => progress.update(progressText(now)),
    signal: context.stop,
  }).finally(() => progress.clear());
  terminal.out(options.json === true ? `${JSON.stringify(report, undefined, 2)}\n` : compareReportText(report, terminal.color, options.evicted));
  context.exit(report.verdict === "equal" ? EXIT.ok : EXIT.unmet);
}

function namedServers(names: readonly string[], { mesh: pid }: DiffOptions, { meshFolder }: CommandContext): NamedServer[] {
  if (names.every((name) => name.includes("://"))) return names.map((url) => ({ url }));
  const mesh = requireMesh(meshFolder, pid);
  return names.map((name) => {
    if (name.includes("://")) return { url: name };
    const found = mesh.regions.find(({ region }) => region === name);
    if (found !== undefined) return { name, url: found.url };
    throw new MeridianError("BAD_NAME", `the running mesh has no region ${JSON.stringify(name)}`, {
      advice: `its regions are ${mesh.regions.map(({ region }) => region).join(", ")}`,
    });
  });
}

/** Those that are named; of the running mesh, where it was needed to know what to compare. */
function agentsOf(names: readonly string[], { agents, mesh: pid }: DiffOptions, { meshFolder }: CommandContext): string[] {
  if (agents !== undefined) return agents;
  if (names.every((name) => name.includes("://"))) return [];
  return requireMesh(meshFolder, pid).regions.map(({ agentUrl }) => agentUrl);
}

function progressText({ db, keysScanned, keysExpected, differing, waiting }: CompareProgress): string {
  const part = keysExpected === 0 ? 100 : Math.min(100, Math.floor((100 * keysScanned) / keysExpected));
  const suspects = waiting > 0 ? `, ${grouped(waiting)} being looked at again` : "";
  return `db${db}: ${grouped(keysScanned)} keys scanned (${part} %), ${grouped(differing)} different${suspects}`;
}

function collectPrefixes(text: string, before: string[] | undefined): string[] {
  return [...(before ?? []), text];
}

function collectDatabases(text: string, before: number[] | undefined): number[] {
  return [...(before ?? []), wholeArgument(0, 1_000_000)(text)];
}
