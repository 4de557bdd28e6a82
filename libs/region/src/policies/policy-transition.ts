/**
 * What a change of the policies means for the keys of each prefix, and which changes are refused: by name, whole, before
 * anything starts.
 *
 * - `flag`: only what is flagged changes (a home).
 * - `leave`: shared keys become local. What was written before is still merged everywhere; what is written behind stays.
 * - `join`: local keys become shared. What each region holds is read and published as written now.
 * - `refuse`: keys that are merged cannot become registers, nor registers keys that are merged, at once: a mutation of the one
 *   kind that is still under way would meet cells of the other. Through `local` they can.
 */
import { parsePolicy, PolicyTable, policyText, type Policy, type PolicyRow } from "./policy-table.js";
import type { PolicyLine } from "@meridian/wire";

/** What becomes of the keys of a prefix. */
export type TransitionKind = "flag" | "leave" | "join" | "refuse";

/** One prefix whose keys get another policy; those of longer prefixes that are named too are not among them. */
export interface Transition {
  readonly prefix: string;
  readonly from: Policy;
  readonly to: Policy;
  readonly kind: TransitionKind;
}

/** All that changes between two tables, by prefix. */
export function transitionsOf(from: PolicyTable, to: PolicyTable): Transition[] {
  const prefixes = [...new Set(["", ...from.rows.map(({ prefix }) => prefix), ...to.rows.map(({ prefix }) => prefix)])].sort();
  return prefixes.flatMap((prefix) => {
    const before = from.of(prefix);
    const after = to.of(prefix);
    return policyText(before) === policyText(after) ? [] : [{ prefix, from: before, to: after, kind: kindOf(before, after) }];
  });
}

const SWITCHABLE: ReadonlySet<string> = new Set(["crdt", "home", "lww", "local"]);
const MERGED: ReadonlySet<string> = new Set(["crdt", "home"]);

function kindOf({ kind: from }: Policy, { kind: to }: Policy): TransitionKind {
  if (!SWITCHABLE.has(from) || !SWITCHABLE.has(to)) return "refuse";
  if (to === "local") return "leave";
  if (from === "local") return "join";
  return MERGED.has(from) && MERGED.has(to) ? "flag" : "refuse";
}

/** Why a change is refused, with what helps; an empty text: it is not. `regions`: those of the mesh. */
export function refusalOf(from: PolicyTable, to: PolicyTable, regions: readonly string[]): string {
  for (const { prefix, policy } of to.rows) {
    if (policy.kind === "home" && !regions.includes(policy.region)) return `${nameOf(prefix)}: the home ${policy.region} is no region of this mesh (${regions.join(", ")})`;
  }
  for (const transition of transitionsOf(from, to)) {
    if (transition.kind !== "refuse") continue;
    const { prefix, from: before, to: after } = transition;
    const what = `${nameOf(prefix)}: from ${policyText(before)} to ${policyText(after)} cannot be changed at run time`;
    if (!SWITCHABLE.has(before.kind) || !SWITCHABLE.has(after.kind)) return what;
    return `${what} in one step; change it to local, and when that is done to ${policyText(after)}`;
  }
  return "";
}

function nameOf(prefix: string): string {
  return prefix === "" ? "keys that no prefix names" : JSON.stringify(Buffer.from(prefix, "latin1").toString("utf8"));
}

/** A table as it is sent and stored. */
export function linesOf(table: PolicyTable): PolicyLine[] {
  return table.rows.map(({ prefix, policy }) => ({ prefix, policy: policyText(policy) }));
}

/** A table from its lines; a text where one of them says nothing that is known here. */
export function tableOf(lines: readonly PolicyLine[]): PolicyTable | string {
  const rows: PolicyRow[] = [];
  const seen = new Set<string>();
  for (const { prefix, policy: text } of lines) {
    const policy = parsePolicy(text);
    if (typeof policy === "string") return `${nameOf(prefix)}=${text}: ${policy}`;
    if (seen.has(prefix)) return `${nameOf(prefix)} stands there twice`;
    seen.add(prefix);
    rows.push({ prefix, policy });
  }
  return new PolicyTable(rows);
}
