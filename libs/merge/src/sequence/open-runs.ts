/**
 * Gives out positions to one writer. What it puts beside its own last element goes on in the same run, in either
 * direction, so that nothing that others put there at the same time can come between; a place in a run is never given
 * twice, whatever became of the element.
 *
 * Limit: {@link OPEN_RUNS_MAX} runs of one list are gone on with; elsewhere a new run begins.
 */
import type { Hlc, WriterId } from "@meridian/words";
import { newRun, placeOf, positionIn, type Position } from "./position.js";

/** Runs of one list that a writer goes on with. */
export const OPEN_RUNS_MAX = 8;

/** A run of this writer's, and the places in it that were given out: from `low` to `high`, both included. */
export interface OpenRun {
  readonly run: string;
  low: number;
  high: number;
}

/** The runs of one list that this region's writer goes on with; the one used last stands first. */
export class OpenRuns {
  readonly #runs: OpenRun[];

  constructor(runs: readonly OpenRun[] = []) {
    this.#runs = runs.map((run) => ({ ...run }));
  }

  get runs(): readonly OpenRun[] {
    return this.#runs;
  }

  /** The first of `count` consecutive positions between two neighbours (undefined: the list's end). */
  between(after: Position | undefined, before: Position | undefined, count: number, birth: Hlc, writer: WriterId): Position {
    return this.#behind(after, before, count) ?? this.#ahead(after, before, count) ?? this.#begin(after, before, count, birth, writer);
  }

  #behind(after: Position | undefined, before: Position | undefined, count: number): Position | undefined {
    const open = after === undefined ? undefined : this.#find(placeOf(after).run);
    if (!open || after === undefined) return undefined;
    const first = positionIn(open.run, open.high + 1);
    const last = positionIn(open.run, open.high + count);
    if (first <= after || (before !== undefined && last >= before)) return undefined;
    open.high += count;
    return first;
  }

  #ahead(after: Position | undefined, before: Position | undefined, count: number): Position | undefined {
    const open = before === undefined ? undefined : this.#find(placeOf(before).run);
    if (!open || before === undefined) return undefined;
    const first = positionIn(open.run, open.low - count);
    const last = positionIn(open.run, open.low - 1);
    if (last >= before || (after !== undefined && first <= after)) return undefined;
    open.low -= count;
    return first;
  }

  #begin(after: Position | undefined, before: Position | undefined, count: number, birth: Hlc, writer: WriterId): Position {
    const run = newRun(after, before, birth, writer);
    this.#runs.unshift({ run, low: 0, high: count - 1 });
    if (this.#runs.length > OPEN_RUNS_MAX) this.#runs.pop();
    return positionIn(run, 0);
  }

  #find(run: string): OpenRun | undefined {
    const at = this.#runs.findIndex((open) => open.run === run);
    if (at < 0) return undefined;
    const [open] = this.#runs.splice(at, 1) as [OpenRun];
    this.#runs.unshift(open);
    return open;
  }
}
