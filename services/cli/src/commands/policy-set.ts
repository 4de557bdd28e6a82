/** `meridian policy set` and `cancel`: changes the policies of a running mesh, through one of its agents. */
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { MeridianError } from "@meridian/words";
import type { Command } from "commander";
import { listArgument, secondsArgument, wholeArgument, type CommandContext } from "../command-context.js";
import { EXIT } from "../exit-code.js";
import { printable } from "../printable.js";
import { fetchStatus } from "../status/agent-poll.js";
import type { PolicyStatus } from "../status/agent-status.js";
import { agentUrls } from "./agent-urls.js";

/** How long it is waited for all regions, where nothing else is said. */
const WAIT_SECONDS = 60;
const POLL_MS = 250;
/** An agent that does not answer within this is out of reach. */
const ASK_TIMEOUT_MS = 5_000;

interface SetOptions {
  readonly agents?: string[];
  readonly mesh?: number;
  readonly server?: string;
  readonly dryRun?: boolean;
  readonly wait: number;
  readonly json?: boolean;
}

interface Row {
  readonly prefix: string;
  readonly policy: string;
}

/** What one agent says of the server in question. */
interface Place {
  readonly url: string;
  readonly region: string;
  readonly server: string;
  readonly policies: PolicyStatus;
}

interface Reply {
  readonly refusal: string;
  readonly transitions: readonly { readonly prefix: string; readonly from: string; readonly to: string; readonly kind: string }[];
}

const EFFECTS: Readonly<Record<string, string>> = {
  flag: "only what is flagged changes",
  leave: "the keys stay in their region from then on; what was written before is still merged everywhere",
  join: "what each region holds is published as written now, and merged",
  refuse: "refused",
};

const HELP = `
prefix=policy   changes rows of the table that runs: crdt, lww, local or home=<region>; prefix= takes a row away
file            the whole table: JSON, a list of {"prefix": ..., "policy": ...}, or an object with it under "policies"

All regions agree first, and switch at one point: nothing that was written under the old table comes behind what was written
under the new one. A region that is away is waited for; until the last has agreed, \`meridian policy cancel\` takes it back.
lww and crdt change into each other through local: set local, wait until it is done, set the other.

Examples:
  meridian policy set session:=local
  meridian policy set cart:=home=eu cache:=local old:= --dry-run
  meridian policy set policies.json --wait 300 --json

Exit code: 0 in force in every region (or: it would be taken), 1 proposed and not in force, or given up, 2 refused, or an agent
does not answer.`;

/** Adds the subcommands. */
export function addPolicySet(policy: Command, context: CommandContext): void {
  const common = (command: Command): Command =>
    command
      .option("--agents <urls>", "http:// URLs of all agents, with commas between them", listArgument)
      .option("--mesh <pid>", "which local mesh, where several run", wholeArgument(1, 2 ** 31))
      .option("--server <name>", "of this captured server, where agents capture several")
      .option("--json", "print JSON");
  common(policy.command("set <changes...>"))
    .summary("change the table of all regions while they run")
    .description("Proposes a table to all regions and waits until it is in force everywhere.")
    .option("--dry-run", "only ask every region whether it would be taken")
    .option("--wait <seconds>", "how long to wait", secondsArgument(0, 86_400), WAIT_SECONDS)
    .addHelpText("after", HELP)
    .action(async (changes: string[], options: SetOptions) => {
      await setPolicies(changes, options, context);
    });
  common(policy.command("cancel"))
    .summary("take back a change that not all regions have agreed to")
    .description("Takes back the change that is proposed.")
    .action(async (options: SetOptions) => {
      await cancelChange(options, context);
    });
}

