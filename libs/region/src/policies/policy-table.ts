/**
 * Policies per key prefix: what happens to the writes of a key beside the published rules. The longest prefix wins.
 *
 * - `crdt`: the published rules; the default.
 * - `local`: the key stays in its region. Capture passes over it, nothing of it is published, remembered or merged.
 * - `lww`: the key is one register: the last write of any type to it, deletes included, stands as a whole.
 * - `home=<region>`: the published rules, and a write in another region is flagged in the conflict ledger and counted.
 * - `regions=<region>,<region>...`: the published rules among these regions, which are the key's *group*; nothing of it reaches
 *   the others (residency.ts).
 *
 * Which keys are local, which are registers and which reside where must be the same in every region: a digest of it stands in
 * every record of the log. `home` only flags, so regions may differ in it.
 */
import { crc32 } from "node:zlib";
import { groupNameOf } from "@meridian/words";

/** Rows of one table. */
export const POLICIES_MAX = 256;

/** What is done with the keys of one prefix. */
export type Policy =
  | { readonly kind: "crdt" }
  | { readonly kind: "local" }
  | { readonly kind: "lww" }
  | { readonly kind: "home"; readonly region: string }
  /** In order, each once. `group`: their name as one. */
  | { readonly kind: "regions"; readonly regions: readonly string[]; readonly group: string };

/** One row: a prefix as a binary string, and what holds for it. */
export interface PolicyRow {
  readonly prefix: string;
  readonly policy: Policy;
}

const CRDT: Policy = { kind: "crdt" };
const LOCAL: Policy = { kind: "local" };
const LWW: Policy = { kind: "lww" };
const REGION = /^[a-z][a-z0-9-]{0,31}$/;

/** What a policy can look like, for messages. */
export const POLICY_FORMS = "crdt, lww, local, home=<region>, regions=<region>,<region>";

/** Characters of a group's name, which is part of the names of logs. */
const GROUP_CHARS_MAX = 96;

/** Reads one policy; a text where it is refused: the reason. */
export function parsePolicy(text: string): Policy | string {
  if (text === "crdt") return CRDT;
  if (text === "local") return LOCAL;
  if (text.startsWith("home=")) {
    const region = text.slice(5);
    return REGION.test(region) ? { kind: "home", region } : `${JSON.stringify(region)} is no region's name`;
  }
  if (text === "lww") return LWW;
  if (text.startsWith("regions=")) return residency(text.slice("regions=".length).split(","));
  return "there is no such policy";
}

function residency(names: readonly string[]): Policy | string {
  const bad = names.find((name) => !REGION.test(name));
  if (bad !== undefined) return `${JSON.stringify(bad)} is no region's name; write regions=<region>,<region>`;
  const twice = names.find((name, at) => names.indexOf(name) < at);
  if (twice !== undefined) return `${twice} stands there twice`;
  if (names.length < 2) return "one region alone: keys that stay in their region have the policy local";
  const regions = [...names].sort();
  const group = regions.join("+");
  if (group.length > GROUP_CHARS_MAX) return `the regions' names have ${group.length} characters together; ${GROUP_CHARS_MAX} are allowed`;
  return { kind: "regions", regions, group: groupNameOf(regions) };
}

/** A policy as it is written. */
export function policyText(policy: Policy): string {
  if (policy.kind === "regions") return `regions=${policy.regions.join(",")}`;
  return policy.kind === "home" ? `home=${policy.region}` : policy.kind;
}

/** See the module's comment. */
export class PolicyTable {
  readonly #rows: readonly PolicyRow[];
  /** Names which keys are local, which are registers and which reside where: equal digests, equal keys. 0: none. Fits 32 bits. */
  readonly digest: number;

  /** Rows in any order; each prefix once. */
  constructor(rows: readonly PolicyRow[]) {
    this.#rows = [...rows].sort((a, b) => b.prefix.length - a.prefix.length || (a.prefix < b.prefix ? -1 : 1));
    this.digest = digestOf(this.#rows);
  }

  /** Rows, the longest prefix first. */
  get rows(): readonly PolicyRow[] {
    return this.#rows;
  }

  /** What holds for a key. */
  of(key: string): Policy {
    for (const { prefix, policy } of this.#rows) if (key.startsWith(prefix)) return policy;
    return CRDT;
  }

  /** True where the key stays in its region. */
  isLocal(key: string): boolean {
    return this.of(key).kind === "local";
  }

  /** True where the key is one register. */
  isRegister(key: string): boolean {
    return this.of(key).kind === "lww";
  }

  /** The group of regions in which the key resides; "": every region gets it, if any does. */
  groupOf(key: string): string {
    const policy = this.of(key);
    return policy.kind === "regions" ? policy.group : "";
  }

  /** Every group that a row names, in order of its name, with its regions. */
  get groups(): ReadonlyMap<string, readonly string[]> {
    const groups = new Map<string, readonly string[]>();
    for (const { policy } of this.#rows) if (policy.kind === "regions") groups.set(policy.group, policy.regions);
    return new Map([...groups].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

/** What of a policy every region must agree in. */
function agreedOn({ policy }: PolicyRow): string {
  if (policy.kind === "regions") return policyText(policy);
  return policy.kind === "local" || policy.kind === "lww" ? policy.kind : "merged";
}

/** A row says something only where it differs from the next shorter prefix that covers it. */
function digestOf(rows: readonly PolicyRow[]): number {
  const telling = rows.filter((row, at) => {
    const above = rows.slice(at + 1).find(({ prefix }) => row.prefix.startsWith(prefix));
    return agreedOn(row) !== (above ? agreedOn(above) : "merged");
  });
  if (telling.length === 0) return 0;
  // 0 stands for a table in which every key is merged.
  return crc32(JSON.stringify(telling.map((row) => [row.prefix, agreedOn(row)]))) || 1;
}
