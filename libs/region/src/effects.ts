/**
 * What goes into a region's state machine and what comes out.
 *
 * Out comes one {@link Step} at a time. Its parts must be carried out in the order in which they stand here: the commit
 * is durable before anything is published or applied, because what was sent must be known after a crash.
 */
import type { ApplyBatch, ReadKey } from "@meridian/mark";
import type { WriterId } from "@meridian/words";

/** Tables of the agent's store. Keys are binary strings of 1 to 1,900 characters. */
export type StateTable = "cell" | "out" | "in" | "state";

/** Reads what was committed. Results may be read only until the next call. */
export interface StateReader {
  get(table: StateTable, key: string): Buffer | undefined;
  range(table: StateTable, from: string, to: string): Iterable<readonly [string, Buffer]>;
  /** True only where the record of a cell is absent or plain ({@link isPlainRecord}): then it need not be read to be replaced. */
  isPlain?(key: string): boolean;
}

/** One change of the store; undefined deletes. */
export interface StateWrite {
  readonly table: StateTable;
  readonly key: string;
  readonly value: Buffer | undefined;
  /** Where the value begins and ends in its buffer; both or none: it is the whole buffer. */
  readonly start?: number;
  readonly end?: number;
}

/** A record to append to a log of this region's. Order matters in each; tell `onPublished` when all up to it are durable. */
export interface Publication {
  readonly seq: number;
  /** Whose log: this region's own writer, or its writer for a group. */
  readonly writer: WriterId;
  readonly record: Buffer;
  readonly mutations: number;
}

/** Keys whose content must be read at a position of the stream. */
export interface Reading {
  readonly id: number;
  readonly keys: readonly ReadKey[];
}

/** Keys to be listed, for the first import. */
export interface Listing {
  readonly db: number;
  readonly cursor: string;
}

/** What must be carried out, in this order. */
export interface Step {
  /** One transaction, durable before anything below happens. Empty: nothing to commit. */
  readonly writes: readonly StateWrite[];
  readonly publish: readonly Publication[];
  readonly apply: readonly ApplyBatch[];
  readonly read: readonly Reading[];
  readonly list: readonly Listing[];
  /** What may be acknowledged to the server: durable in the log. Undefined: nothing new. */
  readonly acknowledge: number | undefined;
}

/** Nothing is to be done. */
export const NO_STEP: Step = { writes: [], publish: [], apply: [], read: [], list: [], acknowledge: undefined };

/** A place in the server's stream. */
export interface StreamPlace {
  readonly replicationId: string;
  readonly offset: number;
}

/** Why a region stands still, for the operator. */
export interface Halt {
  readonly code: "QUARANTINED" | "LINEAGE_BROKEN" | "FENCED" | "ABSENT_TOO_LONG" | "STORE_BEHIND";
  readonly reason: string;
  readonly advice: string;
}

/** Why a peer's records wait. */
export interface Hold {
  readonly writer: WriterId;
  readonly code: "CLOCK_DRIFT" | "RECORD_GAP" | "BAD_RECORD" | "POLICY_MISMATCH" | "FENCED";
  readonly reason: string;
}
