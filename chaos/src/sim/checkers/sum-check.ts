/**
 * A live checker: a counter that clients only ever increment holds, at the border of every apply script, all that its own
 * region's clients were told is added, and of every other region what its clients had added up to some moment.
 */
import type { ScriptEffect, Report } from "./script-checks.js";

/** Sums of one region's increments of one counter: after none, after the first, after two of them... */
type Prefixes = number[];

/** Most different totals that are looked at; beyond, the check says nothing. */
const TOTALS_MAX = 20_000;

/** True for the counters of the family that clients only ever increment. */
export function isPureCounter(key: string): boolean {
  return key.startsWith("n");
}

/** See the module's comment. */
export class SumCheck {
  /** By counter, then by region. */
  readonly #sums = new Map<string, Map<number, Prefixes>>();

  readonly #forgotten = new Set<string>();

  /** Notes an increment that a client was told of. */
  note(name: string, at: number, amount: number): void {
    if (this.#forgotten.has(name)) return;
    const regions = this.#sums.get(name) ?? new Map<number, Prefixes>();
    this.#sums.set(name, regions);
    const prefixes = regions.get(at) ?? [0];
    regions.set(at, prefixes);
    prefixes.push((prefixes.at(-1) ?? 0) + amount);
  }

  /** Says nothing of a counter from here on, nor of what is added to it: a server dropped it, and counts from nothing until it is back. */
  forget(name: string): void {
    this.#forgotten.add(name);
    this.#sums.delete(name);
  }

  check({ at, after, changed }: ScriptEffect, report: Report): void {
    for (const name of changed) {
      const regions = this.#sums.get(name);
      if (!regions) continue;
      const own = regions.get(at)?.at(-1) ?? 0;
      const held = Number(after.get(name) ?? "0");
      if (totalsOf(own, regions, at)?.has(held) === false) report("sums", `a script left ${name} = ${held}, but ${own} of its own clients' doing and any beginnings of the others' do not add up to that`);
    }
  }
}

function totalsOf(own: number, regions: ReadonlyMap<number, Prefixes>, at: number): Set<number> | undefined {
  let totals = new Set([own]);
  for (const [other, prefixes] of regions) {
    if (other === at) continue;
    const next = new Set<number>();
    for (const total of totals) for (const prefix of prefixes) next.add(total + prefix);
    if (next.size > TOTALS_MAX) return undefined;
    totals = next;
  }
  return totals;
}
