/**
 * Raw values: what a source said, before anybody has checked it, each with the place that it came from.
 */

/** One value as it was written. */
export interface RawScalar {
  readonly form: "scalar";
  /** The characters as written, without quotes. */
  readonly text: string;
  /** What the source says it is. `any`: the environment and flags carry text that may mean anything. */
  readonly type: "text" | "number" | "boolean" | "empty" | "any";
  readonly origin: string;
}

/** A list as it was written; overlays by index can leave holes. */
export interface RawList {
  readonly form: "list";
  readonly items: (Raw | undefined)[];
  readonly origin: string;
}

/** Named values as they were written. */
export interface RawMap {
  readonly form: "map";
  readonly entries: Map<string, Raw>;
  readonly origin: string;
}

/** Any raw value. */
export type Raw = RawScalar | RawList | RawMap;

/** A raw value in words that give nothing away: for fields whose value may not be shown. */
export function formOf(raw: Raw): string {
  if (raw.form === "list") return `a list of ${raw.items.length}`;
  if (raw.form === "map") return "named fields";
  return raw.type === "empty" ? "nothing" : raw.type === "any" ? "text" : `a ${raw.type === "text" ? "text" : raw.type}`;
}

/**
 * Puts `value` at `path` over what `root` says there; deeper values already there are replaced. Where something of
 * another form stands in the way it is left for the checker to report, and `false` is returned.
 */
export function overlay(root: RawMap, path: readonly string[], value: Raw): boolean {
  let at: Raw = root;
  for (const [depth, part] of path.entries()) {
    const last = depth === path.length - 1;
    const fresh = (): Raw => (last ? value : emptyFor(path[depth + 1]!, value.origin));
    if (at.form === "map") {
      if (last || !at.entries.has(part)) at.entries.set(part, fresh());
      at = at.entries.get(part)!;
    } else if (at.form === "list") {
      const index = Number(part);
      if (last || at.items[index] === undefined) at.items[index] = fresh();
      at = at.items[index]!;
    } else return false;
  }
  return true;
}

function emptyFor(child: string, origin: string): Raw {
  return /^\d+$/.test(child) ? { form: "list", items: [], origin } : { form: "map", entries: new Map(), origin };
}
