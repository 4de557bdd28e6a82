/**
 * Mutations: what one command did to the cells of one key. The words in which capture, the log and merging talk.
 *
 * Keys and fields are "binary" strings (latin1: one character, one byte), because JavaScript can only hash strings.
 */
import type { Hlc } from "./hlc.js";
import type { WriterId } from "./region-id.js";
import type { ReadonlyVector } from "./vector.js";

/** The kinds of cells a key is made of. One character, because it stands in every cell's name. */
export type CellKind =
  /** The value of a string. */
  | "s"
  /** A field of a hash. */
  | "h"
  /** A member (element) of a set. */
  | "e"
  /** A member of a sorted set. */
  | "z"
  /** The key's expiry (time). */
  | "t"
  /** A list, whose elements have positions. */
  | "l"
  /** A whole value that is not taken apart: module type. */
  | "w"
  /** An entry of a stream, by its id; with an empty field the stream itself. */
  | "x"
  /** A stream's consumer group: that it exists, nothing of what it has read. */
  | "g";

/** What a mutation does. The numbers stand on the wire and are never re-used. */
export const MutationKind = {
  /** Not a mutation: the rows that follow belong to another database. */
  Database: 0,
  PutString: 1,
  IncrementString: 2,
  PutField: 3,
  IncrementField: 4,
  RemoveField: 5,
  AddMember: 6,
  RemoveMember: 7,
  PutScore: 8,
  IncrementScore: 9,
  RemoveScore: 10,
  /** Sets the deadline, or with `Infinity` takes it away. */
  PutExpiry: 11,
  PutWhole: 12,
  /** Removes everything of the key that the context covers. */
  RemoveKey: 13,
  /** Removes the deadlines that the context covers: the key came into being anew. */
  RemoveExpiry: 14,
  /** Not a mutation: says of the row that follows that it {@link Mutation.creates} its key. */
  Creates: 15,
  /** Puts values at consecutive positions of a list, from `field` on. */
  PutElements: 16,
  /** Removes what the context covers within spans of a list. */
  RemoveElements: 17,
  /** A HyperLogLog's sketch, beside the key's deadline. Without bytes: a client deleted it, and with it what others add unseen. */
  PutSketch: 25,
  /** Adds an entry to a stream, under the id that its writer's server gave it. */
  PutEntry: 20,
  /** Takes away the entries that it names by their dots, and no others of the same id. */
  RemoveEntry: 21,
  /** A stream exists, even without entries, and its ids have come so far. */
  PutStream: 22,
  PutGroup: 23,
  /** Removes a consumer group, also one that is made elsewhere meanwhile. */
  RemoveGroup: 24,
  /** Not a change of anything: a message that clients published on the channel `key`, for those who listen in other regions. */
  Message: 26,
  /** INCRBYFLOAT: the running sum is of multiples of 10^-17. */
  IncrementDecimal: 28,
  /** HINCRBYFLOAT. */
  IncrementDecimalField: 29,
  /**
   * A key that is one register: its whole value as DUMP gives it, with its deadline. Without bytes: the key was deleted.
   * `birth` is the version of the command that wrote it, which was read back later: the latest of these stands.
   */
  PutRegister: 31,
} as const;
export type MutationKind = (typeof MutationKind)[keyof typeof MutationKind];

/**
 * A dot that the context covers by number but that the writing client cannot have seen. In a mutation that creates its key also
 * the birth of a running sum.
 */
export interface Unseen {
  readonly kind: CellKind;
  readonly field: string;
  readonly writer: WriterId;
  readonly hlc: Hlc;
}

/**
 * A writer's increments of one cell: a running sum that began at `birth` and stood at `sum` after version `upTo`.
 * In an absorbing mutation: how much of it the write had seen, and therefore takes away.
 */
export interface RunningSum {
  readonly writer: WriterId;
  readonly birth: Hlc;
  readonly upTo: Hlc;
  readonly sum: bigint;
  /** The sum is of multiples of 10^-17: decimal increments have a sum of their own beside that of integers. */
  readonly decimal?: true;
}

/** A running sum in a named cell of the mutation's key. */
export interface Absorbed extends RunningSum {
  readonly kind: CellKind;
  readonly field: string;
}

/** The rare part of a mutation. */
export interface MutationDetail {
  /** Seen beyond the frame's context. */
  readonly context: ReadonlyVector | undefined;
  readonly unseen: readonly Unseen[];
  readonly absorbed: readonly Absorbed[];
}

/** One mutation. Instances handed out by readers are re-used: copy what must outlive the callback. */
export interface Mutation {
  kind: MutationKind;
  hlc: Hlc;
  /** True where the mutation belongs to the same transaction as the one before it. */
  continues: boolean;
  /**
   * True where the writing client found nothing of the key: beside what it writes, the mutation removes everything of the key
   * that the context covers, increments that `absorbed` does not name included. Who has forgotten an expired key and who
   * has not do the same with it.
   */
  creates: boolean;
  db: number;
  /** Of Message the channel. */
  key: string;
  /** Field or member; of PutElements the first position; empty where the kind has none. */
  field: string;
  /** The value (of RemoveEntry and RemoveElements what they name) stands in `bytes[valueStart, valueEnd)`. */
  bytes: Buffer;
  valueStart: number;
  valueEnd: number;
  /** Puts of whole keys, PutExpiry: deadline in ms since 1970 or `Infinity`. PutScore: the score. PutEntry: 1 if found by reading. */
  number: number;
  /**
   * Increments: the running sum after this mutation (integers; for scores multiples of 2^-1074, for decimals of 10^-17).
   * PutRegister: `birth`, its time.
   */
  birth: Hlc;
  sum: bigint;
  detail: MutationDetail | undefined;
}
