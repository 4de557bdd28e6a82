/** `meridian policy`: what the agents do with keys by prefix, whether they agree, and changing it. */
import type { Command } from "commander";
import { listArgument, wholeArgument, type CommandContext } from "../command-context.js";
import { EXIT } from "../exit-code.js";
import { printable } from "../printable.js";
import { fetchStatus } from "../status/agent-poll.js";
import type { PolicyStatus } from "../status/agent-status.js";
import { agentUrls } from "./agent-urls.js";
import { addPolicySet } from "./policy-set.js";

interface PolicyOptions {
  readonly agents?: string[];
  readonly mesh?: number;
  readonly json?: boolean;
}

/** What one server of a region does. */
interface ShownPolicies extends PolicyStatus {
  readonly region: string;
  readonly server: string;
}

const HELP = `
A mesh begins with the policies of its agents' configurations (\`policies:\`), checked whole before they start; \`meridian policy
set\` changes them while it runs. The longest prefix wins; keys that no prefix names are merged by the published rules.

  crdt            the published rules: makes an exception below a longer prefix
  lww             the key is one register: its last write, of any type, deletes included, stands as a whole
  local           the keys stay in their region: nothing of them is published, remembered or merged
  regions=<a>,<b> the published rules among these regions; nothing reaches the others, whose clients' writes there are counted
  home=<region>   the published rules; a write in another region is recorded (\`meridian conflicts --rule home\`) and counted

Which keys are local, lww or of some regions must be the same in every region: a digest of it stands in every record of the log, and records with
another one are held. Homes may differ: they only flag. Once a change was decided, what all regions have decided holds, whatever
the configurations still say; the agents' notices say so.

Examples:
  meridian policy show
  meridian policy show --agents http://10.0.0.1:7071,http://10.1.0.1:7071 --json

Exit code: 0 the regions agree, 1 they do not, 2 wrong arguments or an agent does not answer.`;

/** Adds the command. */
export function addPolicyCommand(program: Command, context: CommandContext): void {
  const policy = program.command("policy").summary("what happens to keys, by prefix").description("Policies per key prefix.");
  policy
    .command("show")
    .summary("the tables of all regions, and whether they agree")
    .description("Shows the policies of the mesh that `meridian dev` runs here, or of the agents named.")
    .option("--agents <urls>", "http:// URLs of agents, with commas between them", listArgument)
    .option("--mesh <pid>", "which local mesh, where several run", wholeArgument(1, 2 ** 31))
    .option("--json", "print JSON")
    .addHelpText("after", HELP)
    .action(async (options: PolicyOptions) => {
      await showPolicies(options, context);
    });
  addPolicySet(policy, context);
}

async function showPolicies(options: PolicyOptions, context: CommandContext): Promise<void> {
  const { terminal } = context;
  const all = (await Promise.all(agentUrls(options, context).map(policiesAt))).flat();
  const nameOf = ({ digest, version }: ShownPolicies): string => `${version} ${digest}`;
  const agree = all.every((one) => all.every((other) => one.server !== other.server || nameOf(one) === nameOf(other)));
  if (!agree) context.exit(EXIT.unmet);
  if (options.json === true) {
    terminal.out(`${JSON.stringify({ agree, regions: all }, undefined, 2)}\n`);
    return;
  }
  const { color } = terminal;
  for (const shown of all) {
    const { region, server, rows, digest, localCommands, foreignCommands, residencyCrossed } = shown;
    const { version, stage, awaits, proposed, ended } = shown;
    terminal.out(`${color.bold(region)}/${server}  ${color.dim(digest === "" ? "no local, lww or resident keys" : `local, lww and resident keys: digest ${digest}, ${localCommands} commands passed over`)}\n`);
    for (const [group, commands] of Object.entries(foreignCommands)) {
      terminal.out(`  ${color.yellow(`${commands} commands of clients here wrote keys that reside in ${group}: they stay here`)}\n`);
    }
    if (residencyCrossed > 0) terminal.out(`  ${color.yellow(`${residencyCrossed} commands may have brought something of a resident key to one that others get`)}\n`);
    for (const { prefix, policy } of rows) terminal.out(`  ${printable(Buffer.from(prefix, "utf8"))}  ${policy}\n`);
    if (rows.length === 0) terminal.out("  every key by the published rules\n");
    if (version > 0) terminal.out(`  after ${version} ${version === 1 ? "change" : "changes"} while it ran\n`);
    if (stage !== "done") terminal.out(color.yellow(`  the last change is under way: ${stage} ${awaits.join(" ")}\n`));
    if (proposed) terminal.out(color.yellow(`  ${proposed.by} proposes: ${proposed.rows.map(({ prefix, policy: to }) => `${prefix}=${to}`).join(" ") || "no rows"}${proposed.waitsFor.length > 0 ? `; waits for ${proposed.waitsFor.join(" ")}` : ""}\n`));
    if (ended !== "") terminal.out(color.dim(`  its last proposal: ${ended}\n`));
  }
  terminal.out(agree ? color.green("the regions agree on which keys are local, lww or of some regions\n") : color.red("the regions do not agree on which keys are local, lww or of some regions: their records are held\n"));
}

async function policiesAt(url: string): Promise<ShownPolicies[]> {
  const { region, pipelines } = await fetchStatus(url);
  return pipelines.map(({ server, policies }) => ({ region, server, ...policies }));
}