async function setPolicies(changes: readonly string[], options: SetOptions, context: CommandContext): Promise<void> {
  const urls = agentUrls(options, context);
  const places = await placesOf(urls, options.server);
  const [first] = places as [Place, ...Place[]];
  const behind = places.find(({ policies }) => policies.version !== first.policies.version);
  if (behind) throw new MeridianError("BAD_OPTION", `${behind.region} has gone through ${behind.policies.version} changes, ${first.region} through ${first.policies.version}`, { advice: "wait until all regions run the same: `meridian policy show`" });
  const rows = tableOf(changes, first.policies.rows);
  const replies = await Promise.all(places.map((place) => ask(place, "try", rows)));
  for (const [at, { refusal }] of replies.entries()) if (refusal !== "") throw refused(places[at] as Place, refusal);
  const { transitions } = options.dryRun === true ? (replies[0] as Reply) : await propose(first, rows);
  const { terminal } = context;
  if (options.json !== true) for (const { prefix, from, to, kind } of transitions) terminal.out(`${nameOf(prefix)}  ${from} -> ${to}: ${EFFECTS[kind] ?? kind}\n`);
  if (options.dryRun === true) {
    terminal.out(options.json === true ? `${JSON.stringify({ server: first.server, dryRun: true, transitions })}\n` : "every region would take it\n");
    return;
  }
  const ended = await waitForAll(urls, first, options, context);
  if (ended.state !== "in force") context.exit(EXIT.unmet);
  if (options.json === true) terminal.out(`${JSON.stringify({ server: first.server, ...ended, transitions })}\n`);
  else terminal.out(ended.state === "in force" ? terminal.color.green(`in force in every region: change ${ended.version}\n`) : `${ended.state}: ${ended.reason}\n`);
}

async function propose(place: Place, rows: readonly Row[]): Promise<Reply> {
  const reply = await ask(place, "propose", rows);
  if (reply.refusal !== "") throw refused(place, reply.refusal);
  return reply;
}

function refused({ region, server }: Place, refusal: string): MeridianError {
  return new MeridianError("BAD_OPTION", `${region}/${server} refuses it: ${refusal}`, { advice: "nothing was changed; `meridian policy show` tells what runs and what is under way" });
}

interface Ended {
  readonly state: "in force" | "waiting" | "given up";
  readonly version: number;
  readonly reason: string;
}

async function waitForAll(urls: readonly string[], proposer: Place, { wait }: SetOptions, context: CommandContext): Promise<Ended> {
  const version = proposer.policies.version + 1;
  const until = performance.now() + wait * 1000;
  for (;;) {
    const places = await placesOf(urls, proposer.server, true);
    const own = places.find(({ url }) => url === proposer.url)?.policies;
    const open = places.filter(({ policies }) => policies.version < version || (policies.version === version && policies.stage !== "done"));
    if (places.length === urls.length && open.length === 0) return { state: "in force", version, reason: "" };
    if (own && own.version < version && !own.proposed && own.ended !== "") return { state: "given up", version, reason: own.ended };
    if (performance.now() >= until || context.stop.aborted) return { state: "waiting", version, reason: waiting(places, open, version) };
    await delay(POLL_MS, undefined, { signal: context.stop }).catch(() => undefined);
  }
}

function waiting(places: readonly Place[], open: readonly Place[], version: number): string {
  const waitsFor = places.flatMap(({ policies }) => policies.proposed?.waitsFor ?? []);
  if (waitsFor.length > 0) return `not decided; ${waitsFor.join(", ")} has not agreed (\`meridian policy cancel\` takes it back)`;
  const told = open.map(({ region, policies }) => `${region}: ${policies.version < version ? "has not switched" : policies.stage}`);
  return told.length > 0 ? told.join(", ") : "an agent does not answer";
}

async function cancelChange(options: SetOptions, context: CommandContext): Promise<void> {
  const places = await placesOf(agentUrls(options, context), options.server);
  const holder = places.find(({ policies }) => policies.proposed)?.policies.proposed?.by;
  const proposer = places.find(({ region, server }) => `${region}/${server}` === holder);
  if (!proposer) throw new MeridianError("BAD_OPTION", holder === undefined ? "there is no change under way" : `the change was proposed by ${holder}, whose agent is not among those that were asked`, { advice: "see `meridian policy show`" });
  const { refusal } = await ask(proposer, "cancel", []);
  if (refusal !== "") throw refused(proposer, refusal);
  context.terminal.out(options.json === true ? `${JSON.stringify({ cancelled: true, by: holder })}\n` : `the change of ${holder} was taken back\n`);
}

