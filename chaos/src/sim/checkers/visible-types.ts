/**
 * Which type a key shows, as the cells of one region say: the one with the newest write or increment. Asked of what stands
 * in the store, cell by cell; the oracle asks the published mutations.
 */
import { groupStart, newestDot, wins } from "@meridian/merge";
import type { StoredCell } from "@meridian/region";
import type { Dot } from "@meridian/words";

/** The type of a cell's kind: groups belong to their stream. Undefined for deadlines. */
function typeOf(kind: string): string | undefined {
  return kind === "t" ? undefined : kind === "g" ? "x" : kind;
}

/** Of each key, by `db|key`, what it shows and what is hidden, each with its newest write. */
export interface KeyTypes {
  readonly visible: string;
  readonly newest: ReadonlyMap<string, Dot>;
}

/** The types of all keys of a region's memory. */
export interface TypesOfKeys {
  readonly byPlace: ReadonlyMap<string, KeyTypes>;
  /** Some key has cells of several types. */
  readonly isMixed: boolean;
}

const KNOWN = new WeakMap<ReadonlyMap<string, StoredCell>, TypesOfKeys>();

/** What every key of a region's memory shows; found out once, for several checkers ask. */
export function typesIn(memory: ReadonlyMap<string, StoredCell>): TypesOfKeys {
  const known = KNOWN.get(memory);
  if (known) return known;
  const types = keyTypes(memory.values());
  KNOWN.set(memory, types);
  return types;
}

/** What every key shows. */
export function keyTypes(cells: Iterable<StoredCell>): TypesOfKeys {
  const keys = new Map<string, Map<string, Dot>>();
  const empty: (readonly [place: string, type: string])[] = [];
  for (const { db, key, kind, base } of cells) {
    const type = typeOf(kind);
    const dot = type === undefined || (kind === "g" && groupStart(base) === undefined) ? undefined : newestDot(base);
    if (type === undefined) continue;
    const place = `${db}|${key}`;
    if (!dot) {
      empty.push([place, type]);
      continue;
    }
    const newest = keys.get(place) ?? new Map<string, Dot>();
    if (newest.size === 0) keys.set(place, newest);
    const known = newest.get(type);
    if (!known || wins(dot, known)) newest.set(type, dot);
  }
  const byPlace = new Map<string, KeyTypes>();
  let isMixed = false;
  for (const [place, newest] of keys) {
    byPlace.set(place, { visible: visibleOf(newest), newest });
    isMixed ||= newest.size > 1;
  }
  for (const [place, type] of empty) isMixed ||= (byPlace.get(place)?.visible ?? type) !== type;
  return { byPlace, isMixed };
}

function visibleOf(newest: ReadonlyMap<string, Dot>): string {
  const [[first, dot] = ["", undefined]] = newest;
  let best = { type: first, dot };
  for (const [type, other] of newest) if (!best.dot || wins(other, best.dot)) best = { type, dot: other };
  return best.type;
}

/** True where another type hides the cell. */
export function isHiddenCell({ byPlace, isMixed }: TypesOfKeys, { db, key, kind }: Pick<StoredCell, "db" | "key" | "kind">): boolean {
  if (!isMixed) return false;
  const visible = byPlace.get(`${db}|${key}`)?.visible;
  const type = typeOf(kind);
  return visible !== undefined && type !== undefined && type !== visible;
}
