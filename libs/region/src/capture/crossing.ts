/**
 * Commands that carry what one key holds to another: whether something of a key that only some regions get may have come to one
 * that others get too. What the client writes there is that key's, and leaves with it: this only tells.
 *
 * Refuses to look into scripts and clients, which read here and write there: their writes are as good as any.
 */
import { argumentIs, argumentText, type ArgumentView, type CommandRow } from "@meridian/commands";
import type { Residency } from "../publish/residency.js";

/** Where a command names the key that takes something, and where those that it comes from: from one argument to another. */
interface Way {
  readonly to: number;
  readonly from: number;
  /** Undefined: up to the end. */
  readonly upTo?: number;
  /** The number of keys stands here, and they behind it. */
  readonly counted?: true;
}

const PAIR: Way = { to: 2, from: 1, upTo: 1 };
const INTO_FIRST: Way = { to: 1, from: 2, upTo: 2 };
const ALL_INTO_FIRST: Way = { to: 1, from: 2 };
const COUNTED_INTO_FIRST: Way = { to: 1, from: 2, counted: true };

/** By name, as the stream has it. */
const WAYS: ReadonlyMap<string, Way> = new Map([
  ...["rename", "renamenx", "copy", "lmove", "rpoplpush", "smove"].map((name) => [name, PAIR] as const),
  ...["zrangestore", "geosearchstore"].map((name) => [name, INTO_FIRST] as const),
  ...["sunionstore", "sinterstore", "sdiffstore", "pfmerge"].map((name) => [name, ALL_INTO_FIRST] as const),
  ...["zunionstore", "zinterstore", "zdiffstore"].map((name) => [name, COUNTED_INTO_FIRST] as const),
  ["bitop", { to: 2, from: 3 }],
]);

/** True where it may have. */
export function crosses({ name }: CommandRow, view: ArgumentView, residency: Residency): boolean {
  const way = WAYS.get(name) ?? (name === "sort" || name.startsWith("georadius") ? storing(view) : undefined);
  if (!way || way.to >= view.argc) return false;
  const to = residency.groupOf(argumentText(view, way.to));
  const from = way.counted ? way.from + 1 : way.from;
  const upTo = way.counted ? way.from + Number(argumentText(view, way.from)) : (way.upTo ?? view.argc - 1);
  for (let at = from; at <= upTo && at < view.argc; at += 1) {
    const group = residency.groupOf(argumentText(view, at));
    if (group !== "" && group !== to) return true;
  }
  return false;
}

/** SORT and GEORADIUS name the key that takes their result behind a word. */
function storing(view: ArgumentView): Way | undefined {
  for (let at = 2; at + 1 < view.argc; at += 1) {
    if (argumentIs(view, at, "store") || argumentIs(view, at, "storedist")) return { to: at + 1, from: 1, upTo: 1 };
  }
  return undefined;
}
