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

/** A read-only view of a version vector. */
export interface ReadonlyVector {
  get(writer: WriterId): Hlc;
  covers(writer: WriterId, hlc: Hlc): boolean;
  includes(other: ReadonlyVector): boolean;
  entries(): Iterable<readonly [WriterId, Hlc]>;
  readonly size: number;
}

/** A mutable version vector. Absent writers stand at {@link HLC_ZERO}. */
export class VersionVector implements ReadonlyVector {
  readonly #entries: Map<WriterId, Hlc>;

  constructor(entries: Iterable<readonly [WriterId, Hlc]> = []) {
    this.#entries = new Map(entries);
  }

  get size(): number {
    return this.#entries.size;
  }

  get(writer: WriterId): Hlc {
    return this.#entries.get(writer) ?? HLC_ZERO;
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
    if (hlc <= this.get(writer)) return false;
    this.#entries.set(writer, hlc);
    return true;
  }

  /** Raises every entry to at least `other`'s. Returns whether anything moved. */
  join(other: ReadonlyVector): boolean {
    let moved = false;
    for (const [writer, hlc] of other.entries()) moved = this.raise(writer, hlc) || moved;
    return moved;
  }

  clone(): VersionVector {
    return new VersionVector(this.#entries);
  }

  entries(): Iterable<readonly [WriterId, Hlc]> {
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
