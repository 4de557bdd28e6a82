/** `meridian conflicts`: what merging chose and what it hid, from the agents' ledgers; and writing a losing value back. */
import { setTimeout as delay } from "node:timers/promises";
import { MeridianError } from "@meridian/words";
import { InvalidArgumentError, Option, type Command } from "commander";
import { Redis } from "ioredis";
import { listArgument, wholeArgument, type CommandContext } from "../command-context.js";
import { joined, ledgersOf, newestConflicts, readLedger, type Conflict, type ConflictFilter, type LedgerAddress } from "../conflicts/conflict-source.js";
import { conflictLine } from "../conflicts/conflict-text.js";
import { restoreConflict } from "../conflicts/restore-conflict.js";
import { findMeshes, requireMesh } from "../mesh/mesh-file.js";

interface ConflictsOptions {
  readonly agents?: string[];
  readonly mesh?: number;
  readonly key?: string;
  readonly prefix?: string;
  readonly rule?: string;
  readonly region?: string;
  readonly since?: number;
  readonly until?: number;
  readonly db?: number;
  readonly limit: number;
  readonly follow?: boolean;
  readonly json?: boolean;
}

interface RestoreOptions {
  readonly agents?: string[];
  readonly mesh?: number;
  readonly server?: string;
}

const RULES = ["register", "score", "expiry", "remove", "hidden", "clamped", "type", "home", "lww", "element", "moved"];
const FOLLOW_MS = 500;
const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

const HELP = `
A conflict is recorded where merging had to choose between writes of which neither had seen the other and whose values
differ, or had to hide something. Who had seen a write and replaced it is no conflict, whatever region it was in.

  register   two values: the later is visible            score     two scores: the later
  expiry     two deadlines: the longest holds            remove    a removal left standing what it had not seen
  hidden     increments wait behind a text               clamped   a sum stopped at the edge of 64 bits
  type       two types: the newest write's is visible    home      a write outside of its home region
  lww        a key that is one register: the later       element   two values of a list's element: the later
  moved      two entries of a stream with one id: one stands beside it

Each line: when it was merged, its id, the rule, the key (and field), who lost what -> who is visible with what, and the
regions whose ledgers hold it. Values are cut here; --json has them whole.

Examples:
  meridian conflicts                                        the last 20
  meridian conflicts --prefix cart: --since 1h --limit 500
  meridian conflicts --region us --rule register --json
  meridian conflicts --follow                               as they are merged, until Ctrl-C
  meridian conflicts restore 3f2a91c0                       write the losing value back, as a new write

Exit code: 0 answered, 2 wrong arguments or an agent does not answer.`;

const RESTORE_HELP = `
The id (or its beginning) is what \`meridian conflicts\` shows. The value is written by an ordinary command to the server of
the region whose write had lost: SET (the deadline stays), HSET, SADD, ZADD, PEXPIREAT or PERSIST, RESTORE. Its agent
captures that as a new write, so it wins in every region.

Refused where the value was not kept, where the key holds another type now, and for removals and increments.

Examples:
  meridian conflicts restore 3f2a91c0d4e5f607
  meridian conflicts restore 3f2a91c0 --agents http://10.0.0.1:7071 --server redis://10.0.0.1:6379

Exit code: 0 written, 2 refused.`;

/** Adds the command. */
export function addConflictsCommand(program: Command, context: CommandContext): void {
  const command = program
    .command("conflicts")
    .summary("what merging chose, and what lost")
    .description("Shows the conflict ledger of the mesh that `meridian dev` runs here, or of the agents named.")
    .option("--agents <urls>", "http:// URLs of agents, with commas between them", listArgument)
    .option("--mesh <pid>", "which local mesh, where several run", wholeArgument(1, 2 ** 31))
    .option("--key <name>", "of this key only")
    .option("--prefix <text>", "of keys that begin so")
    .addOption(new Option("--rule <rule>", "decided by this rule").choices(RULES))
    .option("--region <name>", "lost or won by this region")
    .option("--since <time>", "merged since: 90s, 15m, 2h, 1d, or a date", timeArgument)
    .option("--until <time>", "merged before", timeArgument)
    .option("--db <number>", "of this database only", wholeArgument(0, 65_535))
    .option("--limit <count>", "show the newest so many", wholeArgument(1, 100_000), 20)
    .option("--follow", "then show new ones as they are merged")
    .option("--json", "one JSON object per line")
    .addHelpText("after", HELP)
    .action(async (options: ConflictsOptions) => {
      await runConflicts(options, context);
    });
  command
    .command("restore <id>")
    .summary("write a losing value back")
    .description("Writes the losing value of a conflict back, as a new write.")
    .option("--server <url>", "redis:// URL of the server to write to (by default the losing region's, of a local mesh)")
    .addHelpText("after", RESTORE_HELP)
    .action(async (id: string, own: RestoreOptions, restore: Command) => {
      await runRestore(id, { ...own, ...restore.optsWithGlobals<RestoreOptions>() }, context);
    });
}

