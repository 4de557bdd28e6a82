/**
 * Residency: keys that only some regions get. The regions that a `regions=` policy names are the *group* of its keys, and what a
 * member writes to them it writes under a *writer* of its own for that group, `eu/0~eu+us`, which has a log of its own.
 *
 * - Nothing of such a key stands in another log than its group's, and only members read that.
 * - A key's dots are all of writers of its group. So a context says of the writers of its own group only (`within`), and each
 *   group, like what is everybody's, is causally a world of its own: who is no member never hears of it.
 * - A region that is no member keeps what its clients write there to itself: it is passed over as local keys are, and counted.
 *
 * Refuses: an order between what one region writes to keys of different groups. It is not kept at the others.
 */
import { groupOf, groupWriter, regionOf, VersionVector, type ReadonlyVector, type WriterId } from "@meridian/words";
import type { PolicyTable } from "../policies/policy-table.js";

/** What is replicated among the same regions. */
export interface Circle {
  /** "" for what every region gets. */
  readonly group: string;
  /** Under which this region publishes it. */
  readonly writer: WriterId;
  /** Under which the others do. */
  readonly peers: readonly WriterId[];
}

/** See the module's comment. */
export class Residency {
  /** Groups that this region is a member of, by name. */
  readonly groups: readonly Circle[];
  readonly #policies: PolicyTable;
  readonly #writers: ReadonlyMap<string, WriterId>;

  private constructor(policies: PolicyTable, writer: WriterId, peers: readonly WriterId[]) {
    this.#policies = policies;
    const own = [...policies.groups].filter(([, regions]) => regions.includes(regionOf(writer)));
    this.groups = own.map(([group, regions]) => {
      const members = peers.filter((peer) => regions.includes(regionOf(peer)));
      return { group, writer: groupWriter(writer, group), peers: members.map((peer) => groupWriter(peer, group)) };
    });
    this.#writers = new Map([["", writer], ...this.groups.map((circle) => [circle.group, circle.writer] as const)]);
  }

  /** Undefined where every key is everybody's or stays where it is. `peers`: of all other regions. */
  static of(policies: PolicyTable | undefined, writer: WriterId, peers: readonly WriterId[]): Residency | undefined {
    return policies && policies.groups.size > 0 ? new Residency(policies, writer, peers) : undefined;
  }

  /** The group of a key; "": it is everybody's. */
  groupOf(key: string): string {
    return this.#policies.groupOf(key);
  }

  /** True where the key resides in other regions: what is written here stays here. */
  isForeign(key: string): boolean {
    return !this.#writers.has(this.#policies.groupOf(key));
  }

  /** This region's writer of a key that is not foreign. */
  writerOf(key: string): WriterId {
    return this.#writers.get(this.#policies.groupOf(key)) as WriterId;
  }

  /** This region's writer in the circle of another's. */
  ownBeside(peer: WriterId): WriterId {
    return this.#writers.get(groupOf(peer)) as WriterId;
  }
}

/** Whose logs a region reads: of all other regions, and those of its groups. */
export function followedLogs(peers: readonly WriterId[], residency: Residency | undefined): readonly WriterId[] {
  return [...peers, ...(residency?.groups ?? []).flatMap((circle) => circle.peers)];
}

/** What a vector says of the writers of a group; "": of the writers of what every region gets. */
export function within(vector: ReadonlyVector, group: string): VersionVector {
  return new VersionVector(vector.entries().filter(([writer]) => groupOf(writer) === group));
}
