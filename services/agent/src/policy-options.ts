/**
 * Policies as options: rows of a prefix and what holds for its keys, checked whole before anything starts.
 */
import { parsePolicy, POLICIES_MAX, POLICY_FORMS, PolicyTable, type Policy } from "@meridian/region";
import { option, type RuleBreach, type TextShape } from "@meridian/shell";
import type { AgentOptions } from "./options.js";

/** The longest prefix, in characters: what is longer is a key rather than a prefix. */
const PREFIX_CHARS_MAX = 512;

const PREFIX: TextShape = { accepts: (text) => text.length <= PREFIX_CHARS_MAX, says: `at most ${PREFIX_CHARS_MAX} characters` };
const POLICY: TextShape = { accepts: (text) => isBuilt(parsePolicy(text)), says: `${POLICY_FORMS}; regions= is not built yet` };

/** The agent opens one log of its own. */
function isBuilt(policy: Policy | string): boolean {
  return typeof policy !== "string" && policy.kind !== "regions";
}

/** The table. */
export const POLICY_FIELDS = option.table({
  help: "What happens to keys by prefix, the longest prefix wins; other keys are merged by the published rules. Which prefixes are local and which are lww must be the same in every region and cannot be changed once this server was captured: a difference is refused.",
  rowsMin: 0,
  rowsMax: POLICIES_MAX,
  fields: {
    prefix: option.text({ help: "Beginning of the keys' names.", required: true, shape: PREFIX }),
    policy: option.text({
      help: "With crdt the published rules hold. With local the keys stay in this region, nothing of them is published. With lww a key is one register: its last write of any type, deletes included, stands as a whole; it is read back (DUMP) behind every command, so regions need servers that load each other's payloads. With home=<region> the published rules hold, and a write in another region is recorded as a conflict and counted.",
      required: true,
      shape: POLICY,
    }),
  },
});

/** The options' table; undefined where every key is merged by the published rules. */
export function policiesOf({ policies }: Pick<AgentOptions, "policies">): PolicyTable | undefined {
  if (policies.length === 0) return undefined;
  return new PolicyTable(policies.map(({ prefix, policy }) => ({ prefix: Buffer.from(prefix, "utf8").toString("latin1"), policy: parsePolicy(policy) as Policy })));
}

/** Each prefix once. */
export function prefixesDiffer({ policies }: AgentOptions): RuleBreach[] {
  const prefixes = policies.map(({ prefix }) => prefix);
  return prefixes.flatMap((prefix, at) =>
    prefixes.indexOf(prefix) < at ? [{ field: `policies.${at}.prefix`, found: `${JSON.stringify(prefix)} a second time`, allowed: "each prefix once" }] : [],
  );
}

/** A home is a region of this mesh. */
export function homesAreKnown({ policies, region, peers }: AgentOptions): RuleBreach[] {
  const known: readonly string[] = [region, ...peers];
  return policies.flatMap(({ policy }, at) => {
    const home = parsePolicy(policy);
    if (typeof home === "string" || home.kind !== "home" || known.includes(home.region)) return [];
    return [{ field: `policies.${at}.policy`, found: `the region ${home.region}`, allowed: `a region of this mesh: ${known.join(", ")}` }];
  });
}
