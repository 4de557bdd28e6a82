/**
 * Policies as options: rows of a prefix and what holds for its keys, checked whole before anything starts.
 */
import { parsePolicy, POLICIES_MAX, POLICY_FORMS, PolicyTable, type Policy } from "@meridian/region";
import { option, type RuleBreach, type TextShape } from "@meridian/shell";
import type { AgentOptions } from "./options.js";
import { PREFIX_CHARS_MAX } from "./policy-requests.js";

/** What is wrong with one of these {@link residenciesFit} says, with the reason. */
const RESIDENCY = "regions=";
const PREFIX: TextShape = { accepts: (text) => text.length <= PREFIX_CHARS_MAX, says: `at most ${PREFIX_CHARS_MAX} characters` };
const POLICY: TextShape = { accepts: (text) => text.startsWith(RESIDENCY) || typeof parsePolicy(text) !== "string", says: POLICY_FORMS };

/** The table. */
export const POLICY_FIELDS = option.table({
  help: "What happens to keys by prefix, the longest prefix wins; other keys are merged by the published rules. Which prefixes are local, which are lww and which reside where must be the same in every region: a difference is refused. Once this server was captured the table is changed while the regions run (meridian policy set); then what they have decided holds, and status says where it differs from this.",
  rowsMin: 0,
  rowsMax: POLICIES_MAX,
  fields: {
    prefix: option.text({ help: "Beginning of the keys' names.", required: true, shape: PREFIX }),
    policy: option.text({
      help: "With crdt the published rules hold. With local the keys stay in this region, nothing of them is published. With lww a key is one register: its last write of any type, deletes included, stands as a whole; it is read back (DUMP) behind every command, so regions need servers that load each other's payloads. With home=<region> the published rules hold, and a write in another region is recorded as a conflict and counted. With regions=<region>,<region> the published rules hold among these regions, in a log of their own: nothing of the keys reaches the others, and what clients of the others write there stays with them and is counted.",
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

/** Keys reside in two regions of this mesh at least, each named once. */
export function residenciesFit({ policies, region, peers }: AgentOptions): RuleBreach[] {
  const known: readonly string[] = [region, ...peers];
  return policies.flatMap(({ policy: text }, at): RuleBreach[] => {
    const field = `policies.${at}.policy`;
    const policy = parsePolicy(text);
    if (typeof policy === "string") return text.startsWith(RESIDENCY) ? [{ field, found: `${JSON.stringify(text)}: ${policy}`, allowed: "regions=<region>,<region>" }] : [];
    const unknown = policy.kind === "regions" ? policy.regions.find((name) => !known.includes(name)) : undefined;
    if (unknown === undefined) return [];
    return [{ field, found: `the region ${unknown}`, allowed: `regions of this mesh: ${known.join(", ")}` }];
  });
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
