/**
 * What leads from one list of prints to another: edits of neighbouring elements, as few as a bounded search finds.
 *
 * Myers, *An O(ND) difference algorithm* (1986), over what is left when equal ends are taken off. Limit: beyond
 * {@link DIFFERENCES_MAX} differences the middle is replaced whole.
 */

/** Differences beyond which no shortest way is looked for. */
export const DIFFERENCES_MAX = 200;

/** At `index` of the list before any edit, `removed` elements go and `wanted.slice(from, to)` come. */
export interface ListEdit {
  readonly index: number;
  readonly removed: number;
  readonly from: number;
  readonly to: number;
}

/** The edits that make `wanted` of `held`, in order. */
export function editsBetween(held: readonly string[], wanted: readonly string[]): ListEdit[] {
  let start = 0;
  while (start < held.length && start < wanted.length && held[start] === wanted[start]) start += 1;
  let end = 0;
  const most = Math.min(held.length, wanted.length) - start;
  while (end < most && held[held.length - 1 - end] === wanted[wanted.length - 1 - end]) end += 1;
  const a = held.slice(start, held.length - end);
  const b = wanted.slice(start, wanted.length - end);
  if (a.length === 0 && b.length === 0) return [];
  const trace = a.length === 0 || b.length === 0 ? undefined : shortestWay(a, b);
  if (!trace) return [{ index: start, removed: a.length, from: start, to: start + b.length }];
  return joined(kept(trace, a.length, b.length), a.length, b.length).map((edit) => ({
    index: edit.index + start,
    removed: edit.removed,
    from: edit.from + start,
    to: edit.to + start,
  }));
}

/** Per number of differences, how far every diagonal had come before; undefined where the way is too long. */
function shortestWay(a: readonly string[], b: readonly string[]): Map<number, number>[] | undefined {
  const trace: Map<number, number>[] = [];
  let ends = new Map<number, number>([[1, 0]]);
  for (let d = 0; d <= DIFFERENCES_MAX; d += 1) {
    trace.push(ends);
    const next = new Map(ends);
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && (ends.get(k - 1) ?? -1) < (ends.get(k + 1) ?? -1));
      let x = down ? (ends.get(k + 1) ?? 0) : (ends.get(k - 1) ?? 0) + 1;
      let y = x - k;
      while (x < a.length && y < b.length && a[x] === b[y]) {
        x += 1;
        y += 1;
      }
      next.set(k, x);
      if (x >= a.length && y >= b.length) return trace;
    }
    ends = next;
  }
  return undefined;
}

/** The pairs of equal elements on the shortest way, in order. */
function kept(trace: readonly Map<number, number>[], aLength: number, bLength: number): [number, number][] {
  const pairs: [number, number][] = [];
  let x = aLength;
  let y = bLength;
  for (let d = trace.length - 1; d >= 0; d -= 1) {
    const ends = trace[d] as Map<number, number>;
    const k = x - y;
    const down = k === -d || (k !== d && (ends.get(k - 1) ?? -1) < (ends.get(k + 1) ?? -1));
    const from = down ? k + 1 : k - 1;
    const startX = d === 0 ? 0 : (ends.get(from) ?? 0);
    const startY = d === 0 ? 0 : startX - from;
    for (; x > startX && y > startY; pairs.push([x, y])) {
      x -= 1;
      y -= 1;
    }
    x = startX;
    y = startY;
  }
  return pairs.reverse();
}

function joined(pairs: readonly [number, number][], aLength: number, bLength: number): ListEdit[] {
  const edits: ListEdit[] = [];
  let x = 0;
  let y = 0;
  for (const [nextX, nextY] of [...pairs, [aLength, bLength] as const]) {
    if (nextX > x || nextY > y) edits.push({ index: x, removed: nextX - x, from: y, to: nextY });
    x = nextX + 1;
    y = nextY + 1;
  }
  return edits;
}
