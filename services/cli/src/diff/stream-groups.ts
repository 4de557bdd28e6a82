/**
 * Which consumer groups a stream has. Peers get a group's existence only: where it reads, its consumers and what is
 * pending belong to its region, so only names are compared.
 */
import type { Reply } from "@meridian/resp";
import { printable } from "../printable.js";
import { onlyIn, type DifferenceLines, type PairNames } from "./difference-lines.js";
import { bytesOf, listOf } from "./value-differences.js";

/** Asks for the groups of a stream; the key comes last. */
export const GROUPS_COMMAND = ["XINFO", "GROUPS"] as const;

/** Names of the groups in a reply, sorted, as binary strings. A reply that is no list (the key went away) has none. */
export function groupNames(reply: Reply): readonly string[] {
  const names = listOf(reply).map((group) => {
    const fields = listOf(group);
    const at = fields.findIndex((field, index) => index % 2 === 0 && bytesOf(field).toString() === "name");
    return at < 0 ? "" : bytesOf(fields[at + 1]!).toString("latin1");
  });
  return names.sort();
}

/** Adds a line for each group that only one of two servers has. */
export function compareGroups(left: readonly string[], right: readonly string[], names: PairNames, lines: DifferenceLines): void {
  const onlyLeft = left.filter((name) => !right.includes(name));
  const onlyRight = right.filter((name) => !left.includes(name));
  for (const name of onlyLeft) lines.add(() => `group ${nameText(name)} ${onlyIn(names.a, names.b)}`);
  for (const name of onlyRight) lines.add(() => `group ${nameText(name)} ${onlyIn(names.b, names.a)}`);
}

function nameText(name: string): string {
  return printable(Buffer.from(name, "latin1"));
}