async function runConflicts(options: ConflictsOptions, context: CommandContext): Promise<void> {
  const ledgers = await ledgersOf(agentsOf(options, context));
  const filter = filterOf(options);
  const cursors = options.follow === true ? await Promise.all(ledgers.map(endOf)) : [];
  for (const conflict of await newestConflicts(ledgers, filter, options.limit)) show(conflict, options, context);
  const told = new Set<string>();
  while (options.follow === true && (await delay(FOLLOW_MS, true, { signal: context.stop }).catch(() => false))) {
    const pages = await Promise.all(ledgers.map((ledger, at) => readLedger(ledger, { ...filter, after: String(cursors[at]), limit: "1000" })));
    for (const [at, page] of pages.entries()) cursors[at] = page.next;
    for (const conflict of joined(pages.flatMap(({ conflicts }) => conflicts))) {
      // Regions merge at different times: a conflict is shown when the first one records it.
      if (told.has(conflict.id)) continue;
      remember(told, conflict.id);
      show(conflict, options, context);
    }
  }
}

/** Ids shown lately; older ones have been recorded everywhere long since. */
const TOLD_MAX = 100_000;

function remember(told: Set<string>, id: string): void {
  told.add(id);
  if (told.size <= TOLD_MAX) return;
  for (const oldest of told) {
    told.delete(oldest);
    return;
  }
}

async function endOf(ledger: LedgerAddress): Promise<number> {
  const { next, conflicts } = await readLedger(ledger, { before: "0", limit: "1" });
  return conflicts.length === 0 ? 0 : next;
}

function show(conflict: Conflict, { json }: ConflictsOptions, { terminal }: CommandContext): void {
  terminal.out(json === true ? `${JSON.stringify(conflict)}\n` : conflictLine(conflict, terminal.color));
}

async function runRestore(id: string, options: RestoreOptions, context: CommandContext): Promise<void> {
  if (!/^[0-9a-f]{4,16}$/.test(id)) throw new MeridianError("BAD_OPTION", `${JSON.stringify(id)} is no conflict's id`, { advice: "give 4 to 16 of the hexadecimal digits that `meridian conflicts` shows" });
  const ledgers = await ledgersOf(agentsOf(options, context));
  const found = await newestConflicts(ledgers, { id }, 10);
  const [conflict, other] = found;
  if (!conflict) throw new MeridianError("BAD_OPTION", `no ledger holds conflict ${id}`, { advice: "it may be older than the ledgers keep; see `meridian conflicts`" });
  if (other) throw new MeridianError("BAD_OPTION", `${found.length} conflicts begin with ${id}`, { advice: `write more digits: ${found.map((one) => one.id).join(", ")}` });
  const region = conflict.loser.writer.split("/", 1)[0] ?? "";
  const url = options.server ?? serverOf(region, options, context);
  const client = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null });
  client.on("error", () => undefined); // the command that fails says why
  try {
    await client.connect().catch((error: unknown) => {
      throw new MeridianError("SERVER_UNAVAILABLE", `${url} does not answer: ${(error as Error).message}`, { advice: "check the address and that the server runs" });
    });
    const done = await restoreConflict(client, conflict);
    context.terminal.out(`${done}: the value of ${region} was written back\n`);
  } finally {
    client.disconnect();
  }
}

function serverOf(region: string, { mesh }: RestoreOptions, { meshFolder }: CommandContext): string {
  const known = findMeshes(meshFolder).filter(({ pid }) => mesh === undefined || pid === mesh);
  const place = known.length === 1 ? known[0]?.regions.find((one) => one.region === region) : undefined;
  if (place) return place.url;
  throw new MeridianError("BAD_OPTION", `no local mesh says where the server of ${region} is`, { advice: "name it with --server redis://host:port" });
}

function agentsOf({ agents, mesh }: Pick<ConflictsOptions, "agents" | "mesh">, { meshFolder }: CommandContext): string[] {
  const urls = agents ?? requireMesh(meshFolder, mesh).regions.map(({ agentUrl }) => agentUrl);
  for (const url of urls) if (!/^https?:\/\/[^/]+/.test(url)) throw new MeridianError("BAD_OPTION", `${JSON.stringify(url)} is not an agent's URL`, { advice: "write http://host:port" });
  return urls;
}

function filterOf({ key, prefix, rule, region, since, until, db }: ConflictsOptions): ConflictFilter {
  const given = { key, prefix, rule, region, since, until, db };
  return Object.fromEntries(Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])));
}

/** A moment: so long ago, or a date. In ms since 1970. For commander. */
function timeArgument(text: string): number {
  const ago = /^(\d+)([smhd])$/.exec(text);
  const ms = ago ? Date.now() - Number(ago[1]) * (UNIT_MS[ago[2] ?? "s"] ?? 0) : Date.parse(text);
  if (!Number.isFinite(ms)) throw new InvalidArgumentError("Expected how long ago (90s, 15m, 2h, 1d) or a date (2031-05-01T12:00:00Z).");
  return Math.floor(ms);
}