/** The server in question at every agent. With `isLenient` agents that do not answer are left out. */
async function placesOf(urls: readonly string[], server: string | undefined, isLenient = false): Promise<Place[]> {
  const found = await Promise.all(
    urls.map(async (url) => {
      const status = await fetchStatus(url).catch((error: unknown) => {
        if (isLenient) return undefined;
        throw error;
      });
      if (!status) return [];
      const names = status.pipelines.map((pipeline) => pipeline.server);
      const pipeline = status.pipelines.find((one) => one.server === (server ?? names[0]));
      const isMeant = server !== undefined || names.length === 1;
      if (pipeline && isMeant) return [{ url, region: status.region, server: pipeline.server, policies: pipeline.policies }];
      throw new MeridianError("BAD_OPTION", pipeline ? `${status.region} captures several servers` : `${status.region} captures no server ${server ?? ""}`, { advice: `name one with --server: ${names.join(", ")}` });
    }),
  );
  return found.flat();
}

async function ask({ url, server, region }: Place, action: "try" | "propose" | "cancel", rows: readonly Row[]): Promise<Reply> {
  const request = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ action, rows, server }) };
  const response = await fetch(`${url.replace(/\/$/, "")}/policies`, { ...request, signal: AbortSignal.timeout(ASK_TIMEOUT_MS) }).catch((error: unknown) => {
    throw new MeridianError("AGENT_UNAVAILABLE", `the agent of ${region} does not answer: ${(error as Error).message}`, { advice: "check that it runs", retryable: true });
  });
  const body = (await response.json().catch(() => ({}))) as Partial<Reply> & { readonly error?: string; readonly allowed?: string };
  if (response.status === 200 || response.status === 409) return { refusal: body.refusal ?? "", transitions: body.transitions ?? [] };
  throw new MeridianError("BAD_OPTION", `${region}/${server}: ${body.error ?? `it answered ${response.status}`}`, { advice: body.allowed ?? "an agent of this version takes changes of the policies" });
}

const CHANGE = /^(.*)=(crdt|lww|local|home=[a-z0-9-]+|regions=.*|)$/s;

/** The table that is to follow. */
function tableOf(changes: readonly string[], running: readonly Row[]): Row[] {
  const [file = ""] = changes;
  if (changes.length === 1 && !CHANGE.test(file) && existsSync(file)) return tableIn(file);
  const rows = new Map(running.map(({ prefix, policy }) => [prefix, policy]));
  for (const change of changes) {
    const [, prefix = "", policy = ""] = CHANGE.exec(change) ?? [];
    if (!CHANGE.test(change)) throw new MeridianError("BAD_OPTION", `${JSON.stringify(change)} is neither prefix=policy nor a file`, { advice: "policies: crdt, lww, local, home=<region>; prefix= takes a row away" });
    if (policy === "") rows.delete(prefix);
    else rows.set(prefix, policy);
  }
  return [...rows].map(([prefix, policy]) => ({ prefix, policy }));
}

function tableIn(file: string): Row[] {
  try {
    const read = JSON.parse(readFileSync(file, "utf8")) as readonly Row[] | { readonly policies: readonly Row[] };
    const rows = "policies" in read ? read.policies : read;
    return rows.map(({ prefix, policy }) => ({ prefix, policy }));
  } catch (cause) {
    throw new MeridianError("BAD_OPTION", `${file} holds no table: ${(cause as Error).message}`, { advice: `write JSON: [{"prefix": "session:", "policy": "local"}]`, cause });
  }
}

function nameOf(prefix: string): string {
  return prefix === "" ? "(all other keys)" : printable(Buffer.from(prefix, "utf8"));
}
