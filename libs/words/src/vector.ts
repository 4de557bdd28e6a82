/**
 * Version vectors: per writer, the highest reading up to which everything is included.
 *
 * Used as the *frontier* (what was merged here at this point of the stream) and as the *causal context* of writes.
 * A vector is only meaningful because every writer's records arrive in its own order without gaps.
 */
import { HLC_ZERO, type Hlc } from "./hlc.js";
import type { WriterId } from "./region-id.js";

/** The name of one write: who made it and when. Unique within a cell. */
export interface Dot {
  readonly writer: WriterId;
  readonly hlc: Hlc;
}

/** How far one writer is included. */
export type VectorEntry = readonly [WriterId, Hlc];

/** A read-only view of a version vector. */
export interface ReadonlyVector {
  get(writer: WriterId): Hlc;
  covers(writer: WriterId, hlc: Hlc): boolean;
  includes(other: ReadonlyVector): boolean;
  entries(): readonly VectorEntry[];
  readonly size: number;
}

/**
 * A mutable version vector. Absent writers stand at {@link HLC_ZERO}. A list and no map: a mesh has a handful of writers, and
 * vectors are copied and walked through with every frame, mark and commit.
 */
export class VersionVector implements ReadonlyVector {
  /** Each writer once. An entry is replaced and never changed, so that copies share it. */
  #entries: VectorEntry[] = [];

  /** Of a writer that is named twice the highest reading counts. */
  constructor(entries?: Iterable<VectorEntry>) {
    if (entries) for (const [writer, hlc] of entries) this.raise(writer, hlc);
  }

  get size(): number {
    return this.#entries.length;
  }

  get(writer: WriterId): Hlc {
    for (const entry of this.#entries) if (entry[0] === writer) return entry[1];
    return HLC_ZERO;
  }

  covers(writer: WriterId, hlc: Hlc): boolean {
    return hlc <= this.get(writer);
  }

  /** True where every entry of `other` is covered. */
  includes(other: ReadonlyVector): boolean {
    for (const [writer, hlc] of other.entries()) if (!this.covers(writer, hlc)) return false;
    return true;
  }

  /** Raises one entry; never lowers it. Returns whether it moved. */
  raise(writer: WriterId, hlc: Hlc): boolean {
    const entries = this.#entries;
    for (let at = 0; at < entries.length; at += 1) {
      const entry = entries[at] as VectorEntry;
      if (entry[0] !== writer) continue;
      if (hlc <= entry[1]) return false;
      entries[at] = [writer, hlc];
      return true;
    }
    if (hlc <= HLC_ZERO) return false;
    entries.push([writer, hlc]);
    return true;
  }

  /** Raises every entry to at least `other`'s. Returns whether anything moved. */
  join(other: ReadonlyVector): boolean {
    let moved = false;
    for (const [writer, hlc] of other.entries()) moved = this.raise(writer, hlc) || moved;
    return moved;
  }

  clone(): VersionVector {
    const copy = new VersionVector();
    copy.#entries = this.#entries.slice();
    return copy;
  }

  /** In the order in which the writers came; as it is now, so not to be kept. */
  entries(): readonly VectorEntry[] {
    return this.#entries;
  }

  /** Entries in writer order: one text for equal vectors. */
  toString(): string {
    return [...this.#entries]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([writer, hlc]) => `${writer}:${hlc}`)
      .join(" ");
  }
}
